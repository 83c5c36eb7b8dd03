package bench

import (
	"bytes"
	"fmt"
	"testing"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
)

// newLink is a link without a connection, of the participant with that number.
func newLink(t testing.TB, participants, number int) *link {
	return newLinks(options(t, participants)).links[number]
}

// newLinks is a run with a link of each participant, without connections.
func newLinks(o Options) *run {
	r := &run{o: &o, open: newRing(o.openRing()), tag: "ABC", late: newHistogram(), overran: newHistogram(), surgeLate: newHistogram()}
	for i := range o.Participants {
		r.stations = append(r.stations, newStation(i, o.Participants[i], &o))
	}
	r.to.Store(1 << 62)
	for _, s := range r.stations {
		l := newLinkOf(r, s, nil)
		s.links, r.links = []*link{l}, append(r.links, l)
	}
	return r
}

// compose writes one message as the switch would.
func compose(t testing.TB, spec *iso8583.Spec, mti iso8583.MTI, fields map[int]string, tags map[int]string) []byte {
	t.Helper()
	var w iso8583.Writer
	w.Begin(spec, nil, mti)
	for de := 2; de <= 128; de++ {
		switch {
		case de == 120 && len(tags) > 0:
			w.BeginTLV(120)
			for tag := range 1000 {
				if v, there := tags[tag]; there {
					w.TLVString(tag, v)
				}
			}
			w.EndTLV()
		case fields[de] != "":
			w.SetString(de, fields[de])
		}
	}
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// legOf is a debit or a credit as the switch sends it.
func legOf(t testing.TB, spec *iso8583.Spec, processing, ref string) []byte {
	return compose(t, spec, mtiPosting, map[int]string{
		3: processing, 4: "000000012345", 7: "0203040506", 11: "000042", 32: "100001", 33: "999999", 37: ref, 49: "356",
		102: "1000010000007", 103: "1000020000009",
	}, map[int]string{1: "DEBIT", 2: "SWD00000000000000000000000000000001"})
}

// read parses the one answer that a link has written.
func (l *link) reads(t testing.TB) *iso8583.Message {
	t.Helper()
	body, n, err := l.at.Framing.Next(l.answers, frame.Limits{})
	if err != nil || n != len(l.answers) {
		t.Fatalf("not one frame: %d of %d bytes, %v", n, len(l.answers), err)
	}
	var m iso8583.Message
	if err := m.Parse(l.at.Dialect, body); err != nil {
		t.Fatal(err)
	}
	l.answers = l.answers[:0]
	return &m
}

// TestAnswers: what the switch asks is answered as the wire table says, in both
// dialects.
func TestAnswers(t *testing.T) {
	for number, name := range []string{"iso87-npci", "iso87-ascii"} {
		t.Run(name, func(t *testing.T) {
			l := newLink(t, 2, number)
			spec, own := l.at.Dialect, fmt.Sprintf("%s0000007", l.at.Institution)
			money := map[int]string{
				3: "401000", 4: "000000000500", 7: "0203040506", 11: "000042", 32: "100001", 33: "999999", 37: "0000000000D1", 49: "356",
				102: own, 103: own,
			}
			with := func(de int, v string) map[int]string {
				out := map[int]string{de: v}
				for k, old := range money {
					if k != de {
						out[k] = old
					}
				}
				return out
			}
			reversal := with(90, "0200000042020304050600000100001000009999990")
			reversal[90] = reversal[90][:42]
			credit := with(3, "210010")
			credit[37] = "0000000000C1"
			resolve := map[int]string{3: "330000", 7: "0203040506", 11: "000042", 32: "100001", 33: "999999", 37: "0000000000R1"}
			for _, c := range []struct {
				mti    iso8583.MTI
				fields map[int]string
				tags   map[int]string
				want   iso8583.MTI
				code   string
				net    int64
			}{
				{0x0200, money, nil, 0x0210, "00", -500},
				{0x0201, money, nil, 0x0210, "00", -500},
				{0x0200, with(4, "000000000501"), nil, 0x0210, "94", -500},
				{0x0200, credit, nil, 0x0210, "00", 0},
				{0x0220, credit, nil, 0x0230, "00", 0},
				{0x0420, reversal, nil, 0x0430, "00", 500},
				{0x0421, reversal, nil, 0x0430, "00", 500},
				{0x0100, resolve, map[int]string{1: "VAL", 4: "user7@" + l.at.Handle}, 0x0110, "00", 500},
				{0x0100, resolve, map[int]string{1: "VAL", 4: "user51@" + l.at.Handle}, 0x0110, "14", 500},
				{0x0100, resolve, map[int]string{1: "VAL", 4: "user07@" + l.at.Handle}, 0x0110, "14", 500},
				{0x0800, map[int]string{7: "0203040506", 11: "000042", 70: "301"}, nil, 0x0810, "00", 500},
			} {
				l.take(compose(t, spec, c.mti, c.fields, c.tags), 0)
				m := l.reads(t)
				net, _ := l.at.book.state()
				if m.MTI() != c.want || string(m.Value(39)) != c.code || net != c.net {
					t.Fatalf("%s: answered %s with %s, net %d; want %s with %s, net %d", c.mti, m.MTI(), m.Value(39), net, c.want, c.code, c.net)
				}
				for _, de := range []int{3, 4, 7, 11, 32, 37, 49, 70} {
					if c.fields[de] != "" && c.fields[de] != string(m.Value(de)) {
						t.Errorf("%s: DE%d is not echoed", c.mti, de)
					}
				}
				if c.code == "00" && c.mti == 0x0100 {
					ifsc, _ := iso8583.FindTLV(m.Value(120), tagPayeeIFSC)
					if string(m.Value(103)) != own || string(ifsc) != l.at.branch {
						t.Error("an address is resolved to another account")
					}
				}
			}
		})
	}
}

// TestSettle: an answer closes its payment once, and what it changes is noticed.
func TestSettle(t *testing.T) {
	l := newLink(t, 2, 0)
	answer := func(n int, amount, code string) []byte {
		return compose(t, l.at.Dialect, mtiPosting.Response(), map[int]string{
			3: "401000", 4: amount, 7: "0203040506", 11: fmt.Sprintf("%06d", n), 37: fmt.Sprintf("ABC%09d", n), 39: code, 49: "356",
		}, nil)
	}
	for n := int64(1); n <= 3; n++ {
		l.run.open.open(n, 1_000_000, &order{payer: 0, payee: 1, amount: 500})
	}
	l.take(answer(1, "000000000500", "00"), 3_000_000)
	l.take(answer(1, "000000000500", "00"), 3_000_000)
	l.take(answer(2, "000000000500", "51"), 3_000_000)
	l.take(answer(3, "000000000501", "00"), 3_000_000)
	l.take(answer(9, "000000000500", "00"), 3_000_000)
	tl := &l.tally
	if tl.answered != 3 || tl.measured != 3 || tl.measuredSuccess != 2 || tl.unmatched != 2 || tl.changed != 1 || tl.told[0] != -1000 || tl.told[1] != 1000 {
		t.Errorf("%+v", tl)
	}
	if got := tl.declines(); len(got) != 1 || got[0] != (CodeCount{"51", 1}) {
		t.Errorf("declines %v", got)
	}
	l.take([]byte("0210 this is no message"), 0)
	l.take(compose(t, l.at.Dialect, 0x0400, map[int]string{37: "000000000000"}, nil), 0)
	if tl.malformed != 1 || tl.strange != 1 {
		t.Errorf("%d malformed, %d strange", tl.malformed, tl.strange)
	}
}

// TestHotPathAllocs: nothing is allocated for a message, in neither direction.
func TestHotPathAllocs(t *testing.T) {
	for number, name := range []string{"iso87-npci", "iso87-ascii"} {
		l := newLink(t, 2, number)
		debit := legOf(t, l.at.Dialect, "401000", "0000000000D1")
		ref := bytes.Index(debit, []byte("0000000000D1"))
		n := 0
		none(t, name+" debit", func() { // a new leg each time: the book's growth is shared by many
			n++
			copy(debit[ref:], digits(debit[ref:ref], uint64(n), 12))
			l.answers = l.answers[:0]
			l.take(debit, 1)
		})
		resolve := compose(t, l.at.Dialect, mtiResolve, map[int]string{3: "330000", 7: "0203040506", 11: "000042", 32: "100001", 37: "0000000000R1"},
			map[int]string{1: "VAL", 4: "user7@" + l.at.Handle})
		none(t, name+" resolve", func() {
			l.answers = l.answers[:0]
			l.take(resolve, 1)
		})
		answer := compose(t, l.at.Dialect, mtiPosting.Response(), map[int]string{4: "000000000500", 11: "000001", 37: "ABC000000001", 39: "00"}, nil)
		o := &order{payer: number, amount: 500}
		none(t, name+" answer", func() {
			l.run.open.open(1, 1, o)
			l.take(answer, 1)
		})
		if l.tally.malformed+l.tally.strange+l.tally.unmatched+l.tally.changed != 0 {
			t.Fatalf("%s: the messages were not taken: %+v", name, l.tally)
		}
	}
	l := newLink(t, 3, 0)
	r := l.run
	r.o.VPAShare = 0.5
	s := sender{run: r, dealer: newDealer(r.o), speakers: make([]speaker, len(r.stations))}
	for i, at := range r.stations {
		s.speakers[i] = newSpeaker(at)
	}
	n := int64(0)
	none(t, "request", func() {
		s.send(n, 1, 2)
		n++
		r.open.close(n)
		for _, l := range r.links {
			l.outbox = l.outbox[:0]
		}
		s.release()
	})
	if s.err != nil || r.overrun != 0 {
		t.Fatal(s.err, r.overrun)
	}
}

func none(t *testing.T, what string, f func()) {
	t.Helper()
	for range 1000 { // buffers grow first
		f()
	}
	if n := testing.AllocsPerRun(2000, f); n != 0 {
		t.Errorf("%s: %v allocations", what, n)
	}
}

// BenchmarkDebit is what the bank side costs for a leg: parse, book, answer.
func BenchmarkDebit(b *testing.B) {
	l := newLink(b, 2, 0)
	debit := legOf(b, l.at.Dialect, "401000", "0000000000D1")
	ref := bytes.Index(debit, []byte("0000000000D1"))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		copy(debit[ref:], digits(debit[ref:ref], uint64(n), 12))
		l.answers = l.answers[:0]
		l.take(debit, 1)
	}
}

// BenchmarkSend is what an own payment costs up to the outbox.
func BenchmarkSend(b *testing.B) {
	r := newLink(b, 3, 0).run
	s := sender{run: r, dealer: newDealer(r.o), speakers: make([]speaker, len(r.stations))}
	for i, at := range r.stations {
		s.speakers[i] = newSpeaker(at)
	}
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		s.send(n, 1, 2)
		r.open.close(n + 1)
		for _, l := range r.links {
			l.outbox = l.outbox[:0]
		}
	}
}
