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
	Twice        bool   // send it again as a repeat at once
	WrongPIN     bool   // of a participant with PINs
	Forged       bool   // sent with a wrong code, or none; its repeats are right
	Model        string // ModelA or ModelB; default: in turns, where the protocol has both
}

// Models of a push payment. In A the switch debits the payer, then credits the
// payee; in B the payer's bank has debited him before it asks.
const (
	ModelA = "A"
	ModelB = "B"
)

// Result is what became of a payment.
type Result struct {
	STAN    string
	RRN     string
	TxnID   string // DE120 tag 002, or TxId; empty when the answer has none
	Code    string // DE39; in ISO 20022 the reason, else the status
	UPI     string // DE120 tag 013
	Outcome string // success, declined, deemed, unanswered
	Model   string // ModelA or ModelB
	MsgID   string // of the request, in ISO 20022
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
	if o.PayerAccount == "" {
		o.PayerAccount = accountNumber(b.opts.Institution, 1)
	}
	own.amount, own.forged = o.Amount, o.Forged
	b.payments.number(own)
	var err error
	if own.model, err = b.modelOf(own, o); err != nil {
		return err
	}
	body, err := b.speech.order(own, o)
	if err != nil {
		return err
	}
	reserve := func() error { return nil }
	if own.model == ModelB {
		reserve = func() error { return b.debitFirst(own, o) }
	}
	// From begin on the payment is shared: the answer, or a sweep, may come
	// before transmit returns.
	own.body, own.sentAt = body, b.opts.Clock()
	own.nextAt = own.sentAt + int64(b.opts.AnswerTimeout)
	if err := b.payments.begin(own, reserve); err != nil {
		return err
	}
	// A link lost right here is as good as one lost right after: a repeat may
	// reach a switch that has not seen the first.
	b.transmitAs(body, b.proof(own.forged))
	if o.Twice {
		b.sendAgain(body)
	}
	return nil
}

// modelOf is the model of a payment: as ordered or, where the protocol has both,
// in turns.
func (b *Bank) modelOf(own *payment, o Order) (string, error) {
	switch {
	case o.Model == ModelB && !b.opts.ISO20022, o.Model != "" && o.Model != ModelA && o.Model != ModelB:
		return "", errors.New("simbank: no such model here")
	case o.Model != "":
		return o.Model, nil
	case b.opts.ISO20022 && own.rrn[len(own.rrn)-1]%2 == 0:
		return ModelB, nil
	}
	return ModelA, nil
}

// forging says whether the next message is one that does not prove itself.
func (b *Bank) forging() bool {
	return b.proves() && b.opts.Faults.Forge > 0 && b.forger.chance(b.opts.Faults.Forge)
}

// proves says whether messages have codes or signatures.
func (b *Bank) proves() bool { return b.opts.MAC.Key.Len() > 0 || b.opts.Signing.Kind != "" }

// proof is that of a message as agreed, or one of two that are not.
func (b *Bank) proof(spoiled bool) proof {
	switch {
	case !spoiled || !b.proves():
		return agreed
	case b.forger.chance(0.5):
		return bare
	}
	return forged
}

// debitFirst takes the money of a model B payment from the payer, as his bank,
// before the switch hears of it.
func (b *Bank) debitFirst(own *payment, o Order) error {
	own.leg = Leg{Key: KeyOf(b.opts.Institution, own.id), TxnID: TxnOf(own.subject.txnID), Account: AccountOf(o.PayerAccount), Amount: own.amount}
	if said := b.book.Withdraw(own.leg); said.Code != Approved {
		return ErrNoFunds
	}
	return nil
}

// userOfAccount is the number of an account of an institution.
func userOfAccount(institution, account string) (int, bool) {
	number, ours := strings.CutPrefix(account, institution)
	n, err := strconv.Atoi(number)
	return n, ours && err == nil
}

// sendAgain sends a request a second time on purpose, as its repeat.
func (b *Bank) sendAgain(body []byte) {
	if b.transmit(b.speech.again(body)) {
		b.payments.repeated()
	}
}

// settle takes what the switch says about an own payment. Some are asked for
// again, to see whether the switch says the same.
func (b *Bank) settle(t *told) {
	took := b.payments.take(t, b.opts.Clock())
	own := took.own
	if own == nil {
		b.stats.unmatched.Add(1)
		return
	}
	if own.model == ModelB && took.news == outcomeDeclined {
		b.book.ReverseDebit(own.leg) // the money is the payer's again
	}
	if took.news == outcomeDeemed {
		b.chase(own.subject, b.opts.AnswerTimeout, b.opts.RepeatsMax, func() bool { return b.payments.undecided(own) })
	}
	// What was told 63 must not be paid when it comes again, and right.
	if took.request != nil && (own.forged || b.opts.RepeatRate > 0 && b.traffic.chance(b.opts.RepeatRate/2)) {
		b.sendAgain(took.request)
	}
}

// opposed takes the switch's word that it could not read a message of ours: an own
// payment has then failed, anything else is a defect on one of the two sides.
func (b *Bank) opposed(h *heard) {
	own := b.payments.find(h.told.id)
	if own == nil || !own.forged {
		b.complain("message refused by the switch", h.bad)
	}
	if own != nil {
		b.settle(&h.told)
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
			b.transmit(b.speech.again(body))
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
		Forged:       b.forging(),
	}
	// Each kind of nobody is found by another part of the switch: handle by
	// its routes, user and account by the payee's side, IFSC by its routes. A
	// wrong PIN is found by the payer's bank.
	bad, kinds := int64(-1), int64(4)
	if o.PINs.Key.Len() > 0 {
		kinds++
	}
	if o.BadRate > 0 && d.chance(o.BadRate) {
		bad = d.below(kinds)
	}
	out.WrongPIN = bad == 4
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
