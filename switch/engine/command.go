package engine

import (
	"time"

	"switchd/switch/payment"
)

// Author is who wants something done, and why.
type Author struct {
	Reason   string // at most 140 bytes
	Operator string // at most 35 bytes
	Approver string // at most 35 bytes: the second person, if there was one
}

// text writes it into an event.
func (a *Author) text(t *payment.Text) {
	t.Set(payment.Reason, []byte(a.Reason))
	t.Set(payment.Operator, []byte(a.Operator))
	t.Set(payment.Approver, []byte(a.Approver))
}

// Order is a command with who gives it.
type Order struct {
	Author
	Command payment.Command
	Deed    string // of a Noted command: what was done, at most 140 bytes
}

// verdict is what became of a command.
type verdict struct {
	seq  uint64
	done bool
}

// Command logs an operator's decision, waits until it is durable, has taken effect and is
// stored, and says whether it did, and the number of its record: one that does not fit
// what it names, or has no reason, or too long a text, changes nothing and is refused.
// Safe for concurrent use; commands come one after another. It blocks for a commit, or
// until the engine has stopped.
func (e *Engine) Command(o Order) (seq uint64, done bool, err error) {
	e.commands.Lock()
	defer e.commands.Unlock()
	ev := payment.Event{Kind: payment.CommandGiven, Command: &o.Command}
	o.text(&ev.Text)
	ev.Text.Set(payment.Deed, []byte(o.Deed))
	if _, err := e.Submit([]payment.Event{ev}); err != nil {
		return 0, false, err
	}
	select {
	case v := <-e.verdict:
		return v.seq, v.done, nil
	case <-e.done:
	}
	select {
	case v := <-e.verdict: // it was the last thing that the writer did
		return v.seq, v.done, nil
	default:
		return 0, false, ErrStopped
	}
}

// judge is the verdict on a command by what it did.
func judge(seq uint64, effects []payment.Effect) verdict {
	v := verdict{seq: seq, done: true}
	for i := range effects {
		v.done = v.done && effects[i].Notice != payment.CommandRefused
	}
	return v
}

// give tells whoever waits for it the verdict on a command, once its group is stored: who
// looks then finds the command and what it did. Writer only; a replayed command has nobody
// who waits, and is not stepped here.
func (e *Engine) give(v verdict) {
	select {
	case e.verdict <- v:
	default:
	}
}

// exceptionsLogged bounds the log lines about exceptions of one second: after an
// outage there may be thousands, and the metric counts them all.
const exceptionsLogged = 20

// exception tells operators what a person has to look at. Writer only.
func (e *Engine) exception(ef *payment.Effect) {
	e.metrics.exceptions[ef.Recon].Inc()
	if second := ef.At / int64(time.Second); second != e.exceptions.second {
		e.exceptions.second, e.exceptions.lines = second, 0
	}
	if e.exceptions.lines++; e.exceptions.lines > exceptionsLogged {
		return
	}
	log := e.o.Logger
	if ef.Payment != nil {
		log = log.With("payment", uint64(ef.Payment.ID))
	}
	log.Warn("reconciliation exception", "event", "payment.exception", "kind", ef.Recon.String(), "state", ef.State.String())
}
