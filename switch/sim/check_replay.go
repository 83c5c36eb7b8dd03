package sim

import (
	"crypto/sha256"

	"switchd/switch/payment"
)

// shadow is a machine that sees every durable event once, in order, and never
// crashes: what a replay of the whole journal gives. Its groups are of another
// size than the switch's, which must not matter.
type shadow struct {
	m       *payment.Machine
	rows    *rows
	seq     uint64
	effects []payment.Effect
}

// shadowGroup is how many events share a flush of the shadow.
const shadowGroup = 7

func (s *shadow) start() {
	s.rows = newRows(false)
	s.m = payment.New(s.rows)
}

// replayed steps the shadow, and notes the exceptions that the machine reports.
func (j *judge) replayed(ev *payment.Event) {
	s := &j.shadow
	if ev.Seq != s.seq+1 {
		j.violation("replay", 0, "event %d follows event %d", ev.Seq, s.seq)
	}
	s.seq = ev.Seq
	s.effects = s.m.Step(ev, s.effects[:0])
	for i := range s.effects {
		if ef := &s.effects[i]; ef.Notice == payment.Exception && ef.Payment != nil {
			j.at(ef.Payment.ID).alarms++
		}
	}
	if s.seq%shadowGroup == 0 {
		s.m.Flush(s.rows)
	}
}

// restored: a restart gives the machine that a replay of the whole journal gives.
func (j *judge) restored(r *rows) { j.replay("after a restart", r) }

func (j *judge) replay(when string, r *rows) {
	j.shadow.m.Flush(j.shadow.rows)
	have, want := sha256.New(), sha256.New()
	r.sum(have)
	j.shadow.rows.sum(want)
	if string(have.Sum(nil)) == string(want.Sum(nil)) {
		return
	}
	inMemory := r.inMemory()
	for _, key := range j.shadow.rows.sorted() {
		if string(r.all[key]) != string(j.shadow.rows.all[key]) && !inMemory[key] {
			j.violation("replay", owner(key), "%s row %c %d differs from that of a replay of the journal up to %d:\n%x\n%x",
				when, key.tag, key.number, j.shadow.seq, r.all[key], j.shadow.rows.all[key])
			return
		}
	}
	for _, key := range r.sorted() {
		if _, there := j.shadow.rows.all[key]; !there && !inMemory[key] {
			j.violation("replay", 0, "%s there is a row %c %d %x that a replay of the journal up to %d does not make", when, key.tag, key.number, key.text, j.shadow.seq)
			return
		}
	}
}

// owner is the payment that a row belongs to; 0: none.
func owner(key rowKey) payment.ID {
	if key.tag == tagOpen || key.tag == tagHistory {
		return payment.ID(key.number)
	}
	return 0
}
