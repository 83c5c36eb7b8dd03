package vault

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
	"switchd/switch/guard"
)

type ahead int64

func (a *ahead) now() int64 { return int64(*a) }

func pin(b byte) guard.PIN {
	return guard.PIN{Zone: guard.Zone{Key: "banka/zpk"}, Block: hsm.NewSecret([]byte{b, 2, 3}), Account: hsm.NewSecret([]byte("123"))}
}

// gone tells whether a block has been wiped.
func gone(p guard.PIN) bool { return p.Block.Len() == 0 && p.Account.Len() == 0 }

func TestBlockIsGivenOutOnce(t *testing.T) {
	var clock ahead
	v, other := New(Options{Clock: clock.now}), New(Options{Clock: clock.now})
	a, err := v.Put(pin(1))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := v.Put(pin(9))
	if a == b || strings.Trim(string(a[:]), "0123456789abcdef") != "" {
		t.Errorf("tokens %q, %q", a, b)
	}
	if _, ok := other.Take(a[:]); ok {
		t.Error("another process has it")
	}
	p, ok := v.Take(a[:])
	if !ok || p.Block.Reveal()[0] != 1 || p.Zone.Key != "banka/zpk" {
		t.Errorf("%v %v", p, ok)
	}
	for _, token := range [][]byte{a[:], nil, a[:31], []byte(strings.Repeat("z", 32)), []byte(strings.Repeat("0", 32))} {
		if _, ok := v.Take(token); ok {
			t.Errorf("%q has a block", token)
		}
	}
	if p, ok := v.Take(b[:]); !ok || p.Block.Reveal()[0] != 9 || v.Len() != 0 {
		t.Errorf("%v %v, %d left", p, ok, v.Len())
	}
}

func TestBlocksAreWipedInTime(t *testing.T) {
	var clock ahead
	r := prometheus.NewRegistry()
	v := New(Options{Clock: clock.now, Keep: time.Second, Max: 8, Registry: r}) // two of one sender
	first, second, third := pin(1), pin(2), pin(3)
	a, _ := v.Put(first)
	clock = ahead(time.Second / 2)
	b, _ := v.Put(second)
	if _, err := v.Put(third); err != ErrFull || !gone(third) {
		t.Errorf("%v, wiped %v", err, gone(third))
	}
	clock = ahead(time.Second)
	if _, ok := v.Take(a[:]); ok || !gone(first) || gone(second) {
		t.Errorf("given %v, wiped %v and %v", ok, gone(first), gone(second))
	}
	fourth := pin(4)
	if _, err := v.Put(fourth); err != nil {
		t.Error(err)
	}
	if p, ok := v.Take(b[:]); !ok || gone(p) {
		t.Error("a block is gone before its time")
	}
	for name, want := range map[string]float64{"switchd_vault_blocks": 1, "switchd_vault_expired_total": 1, "switchd_vault_refused_total": 1} {
		if got := value(t, r, name); got != want {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := v.Run(ctx); err != nil || !gone(fourth) || v.Len() != 0 {
		t.Errorf("%v, wiped %v, %d left", err, gone(fourth), v.Len())
	}
}

// TestOrderDoesNotGrow: blocks that are taken leave nothing behind for longer than
// they would have been kept.
func TestOrderDoesNotGrow(t *testing.T) {
	var clock ahead
	v := New(Options{Clock: clock.now, Keep: time.Second})
	for range 100_000 {
		clock += ahead(time.Millisecond)
		token, err := v.Put(guard.PIN{})
		if err != nil {
			t.Fatal(err)
		}
		v.Take(token[:])
	}
	if len(v.order) > 1000 {
		t.Errorf("%d entries", len(v.order))
	}
}

// TestOneSenderDoesNotFillTheVault: it has a quarter, the others the rest.
func TestOneSenderDoesNotFillTheVault(t *testing.T) {
	var clock ahead
	v := New(Options{Clock: clock.now, Max: 8})
	of := func(key hsm.KeyRef) error {
		_, err := v.Put(guard.PIN{Zone: guard.Zone{Key: key}})
		return err
	}
	for range 2 {
		if err := of("greedy"); err != nil {
			t.Error(err)
		}
	}
	if err := of("greedy"); err != ErrFull {
		t.Errorf("a third: %v", err)
	}
	for _, key := range []hsm.KeyRef{"a", "a", "b", "b", "c", "c"} {
		if err := of(key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if err := of("d"); err != ErrFull {
		t.Errorf("a ninth: %v", err)
	}
	clock = ahead(time.Hour)
	if err := of("greedy"); err != nil || len(v.by) != 1 {
		t.Errorf("when their time is over: %v, %d senders", err, len(v.by))
	}
}

func TestVaultSaysNothing(t *testing.T) {
	var clock ahead
	v := New(Options{Clock: clock.now})
	v.Put(guard.PIN{Block: hsm.NewSecret([]byte("\xde\xad\xbe\xef")), Account: hsm.NewSecret([]byte("4000123412341234"))})
	for _, said := range []string{fmt.Sprintf("%v", v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v)} {
		for _, secret := range []string{"4000", "deadbeef", "222 173", "0xde, 0xad"} {
			if strings.Contains(said, secret) {
				t.Errorf("%q is in %q", secret, said)
			}
		}
	}
}

func value(t *testing.T, r *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
