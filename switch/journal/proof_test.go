package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// testKey is a signing key that is the same in every run.
func testKey(t testing.TB) (note.Signer, note.Verifiers) {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.NewChaCha8([32]byte{6}), "switchd/test")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return signer, note.VerifierList(verifier)
}

// proven fails unless these records can be proven, as what they are.
func proven(t *testing.T, l *PebbleLog, signer note.Signer, verifiers note.Verifiers, seqs ...uint64) []byte {
	t.Helper()
	p, err := l.Prove(signer, seqs...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := MarshalProof(p)
	if err != nil {
		t.Fatal(err)
	}
	out, err := VerifyProof(text, verifiers)
	if err != nil {
		t.Fatalf("records %v: %v\n%s", seqs, err, text)
	}
	if len(out.Records) != len(seqs) || out.Signer != signer.Name() {
		t.Fatalf("records %v: %+v", seqs, out)
	}
	for i, r := range out.Records {
		if r.Seq != seqs[i] || string(r.Bytes) != fmt.Sprintf("record %d", r.Seq) {
			t.Fatalf("record %d is proven as %d, %q", seqs[i], r.Seq, r.Bytes)
		}
	}
	return text
}

// TestProveEverything: every record of journals of many shapes.
func TestProveEverything(t *testing.T) {
	signer, verifiers := testKey(t)
	l := open(t, vfs.NewMem())
	defer l.Close()
	rng := rand.New(rand.NewPCG(6, 5))
	for n := range 40 {
		writeAt(t, l, int64(n), 1+rng.IntN(9))
		for range 5 {
			proven(t, l, signer, verifiers, 1+rng.Uint64N(l.Durable()))
		}
	}
	for seq := uint64(1); seq <= l.Durable(); seq++ {
		proven(t, l, signer, verifiers, seq, 1+(seq+17)%l.Durable())
	}
	if _, err := l.Prove(signer, l.Durable()+1); err == nil {
		t.Error("a record that is not there was proven")
	}
}

// TestMerkleLogIsTheCommonOne: size and root are what golang.org/x/mod/sumdb/tlog
// computes from the heads alone, and so does anybody else.
func TestMerkleLogIsTheCommonOne(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, hashes[i])
		}
		return out, nil
	})
	for n := range int64(70) {
		writeAt(t, l, n, 1+int(n)%3)
		_, value, err := groupOf(l.db, l.Durable())
		if err != nil {
			t.Fatal(err)
		}
		stored, err := tlog.StoredHashes(n, value[:headBytes], reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, stored...)
		want, err := tlog.TreeHash(n+1, reader)
		if err != nil {
			t.Fatal(err)
		}
		size, root, err := l.TreeHash()
		if err != nil || size != uint64(n+1) || root != Hash(want) {
			t.Fatalf("%d groups, root %s (%v), tlog says %s", size, root, err, want)
		}
	}
	for i, want := range hashes {
		level, n := tlog.SplitStoredHashIndex(int64(i))
		if h, err := storedHash(l.db, level, uint64(n)); err != nil || h != Hash(want) {
			t.Errorf("hash %d on level %d: %s (%v), want %s", n, level, h, err, want)
		}
	}
}

// TestProofIsTamperProof changes every byte of a proof of two records, each in
// several ways, drops it and doubles it: none is taken.
func TestProofIsTamperProof(t *testing.T) {
	signer, verifiers := testKey(t)
	l := open(t, vfs.NewMem())
	defer l.Close()
	writeAt(t, l, 5, 2, 3, 1)
	writeAt(t, l, 6, 5, 1)
	good := proven(t, l, signer, verifiers, 4, 10)
	refused := func(what string, text []byte) {
		t.Helper()
		if bytes.Equal(text, good) {
			return
		}
		if out, err := VerifyProof(text, verifiers); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %+v, %v", what, out, err)
		}
	}
	step := 1
	if testing.Short() {
		step = 5
	}
	for i := 0; i < len(good); i += step {
		for _, change := range []byte{1, 2, 4, 8, 16, 32, 64, 128, good[i] ^ ' ', good[i] ^ 'A'} {
			bad := bytes.Clone(good)
			bad[i] ^= change
			refused(fmt.Sprintf("byte %d (%q) changed to %q", i, good[i], bad[i]), bad)
		}
		refused(fmt.Sprintf("byte %d dropped", i), append(bytes.Clone(good[:i]), good[i+1:]...))
		refused(fmt.Sprintf("byte %d doubled", i), append(append(bytes.Clone(good[:i]), good[i]), good[i:]...))
		refused(fmt.Sprintf("cut at %d", i), good[:i])
	}
	refused("something behind it", append(bytes.Clone(good), '\n'))
	if _, err := VerifyProof(good, note.VerifierList()); !errors.Is(err, ErrProof) {
		t.Errorf("with another switch's verifiers: %v", err)
	}
	t.Logf("a proof of %d bytes", len(good))
}

// TestCheckpointIsSigned: the note says what the journal is, and nobody else can
// say it.
func TestCheckpointIsSigned(t *testing.T) {
	signer, verifiers := testKey(t)
	l := open(t, vfs.NewMem())
	defer l.Close()
	empty, err := l.SignedCheckpoint(signer)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := openCheckpoint(empty, verifiers); err != nil || out.Groups != 0 {
		t.Errorf("of an empty journal: %+v, %v", out, err)
	}
	write(t, l, 2, 3)
	signed, err := l.SignedCheckpoint(signer)
	if err != nil {
		t.Fatal(err)
	}
	_, root, _ := l.TreeHash()
	out, err := openCheckpoint(signed, verifiers)
	if err != nil || out.Groups != 2 || out.Root != root || out.Signer != "switchd/test" {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := openCheckpoint(strings.Replace(signed, "\n2\n", "\n3\n", 1), verifiers); !errors.Is(err, ErrProof) {
		t.Errorf("another size: %v", err)
	}
}

// TestProofHasOneSpelling: a list that is empty may be written in two ways, and one
// of them is taken.
func TestProofHasOneSpelling(t *testing.T) {
	signer, verifiers := testKey(t)
	l := open(t, vfs.NewMem())
	defer l.Close()
	var g Group
	g.Reset(1)
	g.Add(nil) // the only record of the only group: all its lists are empty
	ticket, err := l.Append(&g)
	if err != nil {
		t.Fatal(err)
	}
	if err := ticket.Wait(); err != nil {
		t.Fatal(err)
	}
	none, err := l.Prove(signer)
	if err != nil {
		t.Fatal(err)
	}
	one, err := l.Prove(signer, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Proof{none, one} {
		good, err := MarshalProof(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := VerifyProof(good, verifiers); err != nil {
			t.Errorf("%s: %v", good, err)
		}
		for _, empty := range []string{"[]", `""`} {
			if bad := bytes.Replace(good, []byte(empty), []byte("null"), 1); !bytes.Equal(bad, good) {
				if _, err := VerifyProof(bad, verifiers); !errors.Is(err, ErrProof) {
					t.Errorf("%s: %v", bad, err)
				}
			}
		}
	}
}
