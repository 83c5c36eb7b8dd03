package engine

import (
	"context"
	"errors"
	"fmt"

	"switchd/switch/payment"
	"switchd/switch/route"
)

var (
	// ErrChanging means that another change of the configuration is on its way.
	ErrChanging = errors.New("engine: another change of the configuration is on its way")
	// ErrUndecided means that a change was handed over and nobody waited long enough
	// to see it take effect. It will, unless the engine stops before.
	ErrUndecided = errors.New("engine: the change was handed over and has not taken effect yet")
)

// change is one configuration on its way to the machine.
type change struct{ done chan struct{} }

// Reconfigure has the machine go on under another configuration, whose participants
// need no numbers: they keep theirs, and new ones get the next. It logs one
// ConfigChanged event and returns when that is durable and has taken effect, as
// Config says from then on, and by is kept with it. A configuration that is not good, or means that what is
// on disk would mean something else, changes nothing; nor does one that is in force
// already (changed is false). Safe for concurrent use, after Ready; while one is
// on its way a second is refused.
func (e *Engine) Reconfigure(ctx context.Context, next payment.Config, by Author) (changed bool, err error) {
	select {
	case <-e.ready:
	default:
		return false, errors.New("engine: not ready")
	}
	if len(by.Reason) > payment.ReasonBytesMax || max(len(by.Operator), len(by.Approver)) > payment.OperatorBytesMax {
		return false, fmt.Errorf("engine: who reloads, or why, is longer than %d and %d bytes", payment.OperatorBytesMax, payment.ReasonBytesMax)
	}
	c := &change{done: make(chan struct{})}
	if !e.change.CompareAndSwap(nil, c) {
		return false, ErrChanging
	}
	config, changed, err := Merge(e.Config(), &next)
	if err == nil && changed {
		_, err = e.Submit([]payment.Event{configEvent(config, by)})
	}
	if err != nil || !changed {
		e.change.Store(nil)
		return false, err
	}
	select {
	case <-c.done:
		return true, nil
	case <-ctx.Done():
		err = fmt.Errorf("%w: %w", ErrUndecided, ctx.Err())
	case <-e.done:
		err = ErrStopped
	}
	select {
	case <-c.done: // it was the last thing that the writer did
		return true, nil
	default:
		return false, err
	}
}

// configEvent logs a configuration, with who wants it and why.
func configEvent(c *payment.Config, by Author) payment.Event {
	ev := payment.Event{Kind: payment.ConfigChanged, From: route.Nobody, Config: c}
	by.text(&ev.Text)
	return ev
}

// Preview says what Reconfigure would make of a configuration, and changes nothing.
func (e *Engine) Preview(next payment.Config) (*payment.Config, error) {
	if e.change.Load() != nil {
		return nil, ErrChanging
	}
	config, _, err := Merge(e.Config(), &next)
	return config, err
}

// changed publishes the configuration that has taken effect. Writer only.
func (e *Engine) changed(config *payment.Config) {
	e.config.Store(config)
	if c := e.change.Swap(nil); c != nil {
		close(c.done)
	}
}
