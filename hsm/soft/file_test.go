package soft

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/rule"
	"switchd/hsm/unlock"
)

var ctx = context.Background()

const passphrase = "correct horse battery staple"

// cheap is the least that a passphrase may cost.
var cheap = Cost{MemoryKiB: 8 << 10, Passes: 1, Threads: 1}

func withPassphrase(t testing.TB) Options {
	return Options{
		Path: filepath.Join(t.TempDir(), "keys.hsm"), Passphrase: hsm.NewSecret([]byte(passphrase)), Cost: cheap,
		Clock: func() int64 { return 1_000 },
	}
}

func withKey(t testing.TB) Options {
	o := withPassphrase(t)
	o.Passphrase, o.Key = hsm.Secret{}, hsm.NewSecret(bytes.Repeat([]byte{7}, rootBytes))
	return o
}

// kindsOfKeys are one key of each form.
var kindsOfKeys = []hsm.New{
	{As: "banka/zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 256, Mode: hsm.MACBothWays, Export: hsm.Exportable},
	{As: "banka/zpk", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable},
	{As: "bankb/x99", Usage: hsm.MACAlg1, Algorithm: hsm.DES, Bits: 64, Mode: hsm.MACBothWays, Export: hsm.NotExportable},
	{As: "data", Usage: hsm.DataEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.NotExportable, Expires: 5_000},
	{As: "jws", Usage: hsm.SignaturePair, Algorithm: hsm.ECDSA, Bits: 256, Mode: hsm.SignMode, Export: hsm.NotExportable},
	{As: "token", Usage: hsm.MACHash, Algorithm: hsm.HMAC, Bits: 256, Mode: hsm.MACMake, Export: hsm.NotExportable},
}

func created(t testing.TB, o Options) *Module {
	t.Helper()
	m, err := Create(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// filled has one write for all keys: a disk of tests may be slow.
func filled(t testing.TB, o Options) *Module {
	t.Helper()
	m, without := created(t, o), Options{Clock: o.Clock}
	all, err := New(without)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range kindsOfKeys {
		if _, err := all.Generate(ctx, n); err != nil {
			t.Fatal(n.As, err)
		}
	}
	if m.keys = all.keys; m.file.save(m.keys) != nil {
		t.Fatal("no file")
	}
	return m
}

func listed(t testing.TB, m *Module) []hsm.KeyInfo {
	t.Helper()
	all, err := m.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFileKeepsAll: what is in the file comes back after a close, by passphrase and by
// key, rotated keys and their states too, and nothing of a key can be read in it.
func TestFileKeepsAll(t *testing.T) {
	for _, o := range []Options{withPassphrase(t), withKey(t)} {
		m := filled(t, o)
		if _, err := m.Rotate(ctx, hsm.Rotation{Ref: "banka/zpk", Overlap: 120}); err != nil {
			t.Fatal(err)
		}
		if err := m.Retire(ctx, hsm.KeyVersion{Ref: "bankb/x99", Number: 1}); err != nil {
			t.Fatal(err)
		}
		before := listed(t, m)
		file, err := os.ReadFile(o.Path)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range m.keys.sorted() {
			if bytes.Contains(file, k.bytes.Reveal()) || strings.Contains(string(file), string(k.Ref)) {
				t.Errorf("%s can be read in the file", k.Ref)
			}
		}
		info, err := os.Stat(o.Path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		if err := errors.Join(m.Close(), m.Close()); err != nil {
			t.Error(err)
		}
		m, err = Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if after := listed(t, m); !slices.Equal(before, after) {
			t.Errorf("%+v\nis not\n%+v", after, before)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestWrongPassphrase: one sentence, which does not say what was tried.
func TestWrongPassphrase(t *testing.T) {
	o := withPassphrase(t)
	if err := filled(t, o).Close(); err != nil {
		t.Fatal(err)
	}
	key := withKey(t)
	if err := filled(t, key).Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path             string
		passphrase, with string
		want             string
	}{
		{o.Path, "correct horse battery stable", "", "hsm/soft: PATH: hsm: verification failed: the passphrase does not open it: it is wrong, or the file was changed"},
		{o.Path, "", "01234567890123456789012345678901", "hsm/soft: PATH: it is sealed under a passphrase, not a key"},
		{key.Path, "", "01234567890123456789012345678901", "hsm/soft: PATH: hsm: verification failed: the key does not open it: it is wrong, or the file was changed"},
		{key.Path, passphrase, "", "hsm/soft: PATH: it is sealed under a key, not a passphrase"},
	} {
		wrong := o
		wrong.Path, wrong.Passphrase, wrong.Key = c.path, hsm.NewSecret([]byte(c.passphrase)), hsm.NewSecret([]byte(c.with))
		_, err := Open(wrong)
		if err == nil || strings.ReplaceAll(err.Error(), c.path, "PATH") != c.want {
			t.Errorf("%v\nis not\n%s", err, c.want)
		}
		if wrong.ReadOnly = true; err != nil {
			if _, again := Open(wrong); again == nil || again.Error() != err.Error() {
				t.Errorf("for reading only: %v", again)
			}
		}
	}
	if m, err := Open(o); err != nil { // the lock was given back
		t.Error(err)
	} else if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// TestChangedFile: a file that was changed in any byte, or cut, is refused.
func TestChangedFile(t *testing.T) {
	o := withKey(t)
	m := created(t, o)
	if _, err := m.Generate(ctx, kindsOfKeys[0]); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	o = o.withDefaults()
	if _, _, _, err := unseal(good, &o); err != nil {
		t.Fatal(err)
	}
	for at := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[at] ^= 1 << bit
			if _, _, _, err := unseal(bad, &o); err == nil {
				t.Errorf("byte %d, bit %d: it is opened", at, bit)
			}
		}
		if _, _, _, err := unseal(good[:at], &o); err == nil {
			t.Errorf("cut at %d: it is opened", at)
		}
	}
}

// TestCostIsBounded: a header that asks for more memory or time than a passphrase may
// cost is refused before any is spent.
func TestCostIsBounded(t *testing.T) {
	o := withPassphrase(t).withDefaults()
	h := header{root: rootPassphrase, cost: cheap}
	for _, c := range []Cost{
		{MemoryKiB: 1<<32 - 1, Passes: 1, Threads: 1}, {MemoryKiB: 256<<10 + 1, Passes: 1, Threads: 1}, {MemoryKiB: 8<<10 - 1, Passes: 1, Threads: 1}, {},
		{MemoryKiB: 8 << 10, Passes: 65535, Threads: 1}, {MemoryKiB: 8 << 10, Passes: 11, Threads: 1}, {MemoryKiB: 8 << 10, Threads: 1},
		{MemoryKiB: 8 << 10, Passes: 1, Threads: 17}, {MemoryKiB: 8 << 10, Passes: 1},
	} {
		h.cost = c
		file := append(h.encode(), make([]byte, tagBytes)...)
		if _, _, _, err := unseal(file, &o); err == nil || !strings.Contains(err.Error(), "more memory or time") {
			t.Errorf("%+v: %v", c, err)
		}
		if c == (Cost{}) { // zero is the default
			continue
		}
		bad := withPassphrase(t)
		bad.Cost = c
		if _, err := Create(bad); err == nil {
			t.Errorf("%+v: a file is made", c)
		}
	}
	h.root, h.cost = rootKey, cheap
	if _, err := parseHeader(append(h.encode(), make([]byte, tagBytes)...)); err == nil {
		t.Error("a key with a cost is taken")
	}
	other := (&header{root: rootKey}).encode()
	other[6] = 2
	if _, err := parseHeader(append(other, make([]byte, tagBytes)...)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Error(err)
	}
}

// TestWhoMayOpen: one writer, readers beside it, nobody where others have access.
func TestWhoMayOpen(t *testing.T) {
	o := withKey(t)
	m := filled(t, o)
	if _, err := Open(o); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("a second writer: %v", err)
	}
	if _, err := Create(o); err == nil {
		t.Error("created a second time beside its writer")
	}
	reading := o
	reading.ReadOnly = true
	r, err := Open(reading)
	if err != nil {
		t.Fatal(err)
	}
	if r.file.root.Len() > 0 || len(listed(t, r)) != len(kindsOfKeys) {
		t.Error("a reader keeps the root, or has other keys")
	}
	if _, err := r.Rotate(ctx, hsm.Rotation{Ref: "banka/zpk"}); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("a reader rotates: %v", err)
	}
	if err := errors.Join(r.Close(), m.Close()); err != nil {
		t.Error(err)
	}
	if _, err := Create(o); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("created over a file: %v", err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o610, 0o777} {
		if err := os.Chmod(o.Path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(o); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	dir := o
	dir.Path = t.TempDir()
	if _, err := Open(dir); err == nil {
		t.Error("a folder is opened")
	}
	none := withKey(t)
	if _, err := Open(none); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := os.WriteFile(none.Path, make([]byte, fileBytesMax+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(none); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}

// faulty has the steps of a write said, and the one of that name fail.
func faulty(name string, broken error, steps *[]string) disk {
	real := realDisk()
	step := func(s string) error {
		*steps = append(*steps, s)
		if s == name {
			return broken
		}
		return nil
	}
	return disk{
		create: func(path string) (*os.File, error) {
			if err := step("create"); err != nil {
				return nil, err
			}
			return real.create(path)
		},
		write: func(f *os.File, b []byte) error {
			if err := step("write"); err != nil {
				return errors.Join(real.write(f, b[:len(b)/2]), err)
			}
			return real.write(f, b)
		},
		sync: func(f *os.File) error {
			what := "sync file"
			if info, err := f.Stat(); err == nil && info.IsDir() {
				what = "sync folder"
			}
			return errors.Join(step(what), real.sync(f))
		},
		rename: func(from, to string) error {
			if err := step("rename"); err != nil {
				return err
			}
			return real.rename(from, to)
		},
	}
}

// TestDiskFaults: whichever step of whichever change fails, the keys are those of before
// in memory, and the file is one of the two as a whole; the error says when it may be the
// new one. What an earlier write has left beside it does no harm.
func TestDiskFaults(t *testing.T) {
	broken := errors.New("the disk is broken")
	all := []string{"create", "write", "sync file", "rename", "sync folder"}
	changes := map[string]func(*Module) error{
		"rotate": func(m *Module) error {
			_, err := m.Rotate(ctx, hsm.Rotation{Ref: "banka/zak", Overlap: 10})
			return err
		},
		"generate": func(m *Module) error {
			n := kindsOfKeys[0]
			n.As = "another"
			_, err := m.Generate(ctx, n)
			return err
		},
		"retire": func(m *Module) error { return m.Retire(ctx, hsm.KeyVersion{Ref: "banka/zpk", Number: 2}) },
		"delete": func(m *Module) error { return m.Delete(ctx, hsm.KeyVersion{Ref: "bankb/x99", Number: 1}) },
	}
	for what, change := range changes {
		for last, name := range all {
			o := withKey(t)
			m := filled(t, o)
			if _, err := m.Rotate(ctx, hsm.Rotation{Ref: "banka/zpk", Overlap: 10}); err != nil {
				t.Fatal(err)
			}
			if err := m.Retire(ctx, hsm.KeyVersion{Ref: "bankb/x99", Number: 1}); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(o.Path+".new", []byte("left over"), 0o600); err != nil {
				t.Fatal(err)
			}
			before, old := listed(t, m), fileOf(t, o)
			var steps []string
			m.file.disk = faulty(name, broken, &steps)
			err := change(m)
			if !errors.Is(err, broken) || !errors.Is(err, hsm.ErrDown) || hsm.NotDone(err) == (name == "sync folder") {
				t.Errorf("%s, %s: %v, not done: %v", what, name, err, hsm.NotDone(err))
			}
			if !slices.Equal(steps, all[:last+1]) {
				t.Errorf("%s, %s: the steps were %v", what, name, steps)
			}
			if after := listed(t, m); !slices.Equal(before, after) {
				t.Errorf("%s, %s: %+v\nis not\n%+v", what, name, after, before)
			}
			if now := fileOf(t, o); slices.Equal(now, old) == (name == "sync folder") {
				t.Errorf("%s, %s: the file has %+v", what, name, now)
			}
			if _, err := os.Lstat(o.Path + ".new"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s, %s: there is something left: %v", what, name, err)
			}
			m.file.disk = realDisk()
			if err := change(m); err != nil || !slices.Equal(fileOf(t, o), listed(t, m)) || slices.Equal(listed(t, m), before) {
				t.Errorf("%s, after the fault: %v, %+v", what, err, fileOf(t, o))
			}
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// fileOf is what a reader finds in the file now, check values and states.
func fileOf(t testing.TB, o Options) []hsm.KeyInfo {
	t.Helper()
	o.ReadOnly = true
	r, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	return listed(t, r)
}

// TestNothingIsSealedTwiceAlike: each write has a nonce of its own, each file a salt.
func TestNothingIsSealedTwiceAlike(t *testing.T) {
	seen := map[string]string{}
	once := func(what string, b []byte) {
		t.Helper()
		if before := seen[string(b)]; before != "" {
			t.Errorf("%s is the one of %s", what, before)
		}
		seen[string(b)] = what
	}
	for n := range 3 {
		o := withKey(t)
		m := created(t, o)
		for i := range 3 {
			file, err := os.ReadFile(o.Path)
			if err != nil {
				t.Fatal(err)
			}
			once(fmt.Sprintf("the nonce of file %d, write %d", n, i), file[nonceAt:headBytes])
			if i == 0 {
				once(fmt.Sprintf("the salt of file %d", n), file[saltAt:nonceAt])
			}
			if err := m.file.save(m.keys); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestContent: what nobody would write is not read, though it were sealed.
func TestContent(t *testing.T) {
	m, err := New(Options{Clock: func() int64 { return 1_000 }})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range kindsOfKeys[:2] {
		if _, err := m.Generate(ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Rotate(ctx, hsm.Rotation{Ref: "banka/zak", Overlap: 10}); err != nil {
		t.Fatal(err)
	}
	zak, jws := m.keys["banka/zak"], m.keys["banka/zpk"]
	with := func(first, second func(*key)) table {
		a, b := *zak[0], *zak[1]
		first(&a)
		second(&b)
		return table{"banka/zak": {&a, &b}, "banka/zpk": jws}
	}
	same := func(*key) {}
	for what, tab := range map[string]table{
		"versions that go up":         with(same, func(k *key) { k.Version = 3 }),
		"a version twice":             with(same, func(k *key) { k.Version = 2 }),
		"no version":                  with(same, func(k *key) { k.Version = 0 }),
		"two active keys":             with(same, func(k *key) { k.State = hsm.StateActive }),
		"no state":                    with(same, func(k *key) { k.State = 0 }),
		"another state":               with(same, func(k *key) { k.State = 9 }),
		"no origin":                   with(func(k *key) { k.Origin = 0 }, same),
		"another origin":              with(func(k *key) { k.Origin = 9 }, same),
		"no form":                     with(func(k *key) { k.form = 0 }, same),
		"a pair that is none":         with(func(k *key) { k.form = formPair }, same),
		"a public key that is none":   with(func(k *key) { k.form = formPublic }, same),
		"another mode":                with(func(k *key) { k.Mode = hsm.BothWays }, same),
		"another length":              with(func(k *key) { k.bytes = hsm.NewSecret(make([]byte, 17)) }, same),
		"a name that is none":         {"": {zak[0]}, "B": zak},
		"names that are out of order": with(func(k *key) { k.Ref = "x" }, func(k *key) { k.Ref = "w" }),
		"a past of an older key":      with(same, func(k *key) { k.past = []hsm.KCV{k.KCV} }),
		"too much past":               with(func(k *key) { k.past = slices.Repeat([]hsm.KCV{k.KCV}, rule.PastMax+1) }, same),
		"a past that is none":         with(func(k *key) { k.past = make([]hsm.KCV, 1) }, same),
	} {
		content, err := tab.encode()
		if err != nil {
			t.Fatal(err)
		}
		if what == "a name that is none" {
			content[7] = 'B'
		}
		if got, err := decode(content, 10); err == nil {
			t.Errorf("%s: %+v", what, got)
		}
	}
	good, err := m.keys.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(good, 2); !errors.Is(err, hsm.ErrBlock) || !strings.Contains(err.Error(), "3 keys, above 2") {
		t.Errorf("too many: %v", err)
	}
	if _, err := decode(append(bytes.Clone(good), 0), 10); !errors.Is(err, hsm.ErrBlock) {
		t.Errorf("something more: %v", err)
	}
	for n := range good {
		if _, err := decode(good[:n], 10); !errors.Is(err, hsm.ErrBlock) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if got, err := decode(good, 10); err != nil || got.count() != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestPublicKeysOnlyVerify: one that came with another mode is refused.
func TestPublicKeysOnlyVerify(t *testing.T) {
	m := filled(t, withKey(t))
	public, err := m.Public(ctx, "jws")
	if err != nil {
		t.Fatal(err)
	}
	i := hsm.KeyInfo{Ref: "x", Usage: hsm.SignaturePair, Algorithm: hsm.ECDSA, Mode: hsm.SignMode, Export: hsm.Exportable}
	if _, err := newKey(i, formPublic, hsm.NewSecret(public)); !errors.Is(err, hsm.ErrKey) {
		t.Error(err)
	}
}

// TestParity: generated keys of DES have odd parity in every byte.
func TestParity(t *testing.T) {
	m := filled(t, withKey(t))
	for _, ref := range []hsm.KeyRef{"banka/zpk", "bankb/x99"} {
		for i, b := range m.keys[ref][0].bytes.Reveal() {
			if bits.OnesCount8(b)&1 == 0 {
				t.Errorf("%s, byte %d is %02X", ref, i, b)
			}
		}
	}
}

// TestCloseWipes: after Close there is no key in memory, and no call is answered.
func TestCloseWipes(t *testing.T) {
	m := filled(t, withKey(t))
	root := m.file.root.Reveal()
	var all [][]byte
	for _, k := range m.keys.sorted() {
		all = append(all, k.bytes.Reveal())
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for i, b := range append(all, root) {
		if len(b) == 0 || slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) {
			t.Errorf("key %d is there still", i)
		}
	}
	_, err := m.List(ctx)
	if !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
		t.Error(err)
	}
	_, err = m.Generate(ctx, kindsOfKeys[0])
	if !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
		t.Error(err)
	}
}

// TestDestroyedKeysAreWiped: a key that is deleted, or whose time was over at a rotation,
// is in memory no more; neither is one that could not be kept.
func TestDestroyedKeysAreWiped(t *testing.T) {
	at := int64(1)
	m, err := New(Options{Clock: func() int64 { return at }})
	if err != nil {
		t.Fatal(err)
	}
	n := kindsOfKeys[0]
	var kept [][]byte
	for v := range 3 {
		n.Replace = v > 0
		if _, err := m.Generate(ctx, n); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, m.keys[n.As][0].bytes.Reveal())
		at += 10
	}
	gone := func(b []byte) bool { return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) }
	if !gone(kept[0]) || gone(kept[1]) || gone(kept[2]) || len(listed(t, m)) != 2 {
		t.Errorf("after two rotations: %+v", listed(t, m))
	}
	if err := m.Delete(ctx, hsm.KeyVersion{Ref: n.As, Number: 2}); err != nil || !gone(kept[1]) || gone(kept[2]) {
		t.Errorf("after a deletion: %v", err)
	}
	b := hsm.NewSecret(bytes.Repeat([]byte{9}, 32))
	held := b.Reveal()
	k, err := newKey(hsm.KeyInfo{Ref: n.As, Usage: n.Usage, Algorithm: n.Algorithm, Mode: n.Mode, Export: n.Export}, formSymmetric, b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.keep(ctx, k, false, 0); !errors.Is(err, hsm.ErrDenied) || !gone(held) {
		t.Errorf("not kept: %v", err)
	}
}

// TestOptions: what cannot be is refused, all at once.
func TestOptions(t *testing.T) {
	clock := func() int64 { return 1 }
	key := hsm.NewSecret(make([]byte, 32))
	for _, o := range []Options{
		{}, {Path: "x", Clock: clock}, {Path: "x", Clock: clock, Key: key, Passphrase: key}, {Path: "x", Clock: clock, Key: hsm.NewSecret(make([]byte, 31))},
		{Clock: clock, Key: key}, {Clock: clock, ReadOnly: true}, {Clock: clock, KeysMax: -1}, {Clock: clock, KeysMax: 65537},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("New takes %+v", o)
		}
		if _, err := Open(o); err == nil {
			t.Errorf("Open takes %+v", o)
		}
	}
	if _, err := Open(Options{Clock: clock}); err == nil {
		t.Error("Open without a file")
	}
	if _, err := New(Options{Clock: clock, Path: "x", Key: key}); err == nil {
		t.Error("New with a file")
	}
	short := withPassphrase(t)
	short.Passphrase = hsm.NewSecret([]byte("swordfish"))
	if _, err := Create(short); err == nil || strings.Contains(err.Error(), "swordfish") {
		t.Error(err)
	}
	reading := withKey(t)
	reading.ReadOnly = true
	if _, err := Create(reading); err == nil {
		t.Error("a new file for reading only")
	}
}

// TestUnlock: what opens a key file comes from a file of its own.
func TestUnlock(t *testing.T) {
	digits := strings.Repeat("A5", 32)
	for content, want := range map[string]struct {
		passphrase string
		key        bool
	}{
		digits: {key: true}, digits + "\n": {key: true}, strings.ToLower(digits) + "\r\n": {key: true},
		passphrase: {passphrase: passphrase}, passphrase + "\n": {passphrase: passphrase}, " two  words ": {passphrase: " two  words "},
		digits[:62]: {passphrase: digits[:62]}, digits + "A5": {passphrase: digits + "A5"}, "x" + digits[1:]: {passphrase: "x" + digits[1:]},
		"": {}, "\n": {}, "one\ntwo": {}, "\n" + passphrase: {}, strings.Repeat("x", unlock.LineMax+1): {},
	} {
		path := filepath.Join(t.TempDir(), "unlock")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var o Options
		err := o.Unlock(path)
		if (err == nil) != (want.key || want.passphrase != "") || string(o.Passphrase.Reveal()) != want.passphrase {
			t.Errorf("%d bytes: %v", len(content), err)
		}
		if want.key != bytes.Equal(o.Key.Reveal(), bytes.Repeat([]byte{0xA5}, 32)) {
			t.Errorf("%d bytes: a key or none", len(content))
		}
		if err != nil && strings.Contains(err.Error(), "two") {
			t.Error(err)
		}
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if err := o.Unlock(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("others may read it: %v", err)
		}
	}
}

// TestFileBehindALink: the file itself is replaced and locked, not the link to it.
func TestFileBehindALink(t *testing.T) {
	o := withKey(t)
	m := filled(t, o)
	link := o
	link.Path = filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(o.Path, link.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(link); err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("a second writer by a link: %v", err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := Open(link)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Rotate(ctx, hsm.Rotation{Ref: "banka/zpk"}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(fileOf(t, o), listed(t, m)) {
		t.Error("the change is not in the file that the link leads to")
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link.Path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
}

// TestKeysMax: the file has room for so many keys and no more.
func TestKeysMax(t *testing.T) {
	m, err := New(Options{Clock: func() int64 { return 1 }, KeysMax: 3})
	if err != nil {
		t.Fatal(err)
	}
	n := kindsOfKeys[0]
	for i := range 4 {
		n.As = hsm.KeyRef(fmt.Sprintf("k%d", i))
		if _, err := m.Generate(ctx, n); (err == nil) != (i < 3) || err != nil && !errors.Is(err, hsm.ErrDenied) {
			t.Errorf("key %d: %v", i, err)
		}
	}
}

// TestContentWithoutPast: a file of before, which knows nothing of destroyed keys, is
// read, and written as it is now.
func TestContentWithoutPast(t *testing.T) {
	m := filled(t, withKey(t))
	one := table{"data": m.keys["data"]}
	content, err := one.encode()
	if err != nil {
		t.Fatal(err)
	}
	before := bytes.Clone(content[:len(content)-1])
	before[1] = contentWithout
	got, err := decode(before, 10)
	if err != nil || got.count() != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if now, err := got.encode(); err != nil || !bytes.Equal(now, content) {
		t.Errorf("%x, not %x, %v", now, content, err)
	}
}

// FuzzContent: what can be read is what would be written, byte by byte; nothing else is
// taken, and nothing panics.
func FuzzContent(f *testing.F) {
	m, err := New(Options{Clock: func() int64 { return 1_000 }})
	if err != nil {
		f.Fatal(err)
	}
	for n, k := range kindsOfKeys {
		if _, err := m.Generate(ctx, k); err != nil {
			f.Fatal(err)
		}
		if n == 1 {
			if _, err := m.Rotate(ctx, hsm.Rotation{Ref: k.As, Overlap: 10}); err != nil {
				f.Fatal(err)
			}
		}
		content, err := m.keys.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add(binary.BigEndian.AppendUint32([]byte{0, 1}, 1<<32-1))
	f.Add([]byte{0, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, content []byte) {
		table, err := decode(content, 100)
		if err != nil {
			return
		}
		again, err := table.encode()
		if content[1] == contentWithout {
			return // another format is written
		}
		if err != nil || !bytes.Equal(again, content) {
			t.Errorf("%x is read, and written as %x, %v", content, again, err)
		}
	})
}

// FuzzFile: no file does anything but be refused, unless it was sealed under the key.
func FuzzFile(f *testing.F) {
	o := withKey(f)
	o.Key = hsm.NewSecret(make([]byte, rootBytes))
	rand.Read(o.Key.Reveal()) // each process of the fuzzer has its own key and file
	m := filled(f, o)
	o = o.withDefaults()
	good, err := m.file.head.seal(m.file.root, m.keys)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add((&header{root: rootPassphrase, cost: Cost{MemoryKiB: 1<<32 - 1, Passes: 65535, Threads: 255}}).encode())
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, _, _, err := unseal(file, &o); err == nil && !bytes.Equal(file, good) {
			t.Error("a file is opened that nobody has sealed")
		}
	})
}

// TestFilesThatAreNotThere: what is wrong with a file is said of it, once, with a way out.
func TestFilesThatAreNotThere(t *testing.T) {
	dir := t.TempDir()
	key, open, empty := filepath.Join(dir, "keys.hsm"), filepath.Join(dir, "open"), filepath.Join(dir, "empty")
	for path, text := range map[string]string{open: "a passphrase", empty: "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none")
	unlocking := func(path string) error { return (&Options{}).Unlock(path) }
	opening := func(readOnly bool) error {
		_, err := Open(Options{Path: key, Key: hsm.NewSecret(make([]byte, rootBytes)), ReadOnly: readOnly, Clock: func() int64 { return 0 }})
		return err
	}
	const form = ": it has one line, a passphrase or 32 bytes in hexadecimal"
	for _, c := range []struct {
		want string
		err  error
	}{
		{"hsm/soft: unlock file " + none + ": no such file or directory" + form, unlocking(none)},
		{"hsm/soft: unlock file " + empty + ": it has not one line" + form, unlocking(empty)},
		{"hsm/soft: unlock file " + open + ": others than its owner may have access (mode 0644): chmod 600 " + open, unlocking(open)},
		{"hsm/soft: key file " + key + ": no such file or directory: put it back, or make one (switchd keys create)", opening(false)},
		{"hsm/soft: key file " + key + ": no such file or directory: put it back, or make one (switchd keys create)", opening(true)},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("it says\n%v, want\n%s", c.err, c.want)
		}
	}
	if !errors.Is(opening(false), os.ErrNotExist) {
		t.Error("that it is not there is lost")
	}
}
