package simbank

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// lagMax is how far behind its plan the originator may fall before it skips:
// after a stall the switch is not to be hit with all that was missed.
const lagMax = time.Second

// Order is one payment to originate. Either PayeeVPA, or PayeeAccount with
// PayeeIFSC.
type Order struct {
	PayerAccount string // default: the first own account
	PayeeVPA     string
	PayeeAccount string
	PayeeIFSC    string
	Amount       int64  // minor units
	Note         string // optional
	Twice        bool   // send it again as 0201 at once
}

// Result is what became of a payment.
type Result struct {
	STAN    string
	RRN     string
	TxnID   string // the switch's, DE120 tag 002
	Code    string // DE39
	UPI     string // DE120 tag 013
	Outcome string // success, declined, deemed, unanswered
}

// Send originates one payment and waits for its answer, repeats included. It
// returns ErrNotReady when not signed on, ErrFull when too much is open,
// ErrUnanswered when no answer came.
func (b *Bank) Send(ctx context.Context, o Order) (Result, error) {
	own := &payment{intended: b.opts.Clock(), done: make(chan struct{})}
	if err := b.launch(own, o); err != nil {
		return Result{}, err
	}
	select {
	case <-ctx.Done():
		return b.payments.result(own), ctx.Err()
	case <-own.done:
	}
	r := b.payments.result(own)
	if r.Outcome == "unanswered" {
		return r, ErrUnanswered
	}
	return r, nil
}

// launch sends a payment for the first time.
func (b *Bank) launch(own *payment, o Order) error {
	if !b.signedOn() {
		return ErrNotReady
	}
	if o.Amount < 0 {
		return errors.New("simbank: negative amount")
	}
	own.amount = o.Amount
	b.payments.number(own)
	own.request = b.request(own, o)
	body, err := b.codec.encode(own.request)
	if err != nil {
		return err
	}
	// From begin on the payment is shared: the answer, or a sweep, may come
	// before transmit returns.
	own.body, own.sentAt = body, b.opts.Clock()
	own.nextAt = own.sentAt + int64(b.opts.AnswerTimeout)
	if err := b.payments.begin(own); err != nil {
		return err
	}
	// A link lost right here is as good as one lost right after: the repeat
	// will say 0201 to a switch that may not have seen the 0200.
	b.transmit(body)
	if o.Twice {
		b.sendAgain(body)
	}
	return nil
}

// request is the push payment as the PSP sends it. DE4 is left unpadded, as the
// codec gives it back in the answer.
func (b *Bank) request(own *payment, o Order) message {
	if o.PayerAccount == "" {
		o.PayerAccount = accountNumber(b.opts.Institution, 1)
	}
	m := message{
		mti: "0200",
		de: map[int]string{
			3: "401000", 4: strings.TrimLeft(strconv.FormatInt(own.amount, 10), "0"), 7: b.stamp(), 11: own.stan,
			32: b.opts.Institution, 37: own.rrn, 49: b.opts.Currency, 102: o.PayerAccount,
		},
		tag: map[string]string{"001": "PAY"},
	}
	if n, err := strconv.Atoi(clipFront(o.PayerAccount, len(b.opts.Institution))); err == nil {
		m.tag["003"] = address(b.opts.Handle, n)
	}
	if o.PayeeVPA != "" {
		m.tag["004"] = o.PayeeVPA
	} else {
		m.de[103] = o.PayeeAccount
		m.tag["017"] = o.PayeeIFSC
	}
	if o.Note != "" {
		m.tag["018"] = o.Note
	}
	return m
}

func clipFront(s string, n int) string {
	if len(s) < n {
		return ""
	}
	return s[n:]
}

// sendAgain sends a request a second time on purpose, as 0201.
func (b *Bank) sendAgain(body []byte) {
	if b.transmit(b.codec.asRepeat(body)) {
		b.payments.repeated()
	}
}

// settle takes an answer to an own payment. Some are asked for again, to see
// whether the switch says the same.
func (b *Bank) settle(m message, body []byte) {
	request, known := b.payments.take(m, body, b.opts.Clock())
	if !known {
		b.stats.unmatched.Add(1)
		return
	}
	if request != nil && b.opts.RepeatRate > 0 && b.traffic.chance(b.opts.RepeatRate/2) {
		b.sendAgain(request)
	}
}

// repeat sends what is due again, until ctx ends.
func (b *Bank) repeat(ctx context.Context) {
	// A sweep over the open payments is cheap (there are OpenMax at most) and
	// needs no timer for each; an eighth of the timeout is precise enough.
	every := min(max(b.opts.AnswerTimeout/8, 2*time.Millisecond), 250*time.Millisecond)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := b.opts.Clock()
		for _, body := range b.payments.due(now, now+int64(b.opts.AnswerTimeout), b.opts.RepeatsMax, b.signedOn()) {
			b.transmit(b.codec.asRepeat(body))
		}
	}
}

// originate sends Rate payments per second in open loop, from the first sign-on
// until ctx ends: each has its time whatever became of the ones before.
func (b *Bank) originate(ctx context.Context) {
	if b.opts.Rate <= 0 {
		return
	}
	select {
	case <-ctx.Done():
		return
	case <-b.ready:
	}
	step := int64(float64(time.Second) / b.opts.Rate)
	for at := b.opts.Clock(); ; at += step {
		now := b.opts.Clock()
		if now < at {
			pause(ctx, time.Duration(at-now))
		}
		if ctx.Err() != nil || b.resting.Load() {
			return
		}
		own := &payment{intended: at}
		if now-at > int64(lagMax) || b.launch(own, b.order()) != nil {
			b.stats.skipped.Add(1)
		}
	}
}

// order invents a payment: by address or by account, sometimes to nobody.
func (b *Bank) order() Order {
	d, o := b.traffic, b.opts
	peer := o.Peers[d.below(int64(len(o.Peers)))]
	payee := int(d.below(int64(peer.Accounts))) + 1
	out := Order{
		PayerAccount: accountNumber(o.Institution, int(d.below(int64(o.Accounts)))+1),
		Amount:       o.AmountMin + d.below(o.AmountMax-o.AmountMin+1),
		Note:         "simulated",
		Twice:        o.RepeatRate > 0 && d.chance(o.RepeatRate/2),
	}
	// Each kind of nobody is found by another part of the switch: handle by
	// its routes, user and account by the payee's side, IFSC by its routes.
	bad := int64(-1)
	if o.BadRate > 0 && d.chance(o.BadRate) {
		bad = d.below(4)
	}
	switch {
	case bad == 0:
		out.PayeeVPA = "user1@nosuchhandle"
	case bad == 1:
		out.PayeeVPA = "nobody@" + peer.Handle
	case bad == 2:
		out.PayeeAccount, out.PayeeIFSC = peer.Institution+"NONE", branch(peer.IFSC)
	case bad == 3:
		out.PayeeAccount, out.PayeeIFSC = accountNumber(peer.Institution, payee), branch("ZZZZ")
	case d.chance(0.5):
		out.PayeeVPA = address(peer.Handle, payee)
	default:
		out.PayeeAccount, out.PayeeIFSC = accountNumber(peer.Institution, payee), branch(peer.IFSC)
	}
	return out
}
