package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchd/hsm/payshieldsim"
	"switchd/switch/simbank"
)

// labModule is a simulated module at one address, which can be started again with
// other faults.
type labModule struct {
	t       *testing.T
	lmk     *payshieldsim.LMK
	file    string // of the LMK
	address string
	stop    func()
}

func newLabModule(t *testing.T) *labModule {
	t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	m := &labModule{t: t, file: filepath.Join(t.TempDir(), "lab.lmk"), address: fixedAddress(t), stop: func() {}}
	if err := os.WriteFile(m.file, []byte(hex.EncodeToString(secret)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if m.lmk, err = payshieldsim.ReadLMK(m.file); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.stop() })
	return m
}

// start ends the module that is there and starts one with faults.
func (m *labModule) start(faults ...string) {
	m.t.Helper()
	m.stop()
	o := payshieldsim.Options{LMK: m.lmk}
	for _, text := range faults {
		f, err := payshieldsim.ParseFault(text)
		if err != nil {
			m.t.Fatal(err)
		}
		o.Faults = append(o.Faults, f)
	}
	server, err := payshieldsim.New(o)
	if err != nil {
		m.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", m.address)
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	m.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			m.t.Error(err)
		}
		m.stop = func() {}
	}
}

// table writes the file of what the module has given for a key of X9.19.
func (m *labModule) table(name, key string) string {
	m.t.Helper()
	f := hsmsimKeyFlags{lmk: m.file, name: name, usage: "M3", algorithm: "T", mode: "C", export: "N", scheme: "S"}
	entry, err := f.protect(strings.NewReader(key + "\n"))
	if err != nil {
		m.t.Fatal(err)
	}
	file := filepath.Join(m.t.TempDir(), "keys.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, `{"version": 1, "keys": [%s]}`, entry), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return file
}

// labKey is the key of X9.19 that participants with codes share with the lab's module.
const labKey = "0123456789ABCDEFFEDCBA9876543210"

// TestModuleFails: whatever the security module does, payments of participants that
// need it end by the rules, those of others all succeed meanwhile, and afterwards
// everything goes on and all books agree.
func TestModuleFails(t *testing.T) {
	lab := newLabModule(t)
	lab.start()
	all := pairs(2)
	for i := 2; i < 4; i++ {
		all[i].Extra += ", mac: {key: lab/zak, algorithm: X9.19}, timers: {" + quickTimers + "}"
	}
	in := newInside(t, calmTimers, all, func(o *simbank.Options) {
		o.AnswerTimeout, o.RepeatsMax = 500*time.Millisecond, 200
	}, fmt.Sprintf("hsm: {driver: payshield, keys: %s, addresses: [%q], workers: 4, queue: 64, timeout: 300ms}", lab.table("lab/zak", labKey), lab.address))
	payer, payee := in.members["PAYER01"], in.members["PAYEE01"]
	pays := func(i int) simbank.Order {
		o := payee.to(100)
		o.PayerAccount = payer.account(i%90 + 1)
		return o
	}
	recovers := func() {
		t.Helper()
		lab.start()
		until(t, patience, "payments go through the module again", func() bool { return atOnce(t, 1, payer, pays)["success"] == 1 })
	}
	// failed is how many messages the module has failed.
	failed := func() (n float64) {
		for _, name := range []string{`switchd_messages_unprotected_total{reason="module"}`, `switchd_messages_unprotected_total{reason="key"}`} {
			n += in.metric(name)
		}
		for _, id := range []string{"PAYER01", "PAYEE01"} {
			n += in.metric(fmt.Sprintf(`switchd_messages_unproven_total{participant=%q,why="down"}`, id))
		}
		return n
	}
	recovers()
	stop := in.trickle(in.members["PAYER00"], in.members["PAYEE00"])
	until(t, patience, "payments beside the module", func() bool { return in.members["PAYER00"].Stats().Success >= 100 })
	_, _, before := stop()
	for _, faults := range [][]string{
		{"M6:delay=30ms", "M8:delay=30ms"}, // slow, and in time
		{"M6:hang"}, {"M8:hang"},           // hung, either way
		{"M8:hang/3"}, {"M6:wrong/5"}, {"M8:unknown/4"}, {"M6:garbage/7"}, {"M8:cut/5"}, {"M6:cut/5"}, {"M8:close/6"},
		{"M6:error=68/3"}, {"M8:error=15/3"}, {"M6:twice"},
		nil, // gone
	} {
		if lab.stop(); faults != nil {
			lab.start(faults...)
			until(t, patience, "the module answers", func() bool { _, err := in.node.security.module.Health(t.Context()); return err == nil })
		}
		stop, met := in.trickle(in.members["PAYER00"], in.members["PAYEE00"]), failed()
		ended := make(chan map[string]int, 1)
		go func() { ended <- atOnce(t, 40, payer, pays) }()
		var got map[string]int
		until(t, patience, "the fault is met, or it is none", func() bool {
			select {
			case got = <-ended:
				return true
			default:
				return failed() >= met+20
			}
		})
		recovers()
		if got == nil {
			got = <-ended
		}
		paid, wrong, took := stop()
		if len(wrong) > 0 {
			t.Errorf("%q: of %d payments beside the module: %v", faults, paid, wrong)
		}
		if got["unanswered"] > 0 {
			t.Errorf("%q: %v", faults, got)
		}
		t.Logf("%-34q %v; %.0f messages not protected or not proven; beside it %d payments, p50 %v (%v before)", faults, got, failed()-met, paid, took.at(50), before.at(50))
	}
	in.balanced()
}
