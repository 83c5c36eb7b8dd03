package crash

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
)

// verdict is what the oracle says about a data folder after a crash.
type verdict struct {
	refused  error    // the start said no: a promise is kept by not going on
	stopped  error    // it stopped by itself while it was asked
	faults   []string // promises that are broken
	payments int      // that the switch knew when it came up
	open     int      // of them
}

func (v *verdict) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Sprintf(format, args...))
}

// failed says that the switch did not do what it was asked.
func (v *verdict) failed(doing string, err error) {
	if err != nil && v.stopped == nil {
		v.stopped = fmt.Errorf("%s: %w", doing, err)
	}
}

// broken is what is wrong for who expects a start and a switch that goes on.
func (v verdict) broken() (said string) {
	if v.refused != nil {
		said = fmt.Sprintf("it does not start: %v\n\t", v.refused)
	}
	if v.stopped != nil {
		said += fmt.Sprintf("it stopped: %v\n\t", v.stopped)
	}
	return said + strings.Join(v.faults[:min(5, len(v.faults))], "\n\t")
}

// judge starts a switch on what a crash has left, holds it to everything that it
// had told anybody before at, has every sender repeat its request, and lets it come
// to rest with banks that hide nothing. The outside goes on where it was: what was
// on its way back when the crash came may still arrive.
func judge(fs vfs.FS, s *script, at moment) verdict {
	over, died := make(chan verdict, 1), make(chan error, 1)
	var once sync.Once
	on := place{fs: fs, fatal: func(err error) {
		once.Do(func() { died <- err })
		select {} // must not return; whoever waits for this process waits no longer
	}}
	go func() { over <- judgeOn(on, s, at) }()
	select {
	case v := <-over:
		return v
	case err := <-died:
		return verdict{stopped: err}
	}
}

func judgeOn(on place, s *script, at moment) (v verdict) {
	at.now += int64(time.Second)
	r := resume(s, on, at)
	r.o.calm = true
	r.sent.Store(int64(len(s.plans))) // nobody asks for anything new
	promises := r.promises(at.heard)
	if r.p, v.refused = boot(r.at); v.refused != nil {
		return v
	}
	v.failed("look", r.p.inspect(func(m *payment.Machine) {
		v.open = m.OpenCount()
		v.payments = v.books(r, m, at.sent, func(p *payment.Payment) {
			if is := promises[p.ID]; is != nil {
				v.kept(is, p)
				delete(promises, p.ID)
			}
		})
		for id, is := range promises {
			if v.stopped == nil { // all of them were looked at
				v.fault("payment %d of %d is lost", id, is.minor)
			}
		}
	}))
	if len(v.faults) == 0 && v.stopped == nil { // rows that do not fit each other may stop the switch
		v.failed("repeats", r.repeat(&v, at.sent))
		v.failed("come to rest", r.calmDown())
	}
	if len(v.faults) == 0 && v.stopped == nil {
		v.failed("look", r.p.inspect(func(m *payment.Machine) {
			ended := map[payment.ID]bool{}
			v.books(r, m, at.sent, func(p *payment.Payment) {
				ended[p.ID] = true
				v.end(r.o, p)
			})
			v.ends(r.o, m, at.sent, ended)
		}))
	}
	v.failed("stop", r.p.stop())
	v.faults = append(v.faults, r.o.faults...)
	return v
}

// calmDown goes on until nothing is open.
func (r *run) calmDown() error {
	for range 1000 {
		if !r.busy() {
			return nil
		}
		if err := r.turn(); err != nil {
			return err
		}
	}
	return errors.New("payments stay open")
}

// promise is what somebody outside relies on for one payment.
type promise struct {
	key    payment.RequestKey
	minor  int64
	state  payment.State // the last that was seen
	answer *message      // to the sender; nil: none yet
	legs   map[payment.Leg]*message
}

// promises lists what the outside relies on.
func (r *run) promises(heard []message) map[payment.ID]*promise {
	all := map[payment.ID]*promise{}
	for i := range heard {
		m := &heard[i]
		if plan, _ := r.script.planOf(&m.key); r.o.numbers[plan] != m.id {
			continue // a refusal that is no payment
		}
		p := all[m.id]
		if p == nil {
			p = &promise{key: m.key, minor: m.minor, legs: map[payment.Leg]*message{}}
			all[m.id] = p
		}
		p.state = m.state
		switch m.leg {
		case payment.LegRequest:
			p.answer = m
		case payment.LegStatus: // each check is a message of its own
		default:
			p.legs[m.leg] = m
		}
	}
	return all
}

// kept holds a payment to what was promised of it.
func (v *verdict) kept(is *promise, p *payment.Payment) {
	if p.Key != is.key || p.Amount.Minor != is.minor {
		v.fault("payment %d of %d is another: %d", p.ID, is.minor, p.Amount.Minor)
	}
	if is.state.Final() && p.State != is.state {
		v.fault("payment %d was %v and is %v", p.ID, is.state, p.State)
	}
	if is.answer != nil && (p.Reply != is.answer.outcome || p.ReplyCode != is.answer.code) {
		v.fault("payment %d was answered with %v %v, the switch says %v %v", p.ID, is.answer.outcome, is.answer.code, p.Reply, p.ReplyCode)
	}
	for leg, sent := range is.legs {
		if l := &p.Legs[leg]; l.SentAt != sent.sentAt || l.STAN != sent.stan || l.Transmitted != sent.transmitted {
			v.fault("payment %d: the %v has left as %d/%d, the switch says %d/%d", p.ID, leg, sent.stan, sent.transmitted, l.STAN, l.Transmitted)
		}
	}
}

// books compares the positions with those that the payments in the store make, and
// the payments with what was asked for. each sees them all; how many is returned.
func (v *verdict) books(r *run, m *payment.Machine, sent int, each func(*payment.Payment)) (n int) {
	var posted, reserved [participants]int64
	seen := map[int]payment.ID{}
	settled := map[payment.Business]payment.ID{}
	err := r.p.store.Payments(func(p *payment.Payment) error {
		n++
		each(p)
		i, known := r.script.planOf(&p.Key)
		if !known || i >= sent || p.Amount.Minor != r.script.plans[i].request.Request.Amount.Minor {
			v.fault("payment %d of %d: nobody has asked for it", p.ID, p.Amount.Minor)
			return nil
		}
		if twin, twice := seen[i]; twice {
			v.fault("request %d has made the payments %d and %d", i, twin, p.ID)
		}
		seen[i] = p.ID
		switch p.State {
		case payment.Success, payment.Deemed:
			posted[p.PayerBank] -= p.Amount.Minor
			posted[p.PayeeBank] += p.Amount.Minor
			if twin := settled[p.Business]; twin != 0 && p.Business != (payment.Business{}) {
				v.fault("payments %d and %d are one and both settled", twin, p.ID)
			}
			settled[p.Business] = p.ID
		case payment.DebitSent, payment.Debited, payment.CreditSent, payment.CreditUnknown, payment.DebitRevSent:
			reserved[p.PayerBank] += p.Amount.Minor
		}
		return nil
	})
	if err != nil {
		v.failed("read the payments", err)
		return n
	}
	for i := range participants {
		if at := m.Position(i); at.Posted != posted[i] || at.Reserved != reserved[i] {
			v.fault("participant %d has %d posted and %d reserved, its payments make %d and %d", i, at.Posted, at.Reserved, posted[i], reserved[i])
		}
	}
	if sum := m.PositionSum(); sum != 0 {
		v.fault("the positions sum to %d", sum)
	}
	return n
}

// repeat has every sender repeat its request: one that was answered must get the
// same answer at once, one that was not may get one.
func (r *run) repeat(v *verdict, sent int) error {
	if err := r.signOn(); err != nil {
		return err
	}
	r.listen()
	answered := map[int]bool{}
	for i := range r.o.told {
		answered[i] = true
	}
	before := r.heard
	var events []payment.Event
	for i := range sent {
		events = append(events, r.script.again(i, false))
	}
	if err := r.submit(events); err != nil {
		return err
	}
	all := r.at.post.soFar()
	for i := range all[before:] {
		if m := &all[before+i]; m.leg == payment.LegRequest {
			plan, _ := r.script.planOf(&m.key)
			delete(answered, plan)
		}
	}
	r.listen()
	for i := range answered {
		v.fault("request %d (payment %d) was answered before, and its repeat is not", i, r.o.numbers[i])
	}
	return nil
}

// end holds that everybody knows how a payment has ended, and that the banks' books
// say the same as the switch.
func (v *verdict) end(o *outside, p *payment.Payment) {
	i, _ := o.s.planOf(&p.Key)
	told := o.told[i]
	update, updated := o.update[p.ID]
	done := p.State == payment.Success || p.State == payment.Deemed
	switch {
	case o.numbers[i] != p.ID:
		v.fault("request %d is payment %d, the outside knows it as %d", i, p.ID, o.numbers[i])
	case !p.State.Final() || p.DeadLetter:
		v.fault("payment %d is %v in the end (dead letter: %v)", p.ID, p.State, p.DeadLetter)
	case told.outcome == payment.OK && !done, told.outcome != payment.OK && told.outcome != payment.TimeoutCredit && done:
		v.fault("payment %d is %v, its sender was told %v", p.ID, p.State, told.outcome)
	case updated && done != (update == payment.OK || update == payment.TimeoutCredit):
		v.fault("payment %d is %v, its sender was updated with %v", p.ID, p.State, update)
	}
	for _, credit := range [...]bool{false, true} {
		e := o.book.entries[entryKey{p.ID, credit}]
		if stands := e != nil && e.posted; stands != done {
			v.fault("payment %d is %v, but at its banks: credit %v, posted %v", p.ID, p.State, credit, stands)
		}
	}
}

// ends holds that every sender was answered, that no bank has a leg of nothing, and
// that its book is its position.
func (v *verdict) ends(o *outside, m *payment.Machine, sent int, known map[payment.ID]bool) {
	for i := range sent {
		if _, told := o.told[i]; !told || !known[o.numbers[i]] {
			v.fault("request %d was never answered, or its payment %d is not there", i, o.numbers[i])
		}
	}
	for k := range o.book.entries {
		if !known[k.id] {
			v.fault("a bank has a leg of payment %d, which the switch does not know", k.id)
		}
	}
	for i := range participants {
		if at := m.Position(i); at.Posted != o.book.net[i] || at.Reserved != 0 {
			v.fault("participant %d: its book says %d, the switch %d posted and %d reserved", i, o.book.net[i], at.Posted, at.Reserved)
		}
	}
}
