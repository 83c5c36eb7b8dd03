package simbank

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

func leg(ref, account string, amount int64) Leg {
	return Leg{Key: KeyOf("100001", ref), TxnID: TxnOf("T" + ref), Account: AccountOf(account), Amount: amount}
}

func newTestBook() *Book {
	b := NewBook(0)
	b.Open(AccountOf("1000010001"), 1000)
	b.Open(AccountOf("1000010002"), 1000)
	return b
}

// TestBookLegs walks the rules one by one: each step is an operation and the
// code that it must be answered with.
func TestBookLegs(t *testing.T) {
	const a1, a2, none = "1000010001", "1000010002", "1000019999"
	type step struct {
		op      string
		ref     string
		account string
		amount  int64
		want    string
	}
	cases := map[string]struct {
		steps []step
		net   int64
		tally Tally
	}{
		"debit and its repeat post once": {
			[]step{{"debit", "R1", a1, 400, "00"}, {"debit", "R1", a1, 400, "00"}}, -400,
			Tally{Debit: Count{Posted: 1}}},
		"insufficient funds stay insufficient for the same leg": {
			[]step{{"debit", "R1", a1, 1001, "51"}, {"credit", "R2", a1, 500, "00"}, {"debit", "R1", a1, 1001, "51"}}, 500,
			Tally{Debit: Count{Declined: 1}, Credit: Count{Posted: 1}}},
		"unknown accounts": {
			[]step{{"debit", "R1", none, 1, "77"}, {"credit", "R2", none, 1, "76"}}, 0,
			Tally{Debit: Count{Declined: 1}, Credit: Count{Declined: 1}}},
		"amounts that are none": {
			[]step{{"debit", "R1", a1, 0, "13"}, {"credit", "R2", a1, -5, "13"}, {"credit", "R3", a1, amountMax + 1, "13"}, {"advice", "R4", a1, 0, "13"}}, 0,
			Tally{Debit: Count{Declined: 1}, Credit: Count{Declined: 2}}},
		"reversal and its repeats give back once": {
			[]step{{"debit", "R1", a1, 400, "00"}, {"reverse", "R1", a1, 400, "00"}, {"reverse", "R1", a1, 400, "00"}, {"debit", "R1", a1, 400, "00"}}, 0,
			Tally{Debit: Count{Reversed: 1}}},
		"reversal of a declined debit": {
			[]step{{"debit", "R1", a1, 4000, "51"}, {"reverse", "R1", a1, 4000, "21"}}, 0,
			Tally{Debit: Count{Declined: 1}}},
		"reversal before its original declines it for good": {
			[]step{{"reverse", "R1", a1, 400, "25"}, {"debit", "R1", a1, 400, "94"}, {"debit", "R1", a1, 400, "94"}, {"reverse", "R1", a1, 400, "25"}}, 0,
			Tally{Debit: Count{ReversalFirst: 1}}},
		"same key, other content": {
			[]step{{"debit", "R1", a1, 400, "00"}, {"debit", "R1", a1, 401, "94"}, {"debit", "R1", a2, 400, "94"}, {"credit", "R1", a1, 400, "94"}, {"reverse", "R1", a1, 300, "94"}, {"advice", "R1", a1, 400, "94"}}, -400,
			Tally{Debit: Count{Posted: 1}}},
		"advice posts what was never seen, once": {
			[]step{{"advice", "R1", a1, 300, "00"}, {"advice", "R1", a1, 300, "00"}, {"credit", "R1", a1, 300, "00"}}, 300,
			Tally{Credit: Count{Posted: 1}}},
		"advice after the credit does nothing": {
			[]step{{"credit", "R1", a1, 300, "00"}, {"advice", "R1", a1, 300, "00"}}, 300,
			Tally{Credit: Count{Posted: 1}}},
		"advice overrules a decline": {
			[]step{{"credit", "R1", none, 300, "76"}, {"advice", "R1", none, 300, "00"}, {"credit", "R1", none, 300, "00"}}, 300,
			Tally{Credit: Count{Posted: 1}}},
		"advice overrules a fence that named neither account nor amount": {
			[]step{{"fence", "R1", "", 0, "25"}, {"advice", "R1", a1, 300, "00"}, {"credit", "R1", a1, 300, "00"}}, 300,
			Tally{Credit: Count{Posted: 1}}},
		"a credit cannot be reversed as a debit": {
			[]step{{"credit", "R1", a1, 300, "00"}, {"reverse", "R1", a1, 300, "94"}}, 300,
			Tally{Credit: Count{Posted: 1}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newTestBook()
			for i, s := range c.steps {
				if got := apply(b, s.op, leg(s.ref, s.account, s.amount), Verdict{}).Code.String(); got != s.want {
					t.Fatalf("step %d, %s: answer %s, want %s", i+1, s.op, got, s.want)
				}
			}
			if got := b.Net(); got != c.net {
				t.Errorf("net %d, want %d", got, c.net)
			}
			if got := b.Tally(); got != c.tally {
				t.Errorf("tally %+v, want %+v", got, c.tally)
			}
		})
	}
}

func apply(b *Book, op string, l Leg, v Verdict) Answer {
	switch op {
	case "debit":
		return b.Debit(l, v)
	case "credit":
		return b.Credit(l, v)
	case "reverse":
		return b.ReverseDebit(l)
	case "fence":
		return b.Fence(l)
	default:
		return b.AdviseCredit(l)
	}
}

func TestBookVerdicts(t *testing.T) {
	b := newTestBook()
	const a1 = "1000010001"
	declined := b.Debit(leg("R1", a1, 10), Verdict{Decline: CodeOf("05")})
	lied := b.Debit(leg("R2", a1, 10), Verdict{Tell: CodeOf("91")})
	again := b.Debit(leg("R2", a1, 10), Verdict{})
	if declined.Code.String() != "05" || lied.Code.String() != "91" || again.Code.String() != "91" || !again.Repeat {
		t.Fatalf("answers %v %v %v", declined, lied, again)
	}
	if got := b.Net(); got != -10 {
		t.Fatalf("net %d: the told-otherwise debit posts, the declined one does not", got)
	}
	if got := b.ReverseDebit(leg("R1", a1, 10)).Code; got != NothingDone {
		t.Errorf("reversal of a declined leg: %v", got)
	}
	if got := b.ReverseDebit(leg("R2", a1, 10)).Code; got != Approved {
		t.Errorf("reversal of an ambiguous leg: %v", got)
	}
}

func TestBookApprovalsAndSuspense(t *testing.T) {
	b := newTestBook()
	first := b.Credit(leg("R1", "1000010001", 5), Verdict{})
	second := b.Credit(leg("R2", "1000010001", 5), Verdict{})
	again := b.Credit(leg("R1", "1000010001", 5), Verdict{})
	if first.Approval.String() != "000001" || second.Approval.String() != "000002" || again.Approval != first.Approval {
		t.Fatalf("approvals %v %v %v", first.Approval, second.Approval, again.Approval)
	}
	b.AdviseCredit(leg("R3", "nowhere", 7))
	if b.Suspense() != 7 || b.Net() != 17 {
		t.Fatalf("suspense %d, net %d", b.Suspense(), b.Net())
	}
	if balance, ok := b.Balance(AccountOf("1000010001")); !ok || balance != 1010 {
		t.Fatalf("balance %d %v", balance, ok)
	}
	if _, ok := b.Balance(AccountOf("nowhere")); ok {
		t.Fatal("a balance of an account that is not kept")
	}
}

func TestBookFullRefusesAndPostsNothing(t *testing.T) {
	b := NewBook(1)
	b.Open(AccountOf("A"), 100)
	b.Debit(leg("R1", "A", 10), Verdict{})
	for _, op := range []string{"debit", "credit", "reverse", "advice"} {
		if got := apply(b, op, leg("R-"+op, "A", 10), Verdict{}).Code; got != Malfunction {
			t.Errorf("%s on a full book: %v", op, got)
		}
	}
	if b.Net() != -10 || b.ReverseDebit(leg("R1", "A", 10)).Code != Approved {
		t.Error("a full book must still know what it has")
	}
}

func TestAccountMasksItself(t *testing.T) {
	a := AccountOf("1000010042")
	asJSON, _ := json.Marshal(a)
	for _, s := range []string{a.String(), fmt.Sprintf("%v %s %x %d %+v %#v", a, a, a, a, leg("R", "1000010042", 1), a), string(asJSON)} {
		if strings.Contains(s, "100001004") || strings.Contains(s, "3130303030313030") {
			t.Errorf("account shown: %s", s)
		}
	}
}

// model is the book as one would write it on a napkin: a list of what happened,
// searched from the start each time, and sums made afresh.
type model struct {
	opening map[string]int64
	legs    []*napkin
}

type napkin struct {
	ref, account string
	kind         Kind
	amount       int64
	state        State
	code         string
}

func (m *model) balance(account string) int64 {
	sum := m.opening[account]
	for _, l := range m.legs {
		if l.account == account && l.state == Posted {
			if l.kind == Debit {
				sum -= l.amount
			} else {
				sum += l.amount
			}
		}
	}
	return sum
}

func (m *model) find(ref string) *napkin {
	for _, l := range m.legs {
		if l.ref == ref {
			return l
		}
	}
	return nil
}

func (m *model) apply(op, ref, account string, amount int64) string {
	kind := Debit
	if op == "credit" || op == "advice" {
		kind = Credit
	}
	known := m.find(ref)
	if known != nil && (known.kind != kind || known.account != account || known.amount != amount) {
		return "94"
	}
	_, kept := m.opening[account]
	add := func(s State, code string) string {
		m.legs = append(m.legs, &napkin{ref, account, kind, amount, s, code})
		return code
	}
	switch {
	case known == nil && op == "reverse":
		add(ReversalFirst, "94")
		return "25"
	case known == nil && op == "advice":
		return add(Posted, "00")
	case known == nil && !kept:
		return add(Declined, map[Kind]string{Debit: "77", Credit: "76"}[kind])
	case known == nil && kind == Debit && m.balance(account) < amount:
		return add(Declined, "51")
	case known == nil:
		return add(Posted, "00")
	case op == "reverse":
		code := map[State]string{Posted: "00", Reversed: "00", Declined: "21", ReversalFirst: "25"}[known.state]
		if known.state == Posted {
			known.state = Reversed
		}
		return code
	case op == "advice":
		known.state, known.code = Posted, "00"
	}
	return known.code
}

// TestBookAgainstModel plays random legs, many of them repeats and clashes,
// against the model and compares every answer and, at times, all sums.
func TestBookAgainstModel(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		rng := rand.New(rand.NewPCG(seed, 8583))
		b, m := NewBook(0), &model{opening: map[string]int64{}}
		accounts := []string{"A1", "A2", "A3", "nowhere"}
		for _, a := range accounts[:3] {
			m.opening[a] = 500
			b.Open(AccountOf(a), 500)
		}
		ops := []string{"debit", "debit", "credit", "reverse", "advice"}
		for step := range 1500 {
			n := rng.IntN(400)
			op, ref := ops[rng.IntN(len(ops))], fmt.Sprintf("R%d", n)
			// Mostly the content belongs to the reference, so that repeats
			// meet their leg; now and then it does not.
			account, amount := accounts[n%4], int64(n%90+1)
			if rng.IntN(20) == 0 {
				account, amount = accounts[rng.IntN(4)], int64(rng.IntN(90)+1)
			}
			want := m.apply(op, ref, account, amount)
			if got := apply(b, op, leg(ref, account, amount), Verdict{}).Code.String(); got != want {
				t.Fatalf("seed %d step %d: %s %s: %s, model says %s", seed, step, op, ref, got, want)
			}
			if step%100 == 99 {
				compare(t, b, m, accounts[:3])
			}
		}
	}
}

func compare(t *testing.T, b *Book, m *model, accounts []string) {
	t.Helper()
	var net int64
	for _, l := range m.legs {
		if l.state == Posted && l.kind == Debit {
			net -= l.amount
		} else if l.state == Posted {
			net += l.amount
		}
	}
	if b.Net() != net {
		t.Fatalf("net %d, model says %d", b.Net(), net)
	}
	for _, a := range accounts {
		if got, _ := b.Balance(AccountOf(a)); got != m.balance(a) {
			t.Fatalf("balance %d, model says %d", got, m.balance(a))
		}
	}
	i := 0
	for e := range b.Entries() {
		want := m.legs[i]
		if e.Ref != want.ref || e.TxnID != "T"+want.ref || e.Kind != want.kind || e.Amount != want.amount || e.State != want.state || e.Code.String() != want.code {
			t.Fatalf("entry %d is %+v, model says %+v", i, e, *want)
		}
		i++
	}
	if i != len(m.legs) {
		t.Fatalf("%d entries, model has %d", i, len(m.legs))
	}
}

// TestBookConcurrent lets several goroutines fight over the same legs: each leg
// may post once.
func TestBookConcurrent(t *testing.T) {
	b := NewBook(0)
	b.Open(AccountOf("A"), 1_000_000)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 1000 {
				l := leg(fmt.Sprintf("R%d", i), "A", 10)
				b.Debit(l, Verdict{})
				if i%2 == 0 {
					b.ReverseDebit(l)
				}
				for range b.Entries() {
					break
				}
			}
		})
	}
	wg.Wait()
	if b.Net() != -5000 {
		t.Fatalf("net %d, want -5000", b.Net())
	}
}

func BenchmarkBookDebit(b *testing.B) {
	book := NewBook(legsCeiling)
	book.Open(AccountOf("1000010001"), 1<<60)
	account, inst := []byte("1000010001"), []byte("100001")
	ref := []byte("000000000000")
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		for at, v := len(ref)-1, n%8_000_000; at >= 0; at-- {
			ref[at] = byte('0' + v%10)
			v /= 10
		}
		book.Debit(Leg{Key: KeyOf(inst, ref), TxnID: TxnOf(ref), Account: AccountOf(account), Amount: 1}, Verdict{})
	}
}
