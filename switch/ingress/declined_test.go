package ingress

import (
	"maps"
	"testing"
	"time"

	"switchd/codec/iso8583"
	"switchd/switch/engine"
	"switchd/switch/payment"
	dialect8583 "switchd/switch/translate/iso8583"
)

// declined is what Declined says.
func (r *bench) declined() map[string]int64 {
	all := map[string]int64{}
	r.in.Declined(func(who string, last int64) { all[who] = last })
	return all
}

// TestDeclinedIsToldOnce: whatever a request was turned away for, it is told for whom,
// and that a note is due when there was none for a day; and nobody is told of what is
// on the record, or held.
func TestDeclinedIsToldOnce(t *testing.T) {
	for name, turn := range map[string]struct {
		limits Limits
		set    func(r *bench, on bool)
	}{
		"rate": {Limits{Requests: Rate{Rate: 1, Burst: 1}}, func(r *bench, on bool) {
			if on {
				r.quiet(r.a, r.pays(0x0200, 9))
			}
		}},
		"load": {Limits{}, func(r *bench, on bool) {
			if r.load = payment.LoadNormal; on {
				r.load = payment.LoadNoPayments
			}
		}},
		"room": {Limits{}, func(r *bench, on bool) {
			if r.engine.full = nil; on {
				r.engine.full = engine.ErrBusy
			}
		}},
	} {
		times := 0
		r := newBench(t, turn.limits, func(o *Options) { o.Declining = func() { times++ } })
		r.quiet(r.a, r.pays(0x0200, 1))
		r.in.Hold(DiskFull)
		r.quiet(r.a, r.pays(0x0200, 2))
		r.in.Release(0)
		turn.set(r, false)
		if got := r.declined(); times != 0 || len(got) != 0 {
			t.Errorf("%s: told %d times before anything was turned away, of %v", name, times, got)
		}
		expect := func(want int) {
			t.Helper()
			turn.set(r, true)
			for n := range 3 {
				if m := r.hear(r.a, r.pays(0x0200, 10+n)); m == nil || string(m.Value(39)) != "96" {
					t.Errorf("%s: a request is not turned away", name)
				}
			}
			turn.set(r, false)
			if got := r.declined(); times != want || !maps.Equal(got, map[string]int64{"BANKA": r.now}) {
				t.Errorf("%s: told %d times, want %d, and of %v", name, times, want, got)
			}
		}
		expect(1)
		r.now += repeatsMax - 1
		expect(1)
		r.now += repeatsMax
		expect(2)
	}
}

// TestSuspectOfBefore: the repeats of one participant are suspect, until then, also if
// it is configured later; those of others are not.
func TestSuspectOfBefore(t *testing.T) {
	r := newBench(t, Limits{})
	r.in.Suspect("BANKA", r.now+int64(time.Minute))
	r.in.Suspect("BANKC", r.now+int64(time.Hour))
	all := map[string]Participant{}
	for id, e := range r.in.table.Load().participants {
		all[id] = e.Participant
	}
	like := all["BANKA"].Dialect.(*dialect8583.Dialect)
	like.Directory.Institutions = append(like.Directory.Institutions, "100003")
	all["BANKC"] = Participant{Dialect: &dialect8583.Dialect{Spec: like.Spec, Directory: like.Directory, Number: 2}}
	r.in.SetTable(Table{Participants: all}, func() {})
	c := r.link("BANKC")
	expect := func(s *link, mti iso8583.MTI, bank string, want payment.Outcome) {
		t.Helper()
		m := pushTo("000001")
		m[32] = bank
		r.answer(s, r.message(mti, m), "")
		if got := r.engine.last.Request.Refuse; got != want {
			t.Errorf("%v of %s is to be refused with %v, want %v", mti, bank, got, want)
		}
	}
	expect(r.a, 0x0201, "100001", payment.Busy)
	expect(r.b, 0x0201, "100002", payment.NoOutcome)
	r.now += int64(time.Minute)
	expect(r.a, 0x0201, "100001", payment.NoOutcome)
	expect(c, 0x0200, "100003", payment.NoOutcome)
	expect(c, 0x0201, "100003", payment.Busy)
	r.now += int64(time.Hour)
	expect(c, 0x0201, "100003", payment.NoOutcome)
}
