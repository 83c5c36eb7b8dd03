package backup

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// change gives a file other bytes.
func change(t testing.TB, fs vfs.FS, path string, f func([]byte) []byte) {
	t.Helper()
	in, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	if err := diskOf(fs).create(path, f(b)); err != nil {
		t.Fatal(err)
	}
}

// TestDamage: one changed bit anywhere in a backup is found, by verify and by
// restore, and nothing of it is replayed. So is a file that is missing, cut, longer
// or too many.
func TestDamage(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(50)
	l.settled()
	m := l.take("good")
	rng := rand.New(rand.NewPCG(3, 0))
	d := diskOf(fs)
	paths := []string{manifest}
	for _, f := range m.Files {
		paths = append(paths, f.Path)
	}
	flips := 0
	for _, path := range paths {
		file := d.path("good", path)
		for range 4 {
			var at, bit int
			flip := func(b []byte) []byte { b[at] ^= 1 << bit; return b }
			change(t, fs, file, func(b []byte) []byte {
				if len(b) == 0 {
					at = -1
					return b
				}
				at, bit = rng.IntN(len(b)), rng.IntN(8)
				return flip(b)
			})
			if at < 0 { // a marker has a name and no bytes
				break
			}
			flips++
			damaged(t, fs, path)
			change(t, fs, file, flip)
		}
		for name, f := range map[string]func([]byte) []byte{
			"cut":    func(b []byte) []byte { return b[:max(len(b)-1, 0)] },
			"longer": func(b []byte) []byte { return append(b, 0) },
		} {
			var was []byte
			change(t, fs, file, func(b []byte) []byte { was = append(was, b...); return f(b) })
			if len(was) > 0 || name == "longer" {
				damaged(t, fs, name+" "+path)
			}
			change(t, fs, file, func([]byte) []byte { return was })
		}
		if err := fs.Rename(file, "aside"); err != nil {
			t.Fatal(err)
		}
		damaged(t, fs, "missing "+path)
		if err := fs.Rename("aside", file); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.create("good/journal/000999.log", []byte("x")); err != nil {
		t.Fatal(err)
	}
	damaged(t, fs, "a file too many")
	if err := fs.Remove("good/journal/000999.log"); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(t.Context(), "good", options(t, fs)); err != nil {
		t.Errorf("undamaged: %v", err)
	}
	t.Logf("%d files, %d flips", len(paths), flips)
}

// damaged checks that a damaged backup is found to be one.
func damaged(t *testing.T, fs vfs.FS, what string) {
	t.Helper()
	o := options(t, fs)
	if _, err := Verify(t.Context(), "good", o); err == nil {
		t.Errorf("%s: verify finds nothing", what)
	}
	o.Progress = func(p Progress) {
		if p.Step == StepReplay {
			t.Errorf("%s: it is replayed", what)
		}
	}
	_, err := Restore(t.Context(), "good", "to", Until{}, o)
	if err == nil {
		t.Errorf("%s: it is restored", what)
	}
	if there, _ := diskOf(fs).there("to"); there {
		if !strings.Contains(err.Error(), "remove it") {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := enter("to", options(t, fs)); err == nil {
			t.Errorf("%s: a switch would start on it", what)
		}
		if err := fs.RemoveAll("to"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestManifestOfALaterFormat is refused with the version that can read it.
func TestManifestOfALaterFormat(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(5)
	l.take("good")
	change(t, fs, "good/"+manifest, func(b []byte) []byte {
		return []byte(strings.Replace(string(b), `"format": 1`, `"format": 2, "journal": "elsewhere"`, 1))
	})
	if _, err := Verify(t.Context(), "good", options(t, fs)); err == nil || !strings.Contains(err.Error(), `has format 2, this version of the switch reads format 1: use version "0.1.0"`) {
		t.Error(err)
	}
}

// FuzzManifest: a backup.json is taken only if it is byte for byte what was written.
func FuzzManifest(f *testing.F) {
	m := &Manifest{Format: Format, Kind: KindBackup, Journal: Extent{First: 1, Last: 9}, Keys: []uint32{1}, Files: []File{{Path: "journal/x", Bytes: 3}}}
	b, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(bytes.Replace(b, []byte("9"), []byte("8"), 1))
	f.Add([]byte(`{"format": 1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		fs := vfs.NewMem()
		if err := diskOf(fs).create(manifest, bytes.Clone(b)); err != nil {
			t.Fatal(err)
		}
		m, err := readManifest(diskOf(fs), "")
		if err != nil {
			return
		}
		if again, err := m.encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("taken, and not what was written: %v", err)
		}
	})
}

// TestNothingSecretInABackup: accounts and names are nowhere in it in the clear.
func TestNothingSecretInABackup(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(40)
	l.settled()
	m := l.take("out")
	paths := []string{manifest}
	for _, f := range m.Files {
		paths = append(paths, f.Path)
	}
	for _, path := range paths {
		b, err := diskOf(fs).read(diskOf(fs).path("out", path), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"50100000000", "60200087654321", "A SENDER", "SOME BODY", "user1@"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%q is in %s", secret, path)
			}
		}
	}
}
