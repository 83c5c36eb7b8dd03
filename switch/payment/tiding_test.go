package payment

import (
	"fmt"
	"reflect"
	"testing"

	"switchd/switch/route"
)

// tell is a tiding for a test, with who may see it.
func (t *Tiding) tell() string {
	if t.Payment == 0 {
		return fmt.Sprintf("%d %v to %d", t.Seq, t.Event, t.To)
	}
	return fmt.Sprintf("%d %v %d %v to %v", t.Seq, t.Notice, t.Payment, t.State, t.Parties)
}

// TestTidings: what a payment is for those who take part in it, in the order of the
// moves; nobody is named before he was asked.
func TestTidings(t *testing.T) {
	s := newStepper()
	s.tidings = new(Tidings)
	s.group(1)
	s.e = Event{Kind: LinkDown, From: 2}
	s.step(&s.e)
	var got []string
	s.tidings.Flush(func(at TidingsRow, row []byte) {
		if at.Last != 8 || at.Part != 0 {
			t.Errorf("%+v", at)
		}
		err := EachTiding(row, func(g *Tiding) error { got = append(got, g.tell()); return nil })
		if err != nil {
			t.Error(err)
		}
	})
	const nobody = route.Nobody
	want := []string{
		fmt.Sprintf("5 moved 5 RECEIVED to %v", Parties{0, nobody, nobody, 0, nobody}),
		fmt.Sprintf("5 moved 5 RESOLVED to %v", Parties{0, nobody, nobody, 0, nobody}),
		fmt.Sprintf("5 moved 5 DEBIT_SENT to %v", Parties{0, nobody, nobody, 0, nobody}),
		fmt.Sprintf("6 moved 5 DEBITED to %v", Parties{0, nobody, nobody, 0, nobody}),
		fmt.Sprintf("6 moved 5 CREDIT_SENT to %v", Parties{0, nobody, nobody, 0, 1}),
		fmt.Sprintf("7 moved 5 SUCCESS to %v", Parties{0, nobody, nobody, 0, 1}),
		"8 link-down to 2",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q\n%q", got, want)
	}
	s.tidings.Flush(func(TidingsRow, []byte) { t.Error("they were flushed") })
}

// TestTidingsOfAConfiguration name those whose profile has changed, also when what was
// before comes from a journal, where an empty list may be none.
func TestTidingsOfAConfiguration(t *testing.T) {
	s := newStepper()
	s.tidings = new(Tidings)
	again := func(change func(*Config)) (got []string) {
		c := *s.m.Config()
		c.Participants = append([]Profile(nil), c.Participants...)
		change(&c)
		record := AppendEvent(nil, &Event{Kind: ConfigChanged, Config: &c})
		var e Event
		if err := DecodeEvent(record, &e); err != nil {
			t.Fatal(err)
		}
		s.step(&e)
		s.tidings.Flush(func(_ TidingsRow, row []byte) {
			if err := EachTiding(row, func(g *Tiding) error { got = append(got, g.tell()); return nil }); err != nil {
				t.Error(err)
			}
		})
		return got
	}
	if got := again(func(*Config) {}); got != nil {
		t.Errorf("nothing has changed: %q", got)
	}
	got := again(func(c *Config) { c.Participants[1].NetDebitCap++ })
	if len(got) != 1 || got[0] != "6 config to 1" {
		t.Errorf("%q", got)
	}
}

// TestTidingsRowsAreCut: an event with many tidings has several rows, in order.
func TestTidingsRowsAreCut(t *testing.T) {
	var s Tidings
	g := Tiding{Seq: 7, At: 9, Notice: Late, Parties: noParties}
	const n = 3 * tidingsRowBytes / 16
	for i := range n {
		g.Payment = ID(i)
		s.add(&g)
	}
	g.Seq++
	s.add(&g)
	next, rows := ID(0), 0
	s.Flush(func(at TidingsRow, row []byte) {
		rows++
		if at.Last == 7 && int(at.Part) != rows-1 {
			t.Errorf("row %d: %+v", rows, at)
		}
		if len(row) > tidingsRowBytes+100 {
			t.Errorf("a row of %d bytes", len(row))
		}
		err := EachTiding(row, func(g *Tiding) error {
			if g.Payment != next && g.Seq == 7 {
				t.Fatalf("payment %d after %d", g.Payment, next)
			}
			next++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	if next != n+1 || rows < 3 {
		t.Errorf("%d tidings, %d rows", next, rows)
	}
}

// TestTidingsAllocateNothing: the writer takes them for every event.
func TestTidingsAllocateNothing(t *testing.T) {
	s := newStepper()
	s.tidings = new(Tidings)
	put := func(TidingsRow, []byte) {}
	s.group(64)
	s.tidings.Flush(put)
	plain := testing.AllocsPerRun(20, func() {
		told := s.tidings
		s.tidings = nil
		s.group(64)
		s.tidings = told
	})
	with := testing.AllocsPerRun(20, func() { s.group(64); s.tidings.Flush(put) })
	if with > plain+2 { // maps grow now and then
		t.Errorf("%v allocations for 64 payments, %v without", with, plain)
	}
}

// FuzzTidings: what is read of any bytes is written again as it was read, and nothing
// panics.
func FuzzTidings(f *testing.F) {
	s := newStepper()
	s.tidings = new(Tidings)
	s.group(2)
	s.tidings.Flush(func(_ TidingsRow, row []byte) { f.Add(append([]byte(nil), row...)) })
	f.Fuzz(func(t *testing.T, row []byte) {
		var again Tidings
		var want []string
		err := EachTiding(row, func(g *Tiding) error {
			want = append(want, fmt.Sprintf("%+v", *g))
			again.add(g)
			return nil
		})
		if err != nil {
			return
		}
		i := 0
		again.Flush(func(_ TidingsRow, row []byte) {
			err := EachTiding(row, func(g *Tiding) error {
				if got := fmt.Sprintf("%+v", *g); got != want[i] {
					t.Errorf("%s\n%s", got, want[i])
				}
				i++
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	})
}

// BenchmarkTidings is BenchmarkStep with the tidings taken.
func BenchmarkTidings(b *testing.B) {
	s := newStepper()
	s.tidings = new(Tidings)
	bytes := 0
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += 64 {
		s.group(64)
		s.tidings.Flush(func(_ TidingsRow, row []byte) { bytes += len(row) })
	}
	b.ReportMetric(float64(bytes)/float64(b.N), "bytes/payment")
}
