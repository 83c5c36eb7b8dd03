package engine

import (
	"time"

	"switchd/switch/payment"
)

// Command logs an operator's decision, waits until it is durable and has taken
// effect, and says whether it did: one that does not fit what it names, or has no
// reason, changes nothing and is refused. Safe for concurrent use; commands come
// one after another. It blocks for a commit, or until the engine has stopped.
func (e *Engine) Command(c payment.Command, reason, operator string) (done bool, err error) {
	e.commands.Lock()
	defer e.commands.Unlock()
	ev := payment.Event{Kind: payment.CommandGiven, Command: &c}
	ev.Text.Set(payment.Reason, []byte(reason))
	ev.Text.Set(payment.Operator, []byte(operator))
	if _, err := e.Submit([]payment.Event{ev}); err != nil {
		return false, err
	}
	select {
	case done = <-e.verdict:
		return done, nil
	case <-e.done:
	}
	select {
	case done = <-e.verdict: // it was the last thing that the writer did
		return done, nil
	default:
		return false, ErrStopped
	}
}

// judge gives the verdict on a command to whoever waits for it. Writer only; a
// replayed command has nobody who waits, and is not stepped here.
func (e *Engine) judge(effects []payment.Effect) {
	done := true
	for i := range effects {
		done = done && effects[i].Notice != payment.CommandRefused
	}
	select {
	case e.verdict <- done:
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
