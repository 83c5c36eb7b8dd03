package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"switchd/switch/simbank"
)

// TestBookLikeSimbank plays random legs, in random order and often again, to this
// book and to simbank's: they answer the same and end with the same net.
func TestBookLikeSimbank(t *testing.T) {
	const accounts = 5
	for seed := range uint64(50) {
		chance := rand.New(rand.NewPCG(seed, 1))
		own, other := newBook(accounts, 1000), simbank.NewBook(0)
		name := func(n int) simbank.Account { return simbank.AccountOf(fmt.Sprint(n)) }
		for i := range accounts {
			own.balances[i+1] = 10_000
			other.Open(name(i+1), 10_000)
		}
		for step := range 400 {
			ref := fmt.Sprintf("REF%09d", chance.IntN(40))
			account, amount := chance.IntN(accounts+1), chance.Int64N(3000)
			if n := chance.IntN(10); n > 0 { // mostly one content for one reference
				account, amount = 1+int(ref[11]-'0')%accounts, int64(ref[11])*20
			}
			key, ok := keyOf(100001, []byte(ref))
			if !ok {
				t.Fatal("no key")
			}
			theirs := simbank.Leg{Key: simbank.KeyOf("100001", ref), Account: name(account), Amount: amount}
			var got verdict
			var want simbank.Answer
			switch chance.IntN(4) {
			case 0:
				got, want = own.post(key, int32(account), amount, false), other.Debit(theirs, simbank.Verdict{})
			case 1:
				got, want = own.post(key, int32(account), amount, true), other.Credit(theirs, simbank.Verdict{})
			case 2:
				got, want = own.reverse(key, int32(account), amount), other.ReverseDebit(theirs)
			default:
				got, want = own.advise(key, int32(account), amount), other.AdviseCredit(theirs)
			}
			if got.code != [2]byte(want.Code) {
				t.Fatalf("seed %d step %d: answered %s, simbank %s", seed, step, got.code, want.Code)
			}
		}
		if net, _ := own.state(); net != other.Net() {
			t.Fatalf("seed %d: net %d, simbank's %d", seed, net, other.Net())
		}
	}
}

// TestBookForgets: memory has a bound, and what is still remembered posts once.
func TestBookForgets(t *testing.T) {
	b := newBook(1, 100)
	for i := range 1000 {
		for range 2 {
			if v := b.post(legKey{1, uint64(i)}, 1, 5, true); v.code != codeApproved {
				t.Fatal(v)
			}
		}
		if n := len(b.young) + len(b.old); n > 100 {
			t.Fatalf("%d legs remembered", n)
		}
	}
	if net, _ := b.state(); net != 5000 {
		t.Errorf("net %d", net)
	}
}

func TestKeyOf(t *testing.T) {
	seen := map[legKey]string{}
	for _, ref := range []string{"000000000000", "ZZZZZZZZZZZZ", "00000000000Z", "0000000000Z0", "123456789ABC"} {
		k, ok := keyOf(7, []byte(ref))
		if !ok || seen[k] != "" {
			t.Errorf("%s: %v %v, like %q", ref, k, ok, seen[k])
		}
		seen[k] = ref
	}
	for _, ref := range []string{"", "00000000000", "0000000000000", "00000000000a", "00000000000 "} {
		if _, ok := keyOf(7, []byte(ref)); ok {
			t.Errorf("%q is taken for a reference", ref)
		}
	}
}

func TestRing(t *testing.T) {
	r := newRing(8)
	o := &order{payer: 3, payee: 400, amount: 77}
	for n := int64(1); n <= 8; n++ {
		if !r.open(n, n*10, o) {
			t.Fatalf("payment %d found no room", n)
		}
	}
	if r.open(9, 90, o) {
		t.Error("a ninth payment found room in eight")
	}
	if _, ok := r.close(9); ok {
		t.Error("closed what was never opened")
	}
	p, ok := r.close(1)
	if !ok || p != (opened{number: 1, due: 10, amount: 77, payer: 3, payee: 400}) {
		t.Errorf("closed %+v", p)
	}
	if _, ok := r.close(1); ok {
		t.Error("closed twice")
	}
	if !r.open(9, 90, o) {
		t.Error("the room of a closed payment is not free")
	}
	left := 0
	r.each(func(opened) { left++ })
	if left != 8 {
		t.Errorf("%d are open", left)
	}
}
