package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/retention"
	"switchd/switch/translate"
	"switchd/switch/view"
)

// What one question about records may cost.
const (
	recordsReadMax = 10_000 // records that are read
	recordsShowMax = 500    // events that are shown
)

// journalStat shows what the journal of the running switch holds.
func (n *node) journalStat(ctx context.Context) (any, error) {
	applied := n.data.state.Applied() // first: it must not seem ahead of the journal
	v := journalView{Applied: &applied}
	err := v.look(ctx, n.data.journal, retention.Calendar{Start: n.cfg.BusinessDayStart}, n.data.checkpoint)
	v.StateBytes, v.Writer = folderBytes(filepath.Join(n.cfg.DataDir, stateDir)), writerOf(n.cfg.DataDir)
	return v, err
}

// journalRecords shows events of the journal of the running switch, masked.
func (n *node) journalRecords(ctx context.Context, q url.Values) (any, error) {
	f, err := filterOf(q)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", view.ErrQuestion, err)
	}
	log := n.data.journal
	stat, err := log.Stat()
	if err != nil {
		return nil, err
	}
	r := newEventReader(n.data.keys, nil)
	if f.payment != 0 {
		if _, err := n.look(f.payment, f.about.Know); err != nil {
			return nil, err
		}
	}
	r.learn(n.engine.Config())
	out := recordsView{Records: []eventView{}}
	from, to := f.bounds(stat.First, stat.Last)
	end := min(to, from+recordsReadMax-1)
	err = eachRecord(ctx, log, from, end, func(rec *journal.Record) error {
		out.add(r, &f, rec)
		if len(out.Records) >= recordsShowMax {
			end = rec.Seq
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, journal.ErrGone): // retention was faster
		return nil, missing(err.Error())
	case err != nil && !errors.Is(err, errEnough):
		return nil, err
	}
	if end < to {
		out.Next = end + 1
	}
	return out, nil
}

// errEnough ends a reading.
var errEnough = errors.New("enough")

// add adds an event if it is asked for.
func (v *recordsView) add(r *eventReader, f *eventFilter, rec *journal.Record) {
	err := r.read(rec.Seq, rec.Bytes)
	switch {
	case err != nil:
		v.Records = append(v.Records, faultyView(rec, err))
	case f.matches(&r.event):
		v.Records = append(v.Records, r.view())
	}
}

// look calls f for a payment, if it is known.
func (n *node) look(id payment.ID, f func(p *payment.Payment)) (found bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), paymentLook)
	defer cancel()
	err = n.engine.Inspect(ctx, func(m *payment.Machine) { found = m.Look(id, f) })
	return found, err
}

// proof proves how a payment has ended, by its number or transaction id.
func (n *node) proof(id string) (any, error) {
	number, ok := translate.ParsePayment(id)
	if !ok {
		return nil, missing(fmt.Sprintf("%.40q is no payment", id))
	}
	names := newEventReader(nil, nil)
	names.learn(n.engine.Config())
	var s statement
	var not error
	found, err := n.look(number, func(p *payment.Payment) { s, not = statementOf(p, names.party), provable(p) })
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, missing("no such payment")
	case not != nil:
		return nil, fmt.Errorf("%w: %w", view.ErrConflict, not)
	}
	p, err := newProof(n.data.journal, n.data.checkpoint, &s)
	if errors.Is(err, journal.ErrGone) {
		return nil, missing(err.Error())
	}
	return p, err
}
