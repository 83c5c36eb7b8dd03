package gnetio

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

const second = int64(time.Second)

// In no time does an address begin more handshakes than a burst and what its rate
// adds; the others' count is none of its business.
func TestGateRate(t *testing.T) {
	const rate, burst = 10, 30
	for seed := range uint64(10) {
		chance := rand.New(rand.NewPCG(seed, 1))
		g := newGate(rate, burst, 100)
		var begun []int64
		a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		now, slow := int64(5e18), int64(0)
		for range 3000 {
			now += chance.Int64N(second / 20)
			if ok, _ := g.begin(a, now); ok {
				begun = append(begun, now)
			}
			if now < slow {
				continue
			}
			slow = now + second/rate
			if ok, known := g.begin(b, now); known || !ok {
				t.Fatal("b, which keeps to the rate, pays for a")
			}
		}
		for i := range begun {
			for j := i; j < len(begun); j++ {
				if most := burst + int(rate*(begun[j]-begun[i])/second); j-i+1 > most {
					t.Fatalf("seed %d: %d handshakes within %v", seed, j-i+1, time.Duration(begun[j]-begun[i]))
				}
			}
		}
		if len(begun) < 700 {
			t.Errorf("seed %d: only %d handshakes", seed, len(begun))
		}
	}
}

// An IPv6 /64 is one source, an IPv4 address in IPv6 clothes is itself.
func TestSources(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::7"},
		{"192.0.2.1", "::ffff:192.0.2.1"},
		{"fe80::1%eth0", "fe80::2"},
	} {
		if a, b := sourceOf(netip.MustParseAddr(c.a)), sourceOf(netip.MustParseAddr(c.b)); a != b {
			t.Errorf("%s is %v, %s is %v", c.a, a, c.b, b)
		}
	}
	if sourceOf(netip.MustParseAddr("2001:db8:1:2::1")) == sourceOf(netip.MustParseAddr("2001:db8:1:3::1")) {
		t.Error("two networks are one source")
	}
}

// However many addresses come, the table does not grow, whoever stands in it keeps
// its own bucket, and the rest share one.
func TestGateIsBounded(t *testing.T) {
	const places = 64
	g := newGate(1, 5, places)
	bank := netip.MustParseAddr("198.51.100.1")
	now := int64(5e18)
	if ok, _ := g.begin(bank, now); !ok {
		t.Fatal("the first handshake is refused")
	}
	g.met(bank)
	g.met(netip.MustParseAddr("198.51.100.2")) // never seen
	passed := 0
	for i := range 100_000 {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		if ok, known := g.begin(a, now); ok {
			passed++
		} else if known {
			t.Fatal("a stranger is known")
		}
	}
	if len(g.index) != places || len(g.visitors) != places {
		t.Errorf("%d addresses in a table of %d", len(g.index), places)
	}
	if passed > places-1+5 {
		t.Errorf("%d handshakes of a flood", passed)
	}
	for i := range 4 {
		if ok, known := g.begin(bank, now); !ok || !known {
			t.Errorf("handshake %d of the bank: %v, known %v", i, ok, known)
		}
	}
	// Time gives places back, those of strangers first.
	for i := range 10_000 {
		now += 10 * second
		g.begin(netip.MustParseAddr(fmt.Sprintf("203.0.%d.%d", i/256, i%256)), now)
	}
	if _, known := g.begin(bank, now); !known || len(g.index) != places {
		t.Errorf("bank known: %v, %d addresses", known, len(g.index))
	}
}

// When participants have half of the table, their places are given away as well:
// one who changes address all day does not lock the others out of it.
func TestGateForgetsParticipantsToo(t *testing.T) {
	g := newGate(1, 5, 16)
	now := int64(5e18)
	for i := range 200 {
		a := netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		now += 10 * second
		if ok, _ := g.begin(a, now); !ok {
			t.Fatalf("address %d is refused", i)
		}
		g.met(a)
		if _, there := g.index[a]; !there {
			t.Fatalf("address %d has found no place", i)
		}
	}
	if len(g.index) != 16 || g.known > 16 {
		t.Errorf("%d addresses, %d known", len(g.index), g.known)
	}
}

func BenchmarkGate(b *testing.B) {
	g := newGate(50, 200, 8192)
	a := netip.MustParseAddr("192.0.2.1")
	b.ReportAllocs()
	now := int64(5e18)
	for b.Loop() {
		now += second / 50
		g.begin(a, now)
	}
}
