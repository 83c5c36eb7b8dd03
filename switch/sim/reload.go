package sim

import (
	"time"

	"switchd/switch/egress"
	"switchd/switch/engine"
	"switchd/switch/mutant"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// A reload goes as in cmd/switchd: a file that is not good changes nothing; one that
// is becomes one event, and the rim follows a moment after that has taken effect. A
// file that is edited while the switch is down is read by the start.

// edit has an operator write a new file, and have it taken.
func (w *world) edit() {
	n := w.node
	if w.calm || n != nil && n.changing {
		return
	}
	next := w.file.clone()
	if n != nil && w.rng.IntN(8) == 0 {
		w.count(faultReloadBad)
		next.spoil(w)
		if err := n.reload(next); err == nil {
			w.judge.violation("config", 0, "a bad configuration is taken: %+v", next)
		}
		return
	}
	for range 1 + w.rng.IntN(2) {
		if e := &edits[w.rng.IntN(len(edits))]; e.draw(w, next) {
			w.count(e.fault)
		}
	}
	w.write(next)
}

// write has the switch read a good file.
func (w *world) write(next *file) {
	if w.node == nil {
		w.count(faultEdited)
		w.file = next
		return
	}
	if err := w.node.reload(next); err != nil {
		w.judge.violation("config", 0, "a good configuration is refused: %v", err)
	}
}

// lists brings everybody back, at the end.
func (w *world) lists() {
	if w.node != nil && w.node.changing {
		w.agenda.add(w.now+int64(time.Second), w.lists)
		return
	}
	next := w.file.clone()
	clear(next.out)
	w.write(next)
}

// setCap has an operator set a cap by command.
func (w *world) setCap() {
	if w.calm || w.node == nil {
		return
	}
	w.count(faultSetCap)
	ev := payment.Event{Kind: payment.CommandGiven, From: route.Nobody, Command: &payment.Command{Kind: payment.SetCap}}
	ev.Command.Participant = route.Participant(w.rng.IntN(len(w.node.config.Participants)))
	ev.Command.Amount.Minor, ev.Command.Amount.Currency = w.drawCap(), currency
	ev.Text.Set(payment.Reason, []byte("simulated"))
	_, _ = w.node.submit([]payment.Event{ev})
}

// drain has an operator drain a participant, or have one take payments again, whatever
// it is now.
func (w *world) drain() {
	if w.calm || w.node == nil {
		return
	}
	f, kind := faultDrain, payment.Drain
	if w.rng.IntN(2) == 0 {
		f, kind = faultResume, payment.Resume
	}
	w.count(f)
	ev := payment.Event{Kind: payment.CommandGiven, From: route.Nobody, Command: &payment.Command{Kind: kind}}
	ev.Command.Participant = route.Participant(w.rng.IntN(len(w.node.config.Participants)))
	ev.Text.Set(payment.Reason, []byte("simulated"))
	_, _ = w.node.submit([]payment.Event{ev})
}

// reload has the machine go on under another configuration, as engine.Reconfigure.
func (n *node) reload(f *file) error {
	config, changed, err := engine.Merge(n.config, f.listed())
	if err != nil {
		return err
	}
	n.w.file = f
	if !changed {
		return nil
	}
	n.changing = true
	if mutant.Is(mutant.UnloggedConfig) {
		n.m.Step(&payment.Event{Seq: n.stepped, At: n.m.LastAt(), Kind: payment.ConfigChanged, Config: config}, nil)
		n.changed(config)
		return nil
	}
	_, err = n.submit([]payment.Event{{Kind: payment.ConfigChanged, From: route.Nobody, Config: config}})
	return err
}

// changed: a configuration has taken effect.
func (n *node) changed(config *payment.Config) {
	n.config = config
	w := n.w
	w.agenda.add(w.now+w.upTo(100*time.Millisecond), func() {
		if w.node == n {
			n.take(config)
			n.changing = false
		}
	})
}

// table is what the rim goes by.
type table struct {
	config   *payment.Config
	dialects []translate.Dialect // by number; nil: it is not configured
}

// take has the rim go by a configuration. Who is spoken with as before keeps its
// dialect, by which its links are known.
func (n *node) take(config *payment.Config) {
	was := n.table
	n.table = table{config, make([]translate.Dialect, len(config.Participants))}
	lanes := make([]egress.Lane, len(config.Participants))
	for i := range config.Participants {
		p := &config.Participants[i]
		if !p.Listed() {
			continue
		}
		if d := was.dialect(p.Number); d != nil && was.config.Participants[i].Match == p.Match {
			n.table.dialects[i] = d
		} else {
			n.table.dialects[i] = n.w.dialect(p)
		}
		lanes[i] = egress.Lane{Dialect: n.table.dialects[i], Framing: n.w.framing(p.Number), Match: p.Match}
	}
	n.egress.SetLanes(lanes)
}

// dialect is how a participant is spoken with; nil: not at all.
func (t *table) dialect(n route.Participant) translate.Dialect {
	if int(n) >= len(t.dialects) {
		return nil
	}
	return t.dialects[n]
}
