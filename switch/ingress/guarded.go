package ingress

import (
	"bytes"
	"errors"
	"slices"
	"sync"

	"switchd/hsm"
	"switchd/switch/guard"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// Security is what the links of participants with a Guard need.
type Security struct {
	Pool    *hsm.Pool
	Vault   Vault                                // keeps PIN blocks; nil: requests lose theirs
	PINs    func(token []byte) (guard.PIN, bool) // takes them out again
	Account guard.AccountRule                    // what PIN blocks are bound to
}

// Vault keeps PIN blocks in memory until their debit takes them, as switch/vault does.
type Vault interface {
	Put(guard.PIN) (token [32]byte, err error)
	Drop(token []byte)
}

// incoming is what has come on a guarded link and is not read yet.
type incoming struct {
	check    *guard.Inbound
	received []guard.Received // of this burst; on the loop only

	mu      sync.Mutex
	checked []guard.Checked // in the order in which they came
}

// guard puts the module between the link and its dialect, if its participant has a
// Guard.
func (in *Ingress) guard(s *link) {
	s.way = s.Link
	if s.Guard == nil {
		return
	}
	sec, seal, prove := &in.o.Security, hsm.OpMAC, hsm.OpVerifyMAC // as metrics name it
	if s.GuardFault == payment.Signature {
		seal, prove = hsm.OpSign, hsm.OpVerify
	}
	s.out = guard.NewOutbound(guard.OutboundOptions{
		Link: s.Link, Framing: s.Wire.Framing, Limits: s.Wire.Limits, Scheme: s.Guard, Pool: sec.Pool, Op: seal, PINs: sec.PINs, Budget: &s.standing.unsealed,
		Ring: s.Link.Ring,
	})
	s.way = s.out
	i := &incoming{}
	l := s.Link
	i.check = guard.NewInbound(guard.InboundOptions{Scheme: s.Guard, Pool: sec.Pool, Op: prove, Budget: &s.standing.unchecked, Done: func(all []guard.Checked) {
		i.mu.Lock()
		i.checked = append(i.checked, all...)
		i.mu.Unlock()
		l.Ring()
	}})
	s.in = i
}

// checked has what has come checked, and reads what has been checked.
func (in *Ingress) checked(s *link) {
	i := s.in
	if i == nil {
		return
	}
	if len(i.received) > 0 && !i.check.Add(slices.Clone(i.received)) {
		for _, r := range i.received {
			s.reply = r.Header
			in.unproven(s, i.check.Unproven(r.Body), &hsm.Fault{Kind: hsm.ErrDown})
		}
	}
	clear(i.received)
	i.received = i.received[:0]
	i.mu.Lock()
	all := i.checked
	i.checked = nil
	i.mu.Unlock()
	for _, c := range all {
		s.reply = c.Header
		if c.Err == nil && in.o.Clock()-c.At > guard.StaleAfter && in.asks(s, c.Message) {
			c.Err = &hsm.Fault{Kind: hsm.ErrDown}
		}
		if c.Err == nil {
			in.message(s, c.Message)
		} else {
			in.unproven(s, c.Message, c.Err)
		}
	}
	s.reply = nil
}

// receive checks a message and reads it, or keeps it until the end of the burst, when it
// is checked with the others.
func (in *Ingress) receive(s *link, now int64, body []byte) {
	if s.in.check.Prompt() {
		in.prove(s, body)
		return
	}
	r := guard.Received{Body: bytes.Clone(body), Header: s.AppendHeader(nil), At: now}
	if s.in.check.Behind() {
		r.Asks = in.asks(s, s.in.check.Unproven(r.Body))
	}
	s.in.received = append(s.in.received, r)
}

// prove checks a message where it is, and reads it.
func (in *Ingress) prove(s *link, body []byte) {
	from := len(s.replies)
	s.replies = s.AppendHeader(s.replies)
	s.reply = s.replies[from:len(s.replies):len(s.replies)] // the next message has its own
	if message, err := s.in.check.Now(body); err == nil {
		in.message(s, message)
	} else {
		in.unproven(s, s.in.check.Unproven(body), err)
	}
	s.reply = nil
}

// asks says that a message is a request for a payment. One that has waited long must not
// be paid: its sender may have asked meanwhile, and heard that nobody knows of it.
func (in *Ingress) asks(s *link, body []byte) bool {
	kind := s.interpreter.Read(body, s.event()).Kind
	s.used--
	return kind == translate.Request
}

// unproven takes a message of which nobody knows that it is its sender's. It is no
// answer and changes no payment. A request is told no; because its sender may say so
// to its customer, a repeat of it that is proven is not paid either.
func (in *Ingress) unproven(s *link, body []byte, why error) {
	now := in.o.Clock()
	ev := s.event()
	defer func() { s.used-- }()
	msg := s.interpreter.Read(body, ev)
	_, down := errors.AsType[*hsm.Fault](why)
	in.doubt(s, now, down)
	if !down && s.standing.buckets[classUnproven].take(now) > 0 {
		in.away(s, now, classUnproven, causeRate)
		return // each answer would have the module make a code
	}
	r := translate.Refusal{Why: s.GuardFault}
	if down {
		r.Why = payment.HSMDown
	}
	switch msg.Kind {
	case translate.Malformed:
		in.refuse(s, translate.FormatFault(msg.Note))
	case translate.Unsupported:
		in.refuse(s, r)
	case translate.Request:
		if !ev.Request.Repeat && in.mayTurnAway(s, now, &ev.Request.Key) {
			in.metrics.refused.WithLabelValues(translate.ResultOf(r.Why).Code).Inc()
			s.turnAway(ev, r)
		}
	case translate.Enquiry: // any other answer could be taken for how the payment has ended
		in.refuse(s, translate.TryAgain(payment.Pending, stepDown))
	}
}

// doubt counts and logs a message that is not proven, never what it holds.
func (in *Ingress) doubt(s *link, now int64, down bool) {
	why := unprovenWrong
	if down {
		why = unprovenDown
	}
	in.metrics.unproven.WithLabelValues(s.Link.Participant(), why).Inc()
	if times, due := s.standing.doubtful.tell(now, malformedGap); due {
		in.o.Log.Warn("message not proven", "event", "message.unproven", "participant", s.Link.Participant(), "link", s.ID(), "reason", why, "times", times)
	}
}

// dropPIN wipes the PIN block of a request that goes no further.
func (in *Ingress) dropPIN(ev *payment.Event) {
	if token := ev.Text.Get(payment.PINToken); len(token) > 0 && ev.Kind == payment.RequestArrived {
		in.o.Security.Vault.Drop(token)
	}
}

// keepPIN puts the PIN block of a request into the vault, and its token into the
// event. One that cannot be kept has the payment declined on the record.
func (in *Ingress) keepPIN(s *link, ev *payment.Event, block hsm.Secret) {
	vault := in.o.Security.Vault
	if block.Len() == 0 || s.Zone.Key == "" || vault == nil || ev.Request.Refuse != payment.NoOutcome {
		return
	}
	account, err := guard.Account(ev.Text.Get(payment.PayerAccount), in.o.Security.Account)
	if err != nil {
		ev.Request.Refuse = payment.PINBlock
		return
	}
	token, err := vault.Put(guard.PIN{Zone: s.Zone, Block: hsm.CopySecret(block.Reveal()), Account: account})
	switch {
	case err != nil:
		ev.Request.Refuse = payment.HSMDown
	case !ev.Text.Set(payment.PINToken, token[:]):
		ev.Request.Refuse = payment.PINBlock // its other values fill the event
		vault.Drop(token[:])
	}
}
