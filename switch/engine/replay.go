package engine

import (
	"fmt"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/seal"
	"switchd/switch/state"
)

// replayGroup is how many replayed events share one batch of rows.
const replayGroup = 1024

// ReplayOptions say what is replayed.
type ReplayOptions struct {
	Log   journal.Log  // required; stays open
	State *state.Store // required; stays open. An empty one gets the rows of all events from the first
	Keys  *seal.Keys   // those that the journal is sealed with

	// Progress is called now and then with the number of events so far; its error
	// ends the replay. Default: nobody.
	Progress func(replayed uint64) error
}

// Replay brings the rows up to the end of the journal, as the next start of the
// engine would, and starts nothing. It returns how many events it has replayed. It
// does not flush the state store.
func Replay(o ReplayOptions) (replayed uint64, err error) {
	r := replay{log: o.Log, state: o.State, keys: o.Keys, m: payment.New(o.State), progress: o.Progress}
	err = r.run()
	return r.replayed, err
}

// replay steps a machine through what the journal has after its rows.
type replay struct {
	log       journal.Log
	state     *state.Store
	keys      *seal.Keys
	m         *payment.Machine
	tidings   payment.Tidings
	exception func(*payment.Effect)       // may be nil
	progress  func(replayed uint64) error // may be nil
	replayed  uint64
}

func (r *replay) run() error {
	if err := r.checkKeys(); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	snap, err := r.state.Snapshot()
	if err != nil {
		return err
	}
	if err := r.m.Restore(snap); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := r.step(); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return store(r.m, &r.tidings, r.state, r.log.Next()-1)
}

func (r *replay) step() error {
	var ev payment.Event
	var effects []payment.Effect
	var record []byte
	opener := r.keys.Opener()
	return r.log.Replay(r.state.Applied()+1, func(seq uint64, sealed []byte) error {
		var err error
		if record, err = open(record[:0], sealed, opener, seq, &ev); err != nil {
			return fmt.Errorf("record %d: %w", seq, err)
		}
		effects = r.tidings.Step(r.m, &ev, effects[:0])
		for i := range effects {
			if effects[i].Notice == payment.Exception && r.exception != nil {
				r.exception(&effects[i])
			}
		}
		if r.replayed++; r.replayed%replayGroup != 0 {
			return nil
		}
		if err := store(r.m, &r.tidings, r.state, seq); err != nil || r.progress == nil {
			return err
		}
		return r.progress(r.replayed)
	})
}

// open reads an event as the journal has it, through record, a scratch that it returns.
func open(record, sealed []byte, opener *seal.Opener, seq uint64, ev *payment.Event) ([]byte, error) {
	if err := payment.CheckLogic(sealed); err != nil {
		return record, err
	}
	record, err := opener.Open(record, sealed, payment.SecretAt(sealed))
	if err != nil {
		return record, err
	}
	if err := payment.DecodeEvent(record, ev); err != nil {
		return record, err
	}
	if ev.Seq != seq {
		return record, fmt.Errorf("it says that it is record %d", ev.Seq)
	}
	return record, nil
}
