package bench

import (
	"testing"

	"switchd/codec/iso20022"
)

// TestFates: as many payments as asked for are to end otherwise, and the same in each
// run; without shares amounts mean nothing.
func TestFates(t *testing.T) {
	o := options(t, 3)
	o.Declines, o.Silence = 0.2, 0.05
	d, again := newDealer(&o), newDealer(&o)
	count := map[fate]int{}
	const orders = 20_000
	for range orders {
		next := d.next()
		if next != again.next() {
			t.Fatal("two dealers of one seed give other orders")
		}
		if next.amount < fates || next.amount > o.AmountMax+fates {
			t.Fatalf("amount %d", next.amount)
		}
		count[o.fateOf(next.amount)]++
	}
	for f, share := range map[fate]float64{fateDone: 0.7, fateNoFunds: 0.15, fateRefused: 0.05, fateDebitSilent: 0.05, fateCreditSilent: 0.05} {
		if got := float64(count[f]) / orders; got < share-0.01 || got > share+0.01 {
			t.Errorf("fate %d: %.3f of the payments, want %g", f, got, share)
		}
	}
	plain := options(t, 3)
	for amount := range int64(2 * fates) {
		if plain.fateOf(amount) != fateDone {
			t.Errorf("amount %d means something", amount)
		}
	}
}

// TestRight: each fate has its ending, in both protocols, and no other.
func TestRight(t *testing.T) {
	endings := []struct {
		code   string
		deemed bool
		of     []fate
	}{
		{"00", false, []fate{fateDone}},
		{"51", false, []fate{fateNoFunds}}, {"AM04", false, []fate{fateNoFunds}},
		{"21", false, []fate{fateRefused}}, {"AB05", false, []fate{fateRefused}}, {"05", false, []fate{fateRefused}},
		{"68", false, []fate{fateDebitSilent}}, {"AB11", false, []fate{fateDebitSilent}},
		{"68", true, []fate{fateCreditSilent}}, {"AB05", true, []fate{fateCreditSilent}},
		{"91", false, nil}, {"PDNG", false, nil}, {"", false, nil},
	}
	for _, e := range endings {
		for f := range fate(fates) {
			want := false
			for _, one := range e.of {
				want = want || one == f
			}
			if got := f.right(ending{[]byte(e.code), e.deemed}); got != want {
				t.Errorf("fate %d told %q, deemed %t: right is %t", f, e.code, e.deemed, got)
			}
		}
	}
}

// TestFatesAtTheBank: what the bank of each protocol does with a leg, by its amount.
func TestFatesAtTheBank(t *testing.T) {
	for _, c := range []struct {
		amount int64
		credit bool
		code   string // empty: no answer
		net    int64
	}{
		{800, false, "00", -800}, {800, true, "00", 800},
		{801, false, "51", 0}, {801, true, "00", 801},
		{802, false, "00", -802}, {802, true, "05", 0},
		{803, false, "", -803}, {803, true, "00", 803},
		{804, false, "00", -804}, {804, true, "", 0},
	} {
		l := newLink(t, 2, 0)
		l.run.o.Silence = 0.1
		fields := map[int]string{
			3: "401000", 4: string(digits(nil, uint64(c.amount), 12)), 7: "0203040506", 11: "000042", 32: "100001", 33: "999999", 37: "0000000000D1", 49: "356",
			102: string(l.at.account(nil, 7)), 103: string(l.at.account(nil, 7)),
		}
		if c.credit {
			fields[3] = "210010"
		}
		l.take(compose(t, l.at.Dialect, mtiPosting, fields, nil), 0)
		code := ""
		if len(l.answers) > 0 {
			code = string(l.reads(t).Value(39))
		}
		if net, _ := l.at.book.state(); code != c.code || net != c.net {
			t.Errorf("amount %d, credit %t: answered %q, book %d; want %q, %d", c.amount, c.credit, code, net, c.code, c.net)
		}

		x := xmlRun(t)
		x.run.o.Silence = 0.1
		name, id, instrument := "pacs.003", "SWD0000000000A1D00", "DEBIT"
		if c.credit {
			name, id, instrument = "pacs.008", "SWD0000000000A1C00", "CREDIT"
		}
		leg := legFields(id, instrument, string(x.at.account(nil, 7)))
		leg[iso20022.Amount] = string(iso20022.AppendAmount(nil, c.amount, 2))
		x.take(x.writes(t, name, id, leg), 0)
		want := map[string]string{"00": "", "51": "AM04", "05": "MS03"}[c.code]
		if c.code == "" != (len(x.answers) == 0) {
			t.Errorf("amount %d, credit %t: %d bytes of answer in ISO 20022", c.amount, c.credit, len(x.answers))
		} else if c.code != "" {
			if got := string(x.readsXML(t).Text(iso20022.ReasonCode)); got != want {
				t.Errorf("amount %d, credit %t: reason %q, want %q", c.amount, c.credit, got, want)
			}
		}
		if net, _ := x.at.book.state(); net != c.net {
			t.Errorf("amount %d, credit %t: book %d in ISO 20022, want %d", c.amount, c.credit, net, c.net)
		}
	}
}

// TestTallyOfFates: expected declines and silence are apart, and count as they should.
func TestTallyOfFates(t *testing.T) {
	l := newLink(t, 2, 0)
	l.run.o.Silence = 0.1
	for n, c := range []struct{ code, upi string }{{"00", ""}, {"51", ""}, {"21", ""}, {"68", "U67"}, {"68", "BT"}, {"68", "BT"}, {"00", ""}} {
		amount := int64(800 + n)
		if n >= 5 {
			amount = 800 + int64(n-5) // a deemed payment and a decline that were to be something else
		}
		l.run.open.open(int64(n+1), 1, &order{payer: 0, payee: 1, amount: amount})
		tags := map[int]string{}
		if c.upi != "" {
			tags[tagUPI] = c.upi
		}
		l.take(compose(t, l.at.Dialect, mtiPosting.Response(), map[int]string{
			4: string(digits(nil, uint64(amount), 12)), 11: string(digits(nil, uint64(n+1), 6)), 37: "ABC" + string(digits(nil, uint64(n+1), 9)), 39: c.code,
		}, tags), 10)
	}
	tl := &l.tally
	if tl.measured != 7 || tl.measuredSuccess != 1 || tl.declined != 2 || tl.silent != 2 || tl.right() != 5 || len(tl.declines()) != 2 {
		t.Errorf("%+v", tl)
	}
	if moved := int64(800 + 804 + 800 + 801); tl.told[1] != moved || tl.told[0] != -moved {
		t.Errorf("told %v, want %d", tl.told, moved)
	}
	if n := tl.latency.TotalCount(); n != 5 {
		t.Errorf("%d latencies: silent payments have none", n)
	}
}
