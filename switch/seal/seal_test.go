package seal

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func testKeys(t testing.TB, ids ...uint32) *Keys {
	t.Helper()
	var ring []Key
	for _, id := range ids {
		ring = append(ring, Key{ID: id, Secret: [keyBytes]byte{byte(id)}})
	}
	k, err := New([keyBytes]byte{7}, ring...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// record has 20 public bytes.
var record = []byte("public part........|4111111111111111 Asha")

const at = 20

func TestSealedRecordsComeBack(t *testing.T) {
	keys := testKeys(t, 1, 2)
	s, o := keys.Sealer(), keys.Opener()
	seen := map[string]bool{}
	for range 3 {
		sealed := s.Seal([]byte("x"), record, at)[1:]
		if len(sealed) != len(record)+Overhead || !bytes.HasPrefix(sealed, record[:at]) || bytes.Contains(sealed, []byte("4111")) {
			t.Fatalf("%d bytes: %q", len(sealed), sealed)
		}
		if seen[string(sealed)] {
			t.Fatal("two records have the same sealed form: a nonce came twice")
		}
		seen[string(sealed)] = true
		if back, err := o.Open([]byte("y"), sealed, at); err != nil || string(back) != "y"+string(record) {
			t.Fatalf("%q, %v", back, err)
		}
	}
	for _, open := range [][]byte{s.Seal(nil, record, len(record)), (*Keys)(nil).Sealer().Seal(nil, record, at)} {
		if !bytes.Equal(open, record) {
			t.Fatalf("%q", open)
		}
	}
	if back, err := (*Keys)(nil).Opener().Open(nil, record, at); err != nil || !bytes.Equal(back, record) {
		t.Fatalf("%q, %v", back, err)
	}
}

// TestEveryBitCounts: a change anywhere, public part included, or a cut is found.
func TestEveryBitCounts(t *testing.T) {
	keys := testKeys(t, 1)
	sealed, o := keys.Sealer().Seal(nil, record, at), keys.Opener()
	for i := range 8 * len(sealed) {
		bad := bytes.Clone(sealed)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := o.Open(nil, bad, at); !errors.Is(err, ErrUnreadable) {
			t.Fatalf("bit %d: %v", i, err)
		}
	}
	for n := at; n < len(sealed); n++ {
		if back, err := o.Open(nil, sealed[:n], at); n > at && !errors.Is(err, ErrUnreadable) {
			t.Fatalf("%d bytes: %q, %v", n, back, err)
		}
	}
}

func TestKeysAreTurnedOver(t *testing.T) {
	old, both, other := testKeys(t, 1), testKeys(t, 1, 2), testKeys(t, 3)
	before, after := old.Sealer().Seal(nil, record, at), both.Sealer().Seal(nil, record, at)
	for _, sealed := range [][]byte{before, after} {
		if back, err := both.Opener().Open(nil, sealed, at); err != nil || !bytes.Equal(back, record) {
			t.Errorf("%q, %v", back, err)
		}
		if _, err := other.Opener().Open(nil, sealed, at); !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), "[3]") {
			t.Errorf("with another key: %v", err)
		}
	}
	if _, err := old.Opener().Open(nil, after, at); !errors.Is(err, ErrUnreadable) {
		t.Errorf("with the key before: %v", err)
	}
}

// TestSaltIsRenewed: before the count comes round, and for each Sealer.
func TestSaltIsRenewed(t *testing.T) {
	keys := testKeys(t, 1)
	s, o := keys.Sealer(), keys.Opener()
	first := s.Seal(nil, record, at)
	s.count = math.MaxUint32 - 1
	last, next := s.Seal(nil, record, at), s.Seal(nil, record, at)
	salt := func(b []byte) string { return string(b[at+4 : at+4+saltBytes]) }
	if salt(first) != salt(last) || salt(last) == salt(next) || salt(keys.Sealer().Seal(nil, record, at)) == salt(first) {
		t.Error("a salt stays when the count begins again")
	}
	for _, sealed := range [][]byte{next, last, first} {
		if _, err := o.Open(nil, sealed, at); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenerIsBounded(t *testing.T) {
	keys := testKeys(t, 1)
	o := keys.Opener()
	for range 2 * openersMax {
		if _, err := o.Open(nil, keys.Sealer().Seal(nil, record, at), at); err != nil {
			t.Fatal(err)
		}
	}
	if len(o.ciphers) > openersMax {
		t.Errorf("%d ciphers", len(o.ciphers))
	}
}

func TestToken(t *testing.T) {
	keys := testKeys(t, 1)
	if first, again := keys.Token([]byte("a")), keys.Token([]byte("a")); first != again || keys.Token([]byte("a")) == keys.Token([]byte("b")) {
		t.Error("a token is not what an account is told by")
	}
	other, _ := New([keyBytes]byte{8}, keys.ring...)
	if keys.Token([]byte("a")) == other.Token([]byte("a")) {
		t.Error("the token key does not matter")
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seal.key")
	keys, created, err := OpenFile(path)
	if err != nil || !created {
		t.Fatal(created, err)
	}
	again, created, err := OpenFile(path)
	if err != nil || created || again.Token([]byte("a")) != keys.Token([]byte("a")) {
		t.Fatal(created, err)
	}
	if back, err := again.Opener().Open(nil, keys.Sealer().Seal(nil, record, at), at); err != nil || !bytes.Equal(back, record) {
		t.Fatalf("%q, %v", back, err)
	}
	if _, err := CreateFile(path); err == nil {
		t.Error("a key file was written over")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadFile(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by the group: %v", err)
	}
}

func TestBadFiles(t *testing.T) {
	hex := strings.Repeat("ab", keyBytes)
	for text, want := range map[string]string{
		"":                                    "no line \"token",
		"token " + hex:                        "0 sealing keys",
		"token ab\nkey 1 " + hex:              "line 1",
		"token " + hex + "\nkey 0 " + hex:     "id 0",
		"token " + hex + "\nkey x " + hex:     "line 2",
		"token " + hex + "\nkey 1 " + hex[2:]: "line 2",
		"token " + hex + "\n\n#\nkey 1 " + hex + "\nkey 1 " + hex: "twice",
		"token " + hex + "\ntoken " + hex:                         "line 2",
		"bogus":                                                   "line 1",
		strings.Repeat("#\n", fileBytesMax):                       "longer",
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), hex[:8]) {
			t.Errorf("the error shows a key: %v", err)
		}
	}
}

func TestKeysAreNeverPrinted(t *testing.T) {
	keys := testKeys(t, 1)
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("keys", "keys", keys, "key", keys.ring[0])
	fmt.Fprintf(&b, "%v %+v %#v %s %x %d %v %+v %#v %x", keys, keys, keys, keys, keys, keys, keys.ring[0], keys.ring[0], keys.ring[0], keys.ring[0])
	slog.New(slog.NewJSONHandler(&b, nil)).Info("keys", "keys", keys, "key", keys.ring[0], "ring", keys.ring)
	for _, leak := range []string{"[1 0 0", "0x1,", "01000000", "[7 0", "[1,0,0", "[7,0"} {
		if strings.Contains(b.String(), leak) {
			t.Errorf("%q in %s", leak, b.String())
		}
	}
}

func TestSealingAllocatesNothing(t *testing.T) {
	keys := testKeys(t, 1)
	s, o := keys.Sealer(), keys.Opener()
	sealed, back := make([]byte, 0, 256), make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		sealed = s.Seal(sealed[:0], record, at)
		back, _ = o.Open(back[:0], sealed, at)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkSeal seals what a payment's row has: 200 public bytes, 120 secret ones.
func BenchmarkSeal(b *testing.B) {
	s, row, sealed := testKeys(b, 1).Sealer(), make([]byte, 320), make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		sealed = s.Seal(sealed[:0], row, 200)
	}
}

// BenchmarkOpen opens it again.
func BenchmarkOpen(b *testing.B) {
	keys := testKeys(b, 1)
	o, back := keys.Opener(), make([]byte, 0, 512)
	sealed := keys.Sealer().Seal(nil, make([]byte, 320), 200)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if back, err = o.Open(back[:0], sealed, 200); err != nil {
			b.Fatal(err)
		}
	}
}
