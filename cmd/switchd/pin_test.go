package main

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/pinblock"
	"switchd/hsm/symmetric"
)

// zoneOf is what a participant that a test plays makes and reads PIN blocks with.
type zoneOf struct {
	t   testing.TB
	key hsm.Secret
}

// newZone makes a zone key in the switch's module, and the participant's copy.
func (s *scheme) newZone(into hsm.Keeper, as hsm.KeyRef) zoneOf {
	s.t.Helper()
	file := filepath.Join(s.dir, strings.ReplaceAll(string(as), "/", "-")+".key")
	k := demoKey{as: as, usage: hsm.PINEncryption, mode: hsm.BothWays}
	if err := k.share(into, file); err != nil {
		s.t.Fatal(err)
	}
	key, err := readKey(file)
	if err != nil {
		s.t.Fatal(err)
	}
	return zoneOf{s.t, key}
}

func (z zoneOf) binding(account string) pinblock.Binding {
	z.t.Helper()
	key, err := symmetric.New(hsm.TDES, z.key.Reveal())
	if err != nil {
		z.t.Fatal(err)
	}
	bound, err := pinblock.BankAccount([]byte(account), pinblock.Padded13)
	if err != nil {
		z.t.Fatal(err)
	}
	return pinblock.Binding{Format: hsm.ISO0, Key: key, Account: bound}
}

// block is the encrypted block of a PIN.
func (z zoneOf) block(account, pin string) string {
	z.t.Helper()
	p, err := pinblock.ParsePIN([]byte(pin))
	if err != nil {
		z.t.Fatal(err)
	}
	out := make([]byte, 8)
	if err := pinblock.Encrypt(out, &p, z.binding(account), rand.Reader); err != nil {
		z.t.Fatal(err)
	}
	return string(out)
}

// pin reads a block; empty: it is none of this zone and account.
func (z zoneOf) pin(account, block string) string {
	var p pinblock.PIN
	if pinblock.Decrypt(&p, []byte(block), z.binding(account)) != nil {
		return ""
	}
	var digits [12]byte
	return string(digits[:p.Digits(digits[:])])
}

// newPINs is a scheme whose first two participants have PINs, in zones of their own,
// and are played by the test. The first one's PSP enters them, the second keeps the
// payer's account, or the other way round.
func newPINs(t *testing.T) (s *scheme, first, second zoneOf) {
	t.Helper()
	all := append([]schemeParticipant(nil), schemeParticipants[2:4]...)
	all[0].Extra = "pin: {key: bankc/zpk, format: ISO-0}"
	all[1].Extra = "pin: {key: bankd/zpk, format: ISO-0}"
	s = newSchemeOf(t, longTimers, all, nil)
	s.withModule(func(k hsm.Keeper) {
		first, second = s.newZone(k, "bankc/zpk"), s.newZone(k, "bankd/zpk")
		zak := zakOf("bankd/zak") // which is for no PIN
		zak.Bits = 128
		if _, err := k.Generate(t.Context(), zak); err != nil {
			t.Fatal(err)
		}
	})
	return s, first, second
}

// pspAndBank are the two, signed on.
func (s *scheme) pspAndBank() (psp, bank *client) {
	s.t.Helper()
	psp, bank = s.connect("BANKC"), s.connect("BANKD")
	psp.signOn()
	bank.signOn()
	return psp, bank
}

// TestPINThroughTheSwitch: the bank of the payer reads the PIN that was entered at
// another, under its own key; what it says of it is what the PSP is told.
func TestPINThroughTheSwitch(t *testing.T) {
	t.Parallel()
	s, entered, kept := newPINs(t)
	p := s.serve()
	psp, bank := s.pspAndBank()
	for _, code := range []string{"00", "55"} {
		m := psp.payAccount("BANKD", "BANKC")
		account, pin := m.de[102], "246801"
		m.de[52] = entered.block(account, pin)
		psp.send(m)
		debit := bank.receive()
		if got := kept.pin(account, debit.de[52]); got != pin || debit.tags[1] != "DEBIT" || debit.de[52] == m.de[52] {
			t.Fatalf("a %s with the PIN %q, want %q in a block of its own", debit.tags[1], got, pin)
		}
		bank.send(debit.answer(code, 3, 4, 7, 11, 32, 33, 37, 49, 102, 103))
		if code == "00" {
			credit := psp.receive()
			if credit.de[52] != "" {
				t.Error("the credit has a PIN")
			}
			psp.send(credit.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103))
		}
		if a := psp.answerTo(m); a.de[39] != code || a.de[52] != "" {
			t.Errorf("told %s, want %s", a.de[39], code)
		}
	}
	// A block under a key that the switch does not have leads nowhere.
	m := psp.payAccount("BANKD", "BANKC")
	m.de[52] = kept.block(m.de[102], "246801")
	if a := psp.ask(m); a.de[39] != "88" {
		t.Errorf("a block of another zone: told %s", a.de[39])
	}
	bank.echo("301") // and nothing came to the bank
	if n := s.metric(`switchd_hsm_calls_total{op="translate_pin",outcome="ok"}`); n != 2 {
		t.Errorf("%v PIN blocks are counted as translated", n)
	}
	// Nor does a key come into force that is for something else.
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, []byte(strings.ReplaceAll(string(text), "bankd/zpk", "bankd/zak")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, said := runs(t, exitFailed, "config", "reload", "--config", s.config, "--reason", "a test"); !strings.Contains(said, "pin.key bankd/zak: it is a key for CMAC") {
		t.Errorf("a reload to a key for codes: %s", said)
	}
	s.stopClean(p)
}

// TestPINAndKill9: what was entered is gone with the process. A payment whose debit has
// not left is declined, one whose debit has is reversed; no PIN goes out again.
func TestPINAndKill9(t *testing.T) {
	t.Parallel()
	t.Run("before the debit", func(t *testing.T) {
		t.Parallel()
		s, entered, _ := newPINs(t)
		p := s.serve()
		psp, bank := s.pspAndBank()
		m := psp.pay("BANKC", "user1@bankd") // whose bank has to say who that is first
		m.de[52] = entered.block(m.de[102], "246801")
		psp.send(m)
		if r := bank.receive(); r.mti != "0100" || r.de[52] != "" {
			t.Fatalf("a %s, DE52 %x", r.mti, r.de[52])
		}
		p.kill()
		p = s.serve()
		psp, bank = s.pspAndBank()
		resolve := bank.receive() // asked again
		yes := resolve.answer("00", 3, 7, 11, 32, 37)
		yes.de[103] = schemeParticipants[3].Institution + "0001"
		yes.tags[4], yes.tags[6], yes.tags[17] = "user1@bankd", "USER 1", "BNKD0000001"
		bank.send(yes)
		if a := psp.answerTo(m); a.de[39] != "88" { // and not the debit
			t.Errorf("told %s", a.de[39])
		}
		s.nothingOpen("DECLINED")
		s.stopClean(p)
	})
	t.Run("after the debit", func(t *testing.T) {
		t.Parallel()
		s, entered, kept := newPINs(t)
		p := s.serve()
		psp, bank := s.pspAndBank()
		m := psp.payAccount("BANKD", "BANKC")
		m.de[52] = entered.block(m.de[102], "246801")
		psp.send(m)
		if debit := bank.receive(); kept.pin(m.de[102], debit.de[52]) != "246801" {
			t.Fatalf("a %s without the PIN", debit.mti)
		}
		p.kill()
		p = s.serve()
		psp, bank = s.pspAndBank()
		reversal := bank.receive()
		if reversal.mti[:2] != "04" || reversal.de[52] != "" {
			t.Fatalf("a %s, DE52 %x", reversal.mti, reversal.de[52])
		}
		bank.send(reversal.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103))
		s.nothingOpen("FAILED_REVERSED")
		psp.send(m.repeat()) // with its PIN, which must not go to the bank now
		if a := psp.answerTo(m); a.de[39] == "00" {
			t.Error("told that it is done")
		}
		bank.echo("301") // and nothing else came to the bank
		s.stopClean(p)
	})
}

// nothingOpen waits until the one payment there is has ended, and holds the positions
// against that.
func (s *scheme) nothingOpen(state string) {
	s.t.Helper()
	until(s.t, patience, "the payment is "+state, func() bool {
		got, ok := s.summary()
		return ok && got.Open == 0 && got.States[state] == 1
	})
	got, _ := s.summary()
	for _, p := range got.Participants {
		if p.Position.Posted != 0 || p.Position.Reserved != 0 {
			s.t.Errorf("%s: %+v", p.ID, p.Position)
		}
	}
}

// TestKeysAtStart: what of the keys is not there is said at the start, in one line and
// by name.
func TestKeysAtStart(t *testing.T) {
	t.Parallel()
	all := append([]schemeParticipant(nil), schemeParticipants[:1]...)
	for name, row := range map[string]struct {
		extra string
		spoil func(s *scheme) error
		want  []string
	}{
		"key":    {"mac: {key: banka/nokey, algorithm: X9.19}", nil, []string{"BANKA", "there is no key banka/nokey"}},
		"use":    {"mac: {key: banka/zpk, algorithm: X9.19}", nil, []string{"switchd.yml:", "BANKA", "mac.key banka/zpk", "a key for PIN encryption", "one for MAC X9.19"}},
		"block":  {"pin: {key: banka/zpk, format: ISO-0}, key_exchange: banka/zpk", nil, []string{"switchd.yml:", "BANKA", "key_exchange banka/zpk", "a key for PIN encryption", "one for key block protection"}},
		"file":   {"pin: {key: banka/zpk, format: ISO-0}", func(s *scheme) error { return os.Remove(filepath.Join(s.dir, "keys.hsm")) }, []string{"keys.hsm", "switchd keys create"}},
		"unlock": {"pin: {key: banka/zpk, format: ISO-0}", func(s *scheme) error { return os.Chmod(filepath.Join(s.dir, "keys.unlock"), 0o644) }, []string{"keys.unlock"}},
		"key of it": {"pin: {key: banka/zpk, format: ISO-0}", func(s *scheme) error {
			return os.WriteFile(filepath.Join(s.dir, "keys.unlock"), []byte(strings.Repeat("0", 64)), 0o600)
		}, []string{"keys.hsm"}},
	} {
		t.Run(name, func(t *testing.T) {
			all[0].Extra = row.extra
			s := newSchemeOf(t, longTimers, all, nil)
			s.withModule(func(k hsm.Keeper) { s.newZone(k, "banka/zpk") })
			if row.spoil != nil {
				if err := row.spoil(s); err != nil {
					t.Fatal(err)
				}
			}
			p := start(t, "serve", "--config", s.config)
			until(t, patience, "the switch gives up", p.ended)
			said := p.err.String()
			last := said[strings.LastIndex(strings.TrimRight(said, "\n"), "\n")+1:]
			for _, want := range row.want {
				if !strings.Contains(last, want) {
					t.Errorf("it says %q, want %q in it", last, want)
				}
			}
			if code := p.cmd.ProcessState.ExitCode(); code != exitFailed && code != exitUsage {
				t.Errorf("exit code %d", code)
			}
			if _, err := os.Stat(s.data); row.spoil != nil && err == nil {
				t.Error("a start without a module has made the data folder")
			}
			// What no start takes, a check of the files finds.
			_, found := runs(t, exitUsage, "check-config", "--files", s.config)
			for _, want := range row.want {
				if !strings.Contains(found, want) {
					t.Errorf("check-config --files says %q, want %q in it", found, want)
				}
			}
			if _, said := runs(t, 0, "check-config", s.config); said != "" {
				t.Errorf("without --files: %s", said)
			}
		})
	}
}

// TestBankWithoutItsKeys: what the configuration says that the bank has must be given to
// it, and nothing else.
func TestBankWithoutItsKeys(t *testing.T) {
	t.Parallel()
	cfg, err := demoConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ flags, want string }{
		{"--id BANKA", "--mac-key"}, {"--id BANKA --mac-key KEY", "--pin-key"}, {"--id BANKC", "--sign-key"},
		{"--id BANKB --mac-key KEY", "no such key"}, {"--id BANKB --sign-key KEY", "no signature"},
		{"--id BANKC --sign-key KEY", "no PEM"}, {"--id BANKA --mac-key CONFIG --pin-key KEY", "hexadecimal"},
		{"--id BANKC --sign-key OTHER", "none of the certificates"},
	} {
		dir := filepath.Dir(cfg.Sources()[0].File)
		flags := strings.NewReplacer("KEY", filepath.Join(dir, "keys", "BANKA-mac.key"), "CONFIG", cfg.Sources()[0].File,
			"OTHER", filepath.Join(dir, "certs", "BANKB-key.pem")).Replace(row.flags)
		code, _, said := command(append([]string{"bank", "--config", cfg.Sources()[0].File, "--duration", "1ms"}, strings.Fields(flags)...)...)
		if code != exitUsage || !strings.Contains(said, row.want) {
			t.Errorf("%s: exit code %d, %q, want %q in it", row.flags, code, said, row.want)
		}
	}
}
