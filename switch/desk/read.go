package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/seal"
)

// What one timeline may cost.
const (
	recordsMax = 200_000
	readTime   = 2 * time.Second
	windowMax  = 20_000 // records of one window, where all would be too many
	eventsMax  = 2_000  // that are kept
)

// The journal is in the order of time: what is about a payment stands near the times that
// its row knows.
const (
	beforeMoment = int64(100 * time.Millisecond)
	afterMoment  = int64(time.Second)
)

// history is what the journal holds about a payment.
type history struct {
	events  []payment.Event // about it, in their order
	world   []payment.Event // what else the machine goes by: ticks, links, restarts, load
	refunds []payment.ID    // that give it back
	// original is what it gives back itself, if it is still known.
	original original
	whole    bool
	why      string
}

// span is some records of the journal.
type span struct{ from, to uint64 }

// spans are the records to read for a payment, in order and without overlap.
func (d *Desk) spans(p *payment.Payment) (all []span, whole bool, err error) {
	moments := momentsOf(p, d.o.Clock())
	last := d.o.Records.Durable()
	at := func(when int64) (uint64, error) {
		seq, err := d.o.Records.FirstSince(when)
		return min(max(seq, uint64(p.ID)), last), err
	}
	end, err := at(moments[len(moments)-1] + afterMoment)
	if err != nil {
		return nil, false, err
	}
	if end = max(end, min(p.ClosedSeq, last)); end-uint64(p.ID) < recordsMax {
		return []span{{uint64(p.ID), end}}, true, nil
	}
	for _, m := range moments {
		from, err := at(m - beforeMoment)
		if err != nil {
			return nil, false, err
		}
		to, err := at(m + afterMoment)
		if err != nil {
			return nil, false, err
		}
		s := span{from, min(to, from+windowMax)}
		if n := len(all); n > 0 && s.from <= all[n-1].to+1 {
			all[n-1].to = max(all[n-1].to, s.to)
			continue
		}
		all = append(all, s)
	}
	return all, false, nil
}

// momentsOf are the times that a payment's row knows, ascending.
func momentsOf(p *payment.Payment, now int64) []int64 {
	all := []int64{p.CreatedAt}
	add := func(at int64) {
		if at != 0 {
			all = append(all, at)
		}
	}
	add(p.ClosedAt)
	add(p.DoubtAt)
	add(p.RetriedAt)
	for leg := range p.Legs {
		l := &p.Legs[leg]
		add(l.SentAt)
		if l.SentAt != 0 {
			add(l.SentAt + int64(l.AnsweredIn)*int64(time.Millisecond))
		}
		if l.Owed() {
			add(now)
		}
	}
	if p.Open() {
		add(now)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// read finds what the journal holds about a payment.
func (d *Desk) read(ctx context.Context, p *payment.Payment) (h history, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	spans, whole, err := d.spans(p)
	if err != nil {
		return h, err
	}
	h.whole = whole
	if !whole {
		h.why = "Too much has happened since its request to read it all: what is shown stands near the times that are known of it."
	}
	about := About{ID: p.ID}
	about.Know(p)
	r := &records{opener: d.o.Keys.Opener(), about: &about, h: &h}
	for _, s := range spans {
		if err := r.span(ctx, d.o.Records, s); err != nil {
			return h, h.cut(err)
		}
	}
	return h, nil
}

// cut says why a history has ended before its end, if that is no fault.
func (h *history) cut(err error) error {
	switch {
	case errors.Is(err, errMany):
		h.whole, h.why = false, fmt.Sprintf("There is more than %d records about it.", eventsMax)
	case errors.Is(err, context.DeadlineExceeded):
		h.whole, h.why = false, fmt.Sprintf("It could not be read within %v.", readTime)
	case errors.Is(err, journal.ErrGone):
		h.whole, h.why = false, "The journal holds its records no more: they are in the archive."
	default:
		return err
	}
	return nil
}

// records reads them for one history.
type records struct {
	opener *seal.Opener // nil: the key is not there
	record []byte
	event  payment.Event
	about  *About
	h      *history
}

// errMany ends a reading that has found too much.
var errMany = errors.New("too many records")

func (r *records) span(ctx context.Context, from Records, s span) error {
	for reader := from.Tail(s.from); s.from <= s.to; {
		rec, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		s.from = rec.Seq + 1
		if rec.Seq > s.to {
			return nil
		}
		if err := r.take(&rec); err != nil {
			return err
		}
	}
	return nil
}

// take keeps a record that is about the payment, or that the machine goes by. What is
// sealed is opened only then.
func (r *records) take(rec *journal.Record) error {
	e := &r.event
	if _, err := payment.DecodePublic(rec.Bytes, e); err != nil {
		return fmt.Errorf("record %d: %w", rec.Seq, err)
	}
	switch e.Kind {
	case payment.Tick, payment.LinkUp, payment.LinkDown, payment.Recovered, payment.LoadChanged:
		r.h.world = append(r.h.world, payment.Event{Seq: e.Seq, At: e.At, Kind: e.Kind, From: e.From, Load: e.Load})
		if e.Seq != r.about.closed {
			return nil
		}
	}
	if !r.about.Concerns(e) {
		return nil
	}
	if r.opener != nil {
		var err error
		if r.record, err = r.opener.Open(r.record[:0], rec.Bytes, payment.SecretAt(rec.Bytes)); err == nil {
			err = payment.DecodeEvent(r.record, e)
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", rec.Seq, err)
		}
	}
	r.h.keep(r.about, e)
	if len(r.h.events) >= eventsMax {
		return errMany
	}
	return nil
}

// keep copies an event, with the leg that it answers if it does not say.
func (h *history) keep(about *About, e *payment.Event) {
	if e.Kind == payment.Tick {
		return // among those that the machine goes by
	}
	own := *e
	own.Text = payment.Text{}
	own.Text.CopyFrom(&e.Text)
	if e.Command != nil {
		command := *e.Command
		own.Command = &command
	}
	if leg, ours := about.leg(e); ours {
		own.Answer.Payment, own.Answer.Leg = about.ID, leg
	}
	if refund := payment.ID(e.Seq); e.Kind == payment.RequestArrived && e.Request.Type == payment.Refund && refund != about.ID {
		h.refunds = append(h.refunds, refund)
	}
	h.events = append(h.events, own)
}

// add puts events that were found elsewhere in their places.
func (h *history) add(events []payment.Event) {
	for i := range events {
		if !slices.ContainsFunc(h.events, func(e payment.Event) bool { return e.Seq == events[i].Seq }) {
			h.events = append(h.events, events[i])
		}
	}
	slices.SortFunc(h.events, func(a, b payment.Event) int { return cmp.Compare(a.Seq, b.Seq) })
}

// decisionsOf are the decisions of operators about a payment, by the list of their deeds:
// they may come days after its end.
func (d *Desk) decisionsOf(p *payment.Payment) (all []payment.Event, err error) {
	if !p.Decided() {
		return nil, nil
	}
	const pages = 10
	before := uint64(0)
	for range pages {
		rows, err := d.o.Rows.Changes(before, changesMax)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			c := &rows[i]
			if c.Kind != payment.CommandGiven || c.Command.Payment != p.ID {
				continue
			}
			e := payment.Event{Seq: c.Seq, At: c.At, Kind: c.Kind, Command: &c.Command}
			e.Text.CopyFrom(&c.Text)
			all = append(all, e)
		}
		if len(rows) < changesMax || rows[len(rows)-1].Seq <= uint64(p.ID) {
			break
		}
		before = rows[len(rows)-1].Seq
	}
	return all, nil
}
