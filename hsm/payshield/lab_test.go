package payshield_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net"
	"os"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/payshield"
	"switchd/hsm/payshieldsim"
)

// lab is a module and the simulator that it asks, over the loopback.
type lab struct {
	*hand
	lmk    *payshieldsim.LMK
	server *payshieldsim.Server
	addr   string
	table  string
	end    func() // stops the server
}

// key is an entry of a table, with a clear key.
type key struct {
	name   string
	scheme byte
	kind   string // type, of a key that is no key block
	plain  payshieldsim.Plain
}

// tableOf writes a table of keys under an LMK.
func tableOf(t testing.TB, lmk *payshieldsim.LMK, keys []key) string {
	t.Helper()
	entries := []json.RawMessage{}
	for _, k := range keys {
		p := k.plain
		p.Scheme, p.Type = k.scheme, k.kind
		protected, err := lmk.Protect(p, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := payshield.Entry(protected, k.kind, hsm.KeyInfo{
			Ref: hsm.KeyRef(k.name), Usage: p.Usage, Algorithm: p.Algorithm, Mode: p.Mode, Export: p.Export, Bits: 8 * p.Bytes.Len(),
		})
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry)
	}
	text, err := json.Marshal(map[string]any{"version": 1, "lmk": lmk.Check(), "keys": entries})
	if err != nil {
		t.Fatal(err)
	}
	return keyFile(t, string(text))
}

// serve starts a simulator on an address.
func (l *lab) serve(t testing.TB, faults ...string) {
	t.Helper()
	o := payshieldsim.Options{LMK: l.lmk}
	for _, text := range faults {
		f, err := payshieldsim.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Faults = append(o.Faults, f)
	}
	server, err := payshieldsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	addr := l.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	l.addr, l.server = listener.Addr().String(), server
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	l.end = func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		done <- nil
	}
	t.Cleanup(l.end)
}

func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// realWait waits by the clock, for tests that only need waits to end.
func realWait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// newLab starts a simulator with faults, and a module with keys.
func newLab(t testing.TB, o payshield.Options, keys []key, faults ...string) *lab {
	t.Helper()
	lmk, err := payshieldsim.GenerateLMK(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{lmk: lmk}
	l.serve(t, faults...)
	l.table = tableOf(t, lmk, keys)
	o.Table, o.Addresses = l.table, []string{l.addr}
	if o.Dial == nil {
		o.Dial = dialTCP
	}
	l.hand = begin(t, o, nil).up(t)
	return l
}

// zmkAES and the others are keys that tests share with partners.
var (
	zmkAES  = plain(hsm.KeyProtection, hsm.AES, hsm.BothWays, hsm.NotExportable, 32)
	zmkTDES = plain(hsm.KeyProtection, hsm.TDES, hsm.BothWays, hsm.NotExportable, 24)
)

// plain is a random key; with TDES, of odd parity.
func plain(u hsm.Usage, a hsm.Algorithm, m hsm.Mode, e hsm.Export, size int) payshieldsim.Plain {
	b := make([]byte, size)
	rand.Read(b)
	if a != hsm.AES {
		for i, v := range b {
			b[i] = v &^ 1
			if ones(v&^1)%2 == 0 {
				b[i] |= 1
			}
		}
	}
	return payshieldsim.Plain{Usage: u, Algorithm: a, Mode: m, Export: e, Bytes: hsm.NewSecret(b)}
}

func ones(b byte) (n int) {
	for ; b != 0; b &= b - 1 {
		n++
	}
	return n
}

// readTable is what a table's file has.
func readTable(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
