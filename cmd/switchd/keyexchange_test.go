package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/codec/iso8583"
	"switchd/hsm"
	"switchd/hsm/soft"
	"switchd/switch/guard"
	guard8583 "switchd/switch/guard/iso8583"
)

// ownModule is the security module of a participant that a test plays: what it and
// the switch share is in both.
type ownModule struct {
	*soft.Module
	t testing.TB
}

// shared makes a key of two random components in this module and in another.
func (m ownModule) shared(other hsm.Keeper, n hsm.New, bytesOf int) {
	m.t.Helper()
	parts := [2][]byte{make([]byte, bytesOf), make([]byte, bytesOf)}
	for _, p := range parts {
		if _, err := rand.Read(p); err != nil {
			m.t.Fatal(err)
		}
	}
	for _, into := range []hsm.Keeper{m, other} {
		c := hsm.Components{New: n, Parts: []hsm.Component{{Part: hsm.CopySecret(parts[0])}, {Part: hsm.CopySecret(parts[1])}}}
		if _, err := into.ImportComponents(m.t.Context(), c); err != nil {
			m.t.Fatal(err)
		}
	}
}

// withModule gives the switch a key file, which fill fills, and its configuration hsm.
func (s *scheme) withModule(fill func(hsm.Keeper)) {
	s.t.Helper()
	s.keyFile(fill)
	text, err := os.ReadFile(s.config)
	if err == nil {
		err = os.WriteFile(s.config, []byte(strings.Replace(string(text), "\ndisk:", "\nhsm: {driver: soft, timeout: 60s, keys: keys.hsm, unlock: keys.unlock}\ndisk:", 1)), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// keyFile makes the key file of the switch.
func (s *scheme) keyFile(fill func(hsm.Keeper)) {
	s.t.Helper()
	key := bytes.Repeat([]byte{7}, 32)
	unlock := filepath.Join(s.dir, "keys.unlock")
	if err := os.WriteFile(unlock, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	m, err := soft.Create(soft.Options{Path: filepath.Join(s.dir, "keys.hsm"), Key: hsm.NewSecret(key), Clock: clock})
	if err != nil {
		s.t.Fatal(err)
	}
	fill(m)
	if err := m.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// coded is what a client sends and gets with codes.
type coded struct {
	*client
	module ownModule
	guard  guard.Guard
}

// frameOf is the frame of a message with its code.
func (c *coded) frameOf(m *message) []byte {
	c.t.Helper()
	b, err := c.guard.Protect(c.t.Context(), c.module, nil, c.encode(m), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.framed(b)
}

// proven checks the code of a message of the switch.
func (c *coded) proven(m *message) *message {
	c.t.Helper()
	if _, err := c.guard.Check(c.t.Context(), c.module, m.raw); err != nil {
		c.t.Errorf("a %s of the switch: %v", m.mti, err)
	}
	return m
}

// TestKeyExchange: a bank brings a new key as a key block; from the answer on both
// sides have it, and what is under way under the old one is taken still. A key that is
// not what it should be changes nothing.
func TestKeyExchange(t *testing.T) {
	t.Parallel()
	all := append([]schemeParticipant(nil), schemeParticipants[:2]...)
	all[0].Extra = "mac: {key: banka/zak, algorithm: AES-CMAC}, key_exchange: banka/zmk"
	s := newSchemeOf(t, longTimers, all, nil)
	own, err := soft.New(soft.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	bank := ownModule{own, t}
	zak := zakOf("banka/zak")
	s.withModule(func(k hsm.Keeper) {
		bank.shared(k, zmkOf("banka/zmk"), 32)
		bank.shared(k, zak, 16)
	})
	p := s.serve()
	spec, err := iso8583.Builtin(all[0].Dialect)
	if err != nil {
		t.Fatal(err)
	}
	scheme, err := guard8583.New(guard8583.Options{Spec: spec, MAC: guard8583.MAC{Key: zak.As, Algorithm: hsm.AESCMAC, Size: 8}})
	if err != nil {
		t.Fatal(err)
	}
	c := &coded{s.connect("BANKA"), bank, scheme.Open()}
	c.signOn()
	// asks sends a request whose frame was made before, and takes its answer.
	asks := func(m *message, frame []byte, code string) {
		t.Helper()
		c.write(frame)
		if a := c.proven(c.answerTo(m)); a.de[39] != code {
			t.Errorf("answered with %s, want %s", a.de[39], code)
		}
	}
	first, late, wrong := c.payAccount("BANKA", "BANKB"), c.payAccount("BANKA", "BANKB"), c.payAccount("BANKA", "BANKB")
	underOld := c.frameOf(late)
	asks(first, c.frameOf(first), "91") // BANKB is not there
	forged := c.frameOf(wrong)
	forged[len(forged)-1] = '0' + ('1'-forged[len(forged)-1])&1 // another digit, and a digit it must be
	asks(wrong, forged, "63")

	offers := func(purpose, block, kcv, code string) {
		t.Helper()
		m := c.network("161")
		m.de[48] = ""
		for _, tag := range [][2]string{{"030", purpose}, {"031", block}, {"032", kcv}} {
			m.de[48] += fmt.Sprintf("%s%03d%s", tag[0], len(tag[1]), tag[1])
		}
		c.send(m)
		if a := c.receive(); a.mti != "0810" || a.de[70] != "161" || a.de[39] != code {
			t.Errorf("the offer of a %s is answered by %s %v, want %s", purpose, a.mti, a.de, code)
		}
	}
	export := func() string {
		t.Helper()
		block, err := bank.ExportKey(t.Context(), hsm.Exporting{What: zak.As, Under: "banka/zmk", Version: 'D'})
		if err != nil {
			t.Fatal(err)
		}
		return block
	}
	old := export()
	info, err := bank.Rotate(t.Context(), hsm.Rotation{Ref: zak.As})
	if err != nil {
		t.Fatal(err)
	}
	block := export()
	spoilt := block[:40] + string(rune('0'+('9'-block[40])%10)) + block[41:]
	offers("ZAK", block, "000000", "88")
	offers("ZAK", spoilt, info.KCV.String(), "88")
	offers("ZPK", block, info.KCV.String(), "30") // it has no PINs
	offers("ZAK", "", "", "88")
	offers("ZAK", block, info.KCV.String(), "00")
	p.says(patience, `msg="key taken" participant=BANKA key=banka/zak event=key.taken version=2 kcv=`+info.KCV.String())
	offers("ZAK", block, info.KCV.String(), "00") // its answer may have been lost
	p.says(patience, `msg="key offered again, it is in place" participant=BANKA key=banka/zak event=key.again version=2`)
	offers("ZAK", old, "", "88") // an old block does not bring its key back
	if taken, refused := s.metric(`switchd_key_offers_total{result="taken"}`), s.metric(`switchd_key_offers_total{result="refused"}`); taken != 1 || refused != 5 {
		t.Errorf("%v taken, %v refused", taken, refused)
	}
	if said, _ := runs(t, 0, "keys", "audit", "--config", s.config); strings.Count(said, "participant BANKA: exchange banka/zak version 2 "+info.KCV.String()) != 2 ||
		strings.Count(said, " refused  participant BANKA: exchange") != 5 {
		t.Errorf("the audit file says\n%s", said)
	}

	fresh := c.payAccount("BANKA", "BANKB")
	asks(fresh, c.frameOf(fresh), "91")
	c.write(underOld)
	if a := c.proven(c.answerTo(late)); a.de[39] != "91" { // what the switch says is under the new key
		t.Errorf("under the old key: %s", a.de[39])
	}

	// The file has it.
	p.kill()
	s.serve()
	c.client = s.connect("BANKA")
	c.signOn()
	again := c.payAccount("BANKA", "BANKB")
	asks(again, c.frameOf(again), "91")
}
