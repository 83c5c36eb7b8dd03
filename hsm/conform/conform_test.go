package conform_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/conform"
	"switchd/hsm/soft"
)

// faults of drivers, in groups that run together, each with the tests that find it.
var faults = []map[string][]string{
	{
		"takes any code":             {"MAC_vectors", "MAC_refusals", "replacing_a_MAC_key"},
		"takes any signature":        {"ES256", "PS256_and_RS256", "algorithms_of_signatures"},
		"has the public bytes apart": {"sealing"},
		"translates all":             {"PIN_rules"},
		"takes any use":              {"key_block_import_refusals"},
		"goes on without a caller":   {"contexts_that_are_done"},
		"has another check value":    {"check_values"},
		"has tokens of its own":      {"tokens"},
		"lets all out":               {"key_block_export_refusals", "strength_of_TDES_keys"},
	},
	{
		"takes short codes":        {"MAC_vectors", "MAC_refusals"},
		"takes old keys":           {"a_key_from_before"},
		"takes weak blocks":        {"key_blocks_that_are_weak"},
		"counts bytes":             {"strength_of_TDES_keys"},
		"changes its inputs":       {"PIN_translations", "PIN_translations_with_AES", "calls_at_the_same_time"},
		"forgets the old key":      {"replacing_a_MAC_key", "replacing_a_PIN_key", "replacing_refusals", "a_key_that_comes_again", "too_many_keys_of_a_name", "a_key_that_outlasts_a_newer_one"},
		"signs as ASN.1":           {"ES256"},
		"says nothing of itself":   {"health"},
		"exports without its mode": {"key_block_export"},
	},
	{
		"tells keys":                     {"check_values"},
		"may have done it":               {"MAC_refusals", "MAC_vectors", "replacing_a_MAC_key", "contexts_that_are_done"},
		"puts keys over others":          {"key_block_import_refusals"},
		"takes no key twice":             {"a_key_that_comes_again"},
		"takes keys without end":         {"too_many_keys_of_a_name"},
		"answers what others have asked": {"calls_at_the_same_time"},
		"can what it cannot":             {"what_it_cannot_do"},
		"ends keys with newer ones":      {"a_key_that_outlasts_a_newer_one"},
	},
}

// TestFaultsAreFound: a driver with faults fails the tests that are there for them, and
// no other. It runs in a process of its own, since it is its tests that fail.
func TestFaultsAreFound(t *testing.T) {
	failed := regexp.MustCompile(`(?m)^    --- FAIL: TestFaultyDriver/(\S+)`)
	for n, group := range faults {
		want := slices.Concat(slices.Collect(maps.Values(group))...)
		c := exec.Command(os.Args[0], "-test.run=^TestFaultyDriver$", "-test.timeout=5m")
		c.Env = append(os.Environ(), "CONFORM_FAULTS="+strings.Join(slices.Collect(maps.Keys(group)), ";"))
		out, err := c.CombinedOutput()
		var got []string
		for _, m := range failed.FindAllStringSubmatch(string(out), -1) {
			got = append(got, m[1])
		}
		slices.Sort(got)
		slices.Sort(want)
		if want = slices.Compact(want); err == nil || !slices.Equal(got, want) {
			t.Errorf("group %d: failed %v\nnot           %v: %v\n%.1000s", n, got, want, err, out)
		}
	}
}

// TestFaultyDriver does nothing unless it is told which faults to have.
func TestFaultyDriver(t *testing.T) {
	names := os.Getenv("CONFORM_FAULTS")
	if names == "" {
		return
	}
	d := conform.Driver{New: func(t testing.TB, keys []conform.Key) hsm.Module {
		m, err := soft.New(soft.Options{Clock: func() int64 { return 1 }})
		if err != nil {
			t.Fatal(err)
		}
		f := &faulty{Keeper: m, faults: strings.Split(names, ";"), last: make(chan []byte, 1)}
		f.last <- nil
		zmk := conform.Protect(t, m, "zmk")
		for _, k := range keys {
			if k.Usage == hsm.SignaturePair && k.Mode == hsm.SignMode {
				if _, err := m.ImportPair(context.Background(), hsm.New{As: k.Ref, Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, Export: k.Export}, k.Bytes); err != nil {
					t.Fatal(err)
				}
				continue
			}
			conform.Put(t, m, "zmk", zmk, k)
			if k.Ref == "conform/mac-aes" {
				f.told = hex.EncodeToString(k.Bytes.Reveal())
			}
		}
		return f
	}}
	if strings.Contains(names, "can what it cannot") {
		d.Cannot = map[conform.Ability]string{conform.PVV: "it can", "magic": "there is no such thing"}
	}
	conform.Run(t, d)
}

// faulty is the software module with faults.
type faulty struct {
	hsm.Keeper
	faults []string
	told   string      // a key
	last   chan []byte // the code that was made last
}

func (f *faulty) has(fault string) bool { return slices.Contains(f.faults, fault) }

func (f *faulty) TranslatePIN(ctx context.Context, t hsm.Translation) (hsm.Secret, error) {
	if f.has("translates all") && hsm.AllowTranslation(t.Change) != nil {
		return hsm.NewSecret(make([]byte, t.Change.To.Size())), nil
	}
	got, err := f.Keeper.TranslatePIN(ctx, t)
	if f.has("changes its inputs") && err == nil {
		clear(t.Block.Reveal())
	}
	return got, err
}

func (f *faulty) MAC(ctx context.Context, in hsm.MACInput) ([]byte, error) {
	got, err := f.Keeper.MAC(ctx, in)
	if f.has("may have done it") && err != nil {
		err = &hsm.Fault{Kind: err, Started: true}
	}
	if f.has("answers what others have asked") && bytes.HasPrefix(in.Message, []byte("caller")) {
		mine := got
		got = <-f.last
		f.last <- mine
	}
	return got, err
}

func (f *faulty) VerifyMAC(ctx context.Context, in hsm.MACInput, code []byte) error {
	if f.has("takes short codes") && len(code) >= 4 && len(code) < in.Size {
		in.Size = len(code)
	}
	err := f.Keeper.VerifyMAC(ctx, in, code)
	switch {
	case f.has("takes any code") && (errors.Is(err, hsm.ErrVerify) || errors.Is(err, hsm.ErrDenied)):
		return nil
	case f.has("may have done it") && errors.Is(err, hsm.ErrVerify):
		return &hsm.Fault{Kind: err, Started: true}
	}
	return err
}

func (f *faulty) Verify(ctx context.Context, s hsm.Signing, signature []byte) error {
	err := f.Keeper.Verify(ctx, s, signature)
	if f.has("takes any signature") && !errors.Is(err, hsm.ErrTimeout) {
		return nil
	}
	return err
}

func (f *faulty) Sign(ctx context.Context, s hsm.Signing) ([]byte, error) {
	got, err := f.Keeper.Sign(ctx, s)
	if f.has("signs as ASN.1") && s.Algorithm == hsm.ES256 && err == nil {
		got = append([]byte{0x30, 68, 2, 32}, got...)
	}
	return got, err
}

func (f *faulty) Seal(ctx context.Context, b hsm.Box) ([]byte, error) {
	if f.has("has the public bytes apart") {
		b.Public = nil
	}
	return f.Keeper.Seal(ctx, b)
}

func (f *faulty) Open(ctx context.Context, b hsm.Box) ([]byte, error) {
	if f.has("has the public bytes apart") {
		b.Public = nil
	}
	return f.Keeper.Open(ctx, b)
}

func (f *faulty) Token(ctx context.Context, by hsm.KeyRef, value hsm.Secret) ([32]byte, error) {
	got, err := f.Keeper.Token(ctx, by, value)
	if f.has("has tokens of its own") {
		got[0] ^= 1
	}
	return got, err
}

func (f *faulty) ImportKey(ctx context.Context, i hsm.Import) (hsm.KeyInfo, error) {
	if f.has("takes any use") && len(i.Want) == 2 {
		i.Want = append(i.Want, hsm.PINEncryption)
	}
	if f.has("forgets the old key") {
		i.Overlap = min(i.Overlap, 0)
	}
	if f.has("puts keys over others") && i.As == "conform/mac-aes" {
		i.Replace = true
	}
	if f.has("takes weak blocks") {
		i.Legacy = true
	}
	now, _ := f.Keeper.KCV(ctx, i.As)
	got, err := f.Keeper.ImportKey(ctx, i)
	if f.has("ends keys with newer ones") && i.As == "conform/outlasts" && got.Version == 4 {
		return got, f.Retire(ctx, hsm.KeyVersion{Ref: i.As, Number: 1})
	}
	switch {
	case f.has("counts bytes") && i.As == "conform/three" && errors.Is(err, hsm.ErrDenied),
		f.has("takes old keys") && i.As == "conform/from-before" && errors.Is(err, hsm.ErrDenied),
		f.has("takes keys without end") && i.As == "conform/many" && errors.Is(err, hsm.ErrDenied):
		return got, nil
	case f.has("takes no key twice") && err == nil && got.KCV == now:
		err = fmt.Errorf("%w: the key is there", hsm.ErrDenied)
	}
	return got, err
}

func (f *faulty) ExportKey(ctx context.Context, e hsm.Exporting) (string, error) {
	got, err := f.Keeper.ExportKey(ctx, e)
	if f.has("lets all out") && errors.Is(err, hsm.ErrDenied) {
		return "D", nil
	}
	if f.has("exports without its mode") && len(got) > 8 {
		got = got[:8] + "N" + got[9:]
	}
	return got, err
}

func (f *faulty) KCV(ctx context.Context, key hsm.KeyRef) (hsm.KCV, error) {
	if f.has("goes on without a caller") {
		ctx = context.WithoutCancel(ctx)
	}
	got, err := f.Keeper.KCV(ctx, key)
	if f.has("has another check value") && key == "conform/mac-aes" {
		return hsm.NewKCV([]byte{1, 2, 3})
	}
	if f.has("tells keys") && key == "conform/nobody" {
		err = errors.Join(err, errors.New(f.told))
	}
	return got, err
}

func (f *faulty) Health(ctx context.Context) (hsm.Health, error) {
	h, err := f.Keeper.Health(ctx)
	if f.has("says nothing of itself") {
		h.Driver = ""
	}
	return h, err
}
