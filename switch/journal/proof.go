package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrProof is wrapped by every error about a proof that proves nothing.
var ErrProof = errors.New("the proof is not valid")

// Proven is what a proof proves: that these records are in the journal of the
// signer, and so are all groups up to its size, in one order that can never be
// another one.
type Proven struct {
	Signer  string
	Groups  uint64
	Root    Hash
	Records []Record
}

// MarshalProof writes p in the one form that VerifyProof takes: two lines more or
// one space less, and it is another proof.
func MarshalProof(p *Proof) ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "  ")
	return append(text, '\n'), err
}

// spelledAnew says whether p has a list that is null where MarshalProof has an empty
// one: both read the same.
func (p *Proof) spelledAnew() bool {
	again := p.Records == nil
	for i := range p.Records {
		r := &p.Records[i]
		again = again || r.Record == nil || r.Path == nil || r.Head == nil || r.Log == nil
	}
	return again
}

// VerifyProof checks what MarshalProof has written, with the verifiers of a switch
// and nothing else. Every byte of it matters.
func VerifyProof(proof []byte, verifiers note.Verifiers) (*Proven, error) {
	var p Proof
	d := json.NewDecoder(bytes.NewReader(proof))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if p.Format != Format {
		return nil, fmt.Errorf("%w: it has format %d, this version of the switch reads %d", ErrProof, p.Format, Format)
	}
	if again, err := MarshalProof(&p); err != nil || !bytes.Equal(again, proof) || p.spelledAnew() {
		return nil, fmt.Errorf("%w: it is not as it was written (spaces, order or spelling)", ErrProof)
	}
	out, err := openCheckpoint(p.Checkpoint, verifiers)
	if err != nil {
		return nil, err
	}
	for i := range p.Records {
		r, err := checkProven(&p.Records[i], out.Groups, out.Root)
		if err != nil {
			return nil, fmt.Errorf("%w: record %d %w", ErrProof, p.Records[i].Seq, err)
		}
		out.Records = append(out.Records, r)
	}
	return out, nil
}

// openCheckpoint checks the signature on a checkpoint and reads it.
func openCheckpoint(signed string, verifiers note.Verifiers) (*Proven, error) {
	n, err := note.Open([]byte(signed), verifiers)
	if err != nil {
		return nil, fmt.Errorf("%w: its checkpoint: %w", ErrProof, err)
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return nil, fmt.Errorf("%w: its checkpoint has %d signatures, want one", ErrProof, len(n.Sigs)+len(n.UnverifiedSigs))
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != n.Sigs[0].Name {
		return nil, fmt.Errorf("%w: its checkpoint is not one of its signer, %s", ErrProof, n.Sigs[0].Name)
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	root, errRoot := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || errRoot != nil || len(root) != len(Hash{}) {
		return nil, fmt.Errorf("%w: its checkpoint has no size or no root", ErrProof)
	}
	out := &Proven{Signer: n.Sigs[0].Name, Groups: size, Root: Hash(root)}
	// The encoding of a signature leaves bits unused: only one spelling is taken.
	sig, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64)
	want := n.Text + "\n— " + out.Signer + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
	if err != nil || n.Text != checkpointText(out.Signer, out.Groups, out.Root) || signed != want {
		return nil, fmt.Errorf("%w: its checkpoint is not as it was written", ErrProof)
	}
	return out, nil
}

// checkProven follows the way from a record to the root of the Merkle log. Its
// errors go on from "record N".
func checkProven(p *ProvenRecord, groups uint64, root Hash) (Record, error) {
	if len(p.Head) != headBytes {
		return Record{}, fmt.Errorf("has a head of %d bytes", len(p.Head))
	}
	h, err := readHead(p.Head, takeHead(p.Head).first)
	if err != nil {
		return Record{}, fmt.Errorf("has a head that is none: %w", err)
	}
	if p.Seq < h.first || p.Seq >= h.next() {
		return Record{}, fmt.Errorf("is not in the group of records %d to %d", h.first, h.next()-1)
	}
	var c checker
	if err := checkPath(p.Path, uint64(h.count), p.Seq-h.first, h.root, c.leaf(p.Record)); err != nil {
		return Record{}, fmt.Errorf("does not lead to the root of its group: %w", err)
	}
	if h.number >= groups {
		return Record{}, fmt.Errorf("is in group %d of a log of %d", h.number, groups)
	}
	if err := checkPath(p.Log, groups, h.number, root, leafHash(p.Head)); err != nil {
		return Record{}, fmt.Errorf("is in a group that does not lead to the root of the checkpoint: %w", err)
	}
	return Record{Seq: p.Seq, At: h.at, Bytes: p.Record}, nil
}

func checkPath(path []Hash, size, n uint64, root, leaf Hash) error {
	proof := make(tlog.RecordProof, len(path))
	for i, h := range path {
		proof[i] = tlog.Hash(h)
	}
	return tlog.CheckRecord(proof, int64(size), tlog.Hash(root), int64(n), tlog.Hash(leaf))
}
