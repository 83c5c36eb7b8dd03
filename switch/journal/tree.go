package journal

import (
	"crypto/sha256"
	"math/bits"
)

// tree computes the hash of a Merkle tree (RFC 6962) leaf by leaf. It holds the
// roots of the complete subtrees that the leaves so far fall into, one for each
// bit of n that is set. The zero value is the empty tree.
type tree struct {
	n      uint64
	levels [64]Hash // levels[i] is valid when bit i of n is set
}

// add appends a leaf.
func (t *tree) add(h Hash) {
	level := 0
	for ; t.n>>level&1 == 1; level++ {
		h = nodeHash(&t.levels[level], &h)
	}
	t.levels[level] = h
	t.n++
}

// addStored is add, and calls store for the leaf and for every subtree that it
// completes: what a Merkle log keeps. number is that of the subtree on its level.
func (t *tree) addStored(h Hash, store func(level int, number uint64, h *Hash) error) error {
	level := 0
	for ; t.n>>level&1 == 1; level++ {
		if err := store(level, t.n>>level, &h); err != nil {
			return err
		}
		h = nodeHash(&t.levels[level], &h)
	}
	if err := store(level, t.n>>level, &h); err != nil {
		return err
	}
	t.levels[level] = h
	t.n++
	return nil
}

// root is the tree's hash; that of an empty tree is the hash of nothing.
func (t *tree) root() Hash {
	if t.n == 0 {
		return sha256.Sum256(nil)
	}
	level := bits.TrailingZeros64(t.n)
	h := t.levels[level]
	for level++; t.n>>level != 0; level++ {
		if t.n>>level&1 == 1 {
			h = nodeHash(&t.levels[level], &h)
		}
	}
	return h
}

func nodeHash(left, right *Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// prefixedHash is the hash of a leaf whose prefix, a zero byte, is there already.
func prefixedHash(b []byte) Hash { return sha256.Sum256(b) }

// leafHash is the hash of a leaf of at most headBytes.
func leafHash(data []byte) Hash {
	var b [1 + headBytes]byte
	return sha256.Sum256(b[:1+copy(b[1:], data)])
}
