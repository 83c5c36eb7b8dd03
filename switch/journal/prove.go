package journal

import (
	"encoding/base64"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that records are in a journal, to somebody who has the verifier of
// its signer and nothing else: for each record the way to the root of its group,
// the head of the group that holds this root, the way from there to the root of
// the Merkle log, and this root under the signature. As JSON it is what
// VerifyProof reads.
type Proof struct {
	Format     int            `json:"format"`
	Records    []ProvenRecord `json:"records"`
	Checkpoint string         `json:"checkpoint"` // a signed note: the name of the log, its size in groups, its root
}

// ProvenRecord is one record of a Proof.
type ProvenRecord struct {
	Seq    uint64 `json:"seq"`
	Record []byte `json:"record"` // base64
	Path   []Hash `json:"path"`   // from the record to the root of its group
	Head   []byte `json:"head"`   // of the group, base64
	Log    []Hash `json:"log"`    // from the group to the root of the Merkle log
}

// Prove proves durable records under one checkpoint, which is made for it. Safe for
// concurrent use, if signer is.
func (l *PebbleLog) Prove(signer note.Signer, seqs ...uint64) (*Proof, error) {
	if err := l.settle(); err != nil {
		return nil, err
	}
	durable := l.Durable()
	snapshot := l.db.NewSnapshot()
	defer snapshot.Close()
	size, root, err := treeAt(snapshot, durable)
	if err != nil {
		return nil, err
	}
	p := &Proof{Format: Format, Records: make([]ProvenRecord, 0, len(seqs))}
	for _, seq := range seqs {
		if seq > durable {
			return nil, fmt.Errorf("prove record %d: the journal goes to %d", seq, durable)
		}
		r, err := proveRecord(snapshot, seq, size)
		if err != nil {
			return nil, fmt.Errorf("prove record %d: %w", seq, err)
		}
		p.Records = append(p.Records, r)
	}
	p.Checkpoint, err = signCheckpoint(signer, size, root)
	return p, err
}

// SignedCheckpoint is a signed note that says how many groups the journal has, and
// the root of the Merkle log over them: to be kept elsewhere, so that nobody can
// write the journal anew. Safe for concurrent use, if signer is.
func (l *PebbleLog) SignedCheckpoint(signer note.Signer) (string, error) {
	if err := l.settle(); err != nil {
		return "", err
	}
	size, root, err := l.TreeHash()
	if err != nil {
		return "", err
	}
	return signCheckpoint(signer, size, root)
}

// TreeHash is the size of the Merkle log in groups, and its root. Safe for
// concurrent use.
func (l *PebbleLog) TreeHash() (size uint64, root Hash, err error) {
	durable := l.Durable()
	snapshot := l.db.NewSnapshot()
	defer snapshot.Close()
	return treeAt(snapshot, durable)
}

// treeAt is the Merkle log up to the group of a record.
func treeAt(r pebble.Reader, last uint64) (size uint64, root Hash, err error) {
	base, err := readBase(r)
	if err != nil {
		return 0, root, err
	}
	if size = base.Groups; last >= base.First {
		h, _, err := groupOf(r, last)
		if err != nil {
			return 0, root, err
		}
		size = h.number + 1
	}
	var t tree
	if err := readTree(r, size, &t); err != nil {
		return 0, root, err
	}
	return size, t.root(), nil
}

func proveRecord(r pebble.Reader, seq, size uint64) (p ProvenRecord, err error) {
	base, err := readBase(r)
	if err != nil {
		return p, err
	}
	if seq < base.First {
		return p, gone(base, seq)
	}
	h, value, err := groupOf(r, seq)
	if err != nil {
		return p, err
	}
	var c checker
	if err := c.records(value, &h); err != nil {
		return p, err
	}
	p.Seq, p.Head = seq, value[:headBytes]
	if p.Path, err = pathInGroup(value, &h, seq, &p); err != nil {
		return p, err
	}
	p.Log, err = path(int64(size), int64(h.number), func(level int, n int64) (Hash, error) {
		return storedHash(r, level, uint64(n))
	})
	return p, err
}

// pathInGroup is the way from a record to the root of its group.
func pathInGroup(value []byte, h *head, seq uint64, p *ProvenRecord) ([]Hash, error) {
	type place struct {
		level int
		n     uint64
	}
	var t tree
	var c checker
	nodes := map[place]Hash{}
	err := eachRecord(value, h, func(at uint64, _ int, record []byte) error {
		if at == seq {
			p.Record = record
		}
		return t.addStored(c.leaf(record), func(level int, n uint64, h *Hash) error {
			nodes[place{level, n}] = *h
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return path(int64(h.count), int64(seq-h.first), func(level int, n int64) (Hash, error) {
		return nodes[place{level, uint64(n)}], nil
	})
}

// path is the way from leaf n to the root of a tree of a size.
func path(size, n int64, node func(level int, n int64) (Hash, error)) ([]Hash, error) {
	proof, err := tlog.ProveRecord(size, n, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			h, err := node(tlog.SplitStoredHashIndex(index))
			if err != nil {
				return nil, err
			}
			hashes[i] = tlog.Hash(h)
		}
		return hashes, nil
	}))
	if err != nil {
		return nil, err
	}
	hashes := make([]Hash, len(proof))
	for i, h := range proof {
		hashes[i] = Hash(h)
	}
	return hashes, nil
}

// signCheckpoint writes a checkpoint as other transparency logs do (C2SP
// tlog-checkpoint): the name of the log, which is that of its key, the size, the
// root.
func signCheckpoint(signer note.Signer, size uint64, root Hash) (string, error) {
	text := checkpointText(signer.Name(), size, root)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	return string(signed), nil
}

func checkpointText(name string, size uint64, root Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", name, size, base64.StdEncoding.EncodeToString(root[:]))
}
