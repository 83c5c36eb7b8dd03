package journal

import (
	"fmt"
	"math/bits"
)

// A segment is a part of a journal in one file that needs nothing else to be read
// or verified:
//
//	switchd journal segment 1          <- a line of text
//	{"format":1, ...}                  <- SegmentHeader, a line of JSON
//	zstd stream                        <- groups, each behind its length u32
//	{"groups":123, ...}                <- Segment, JSON in the last frame
//
// The stream is a series of zstd frames of at most segmentBlock bytes each, so that
// a reader needs little memory and no faith in lengths. Before each stands a
// skippable frame with its compressed length, and the last frame is skippable too:
// `tail -n +3 FILE | zstd -d` gives the groups. The last frame holds the SHA-256
// of everything before it, and repeats what the groups say.
const (
	segmentMagic    = "switchd journal segment 1\n"
	segmentBlock    = 1 << 20
	segmentLineMax  = 1 << 20
	frameHeadBytes  = 8
	frameLength     = 0x184D2A50 // skippable frames, by their magic numbers: the length of the next one
	frameEnd        = 0x184D2A5E // the end
	segmentBlockMax = segmentBlock + segmentBlock/2
)

// SegmentHeader is what a segment says about itself. Export sets everything that
// is not the caller's.
type SegmentHeader struct {
	Format int    `json:"format"`
	Day    string `json:"day,omitempty"` // the caller's: business day, 2006-01-02
	By     string `json:"by,omitempty"`  // the caller's: which switch and which version wrote it

	// Participants are the caller's: the ids that the numbers in its records stand for.
	Participants []string `json:"participants,omitempty"`

	Base Base   `json:"base"` // where it begins: the groups before it and their hash
	Tree []Hash `json:"tree"` // of the Merkle log before it: roots of complete subtrees, the largest first
}

// Segment is what a segment holds.
type Segment struct {
	Groups  uint64 `json:"groups"`
	Records uint64 `json:"records"`
	First   uint64 `json:"first"` // sequence numbers of the first record and of the last one
	Last    uint64 `json:"last"`
	FirstAt int64  `json:"first_at"` // times of the first group and of the last one
	LastAt  int64  `json:"last_at"`
	Bytes   uint64 `json:"bytes"`     // of the groups
	Chain   Hash   `json:"chain"`     // hash of the last group
	Tree    uint64 `json:"tree"`      // leaves of the Merkle log up to here
	Root    Hash   `json:"tree_root"` // and its root
	SHA256  Hash   `json:"sha256"`    // of everything before the last frame
}

// take counts a group.
func (s *Segment) take(h *head, value []byte) {
	if s.Groups == 0 {
		s.First, s.FirstAt = h.first, h.at
	}
	s.Groups, s.Records, s.Bytes = s.Groups+1, s.Records+uint64(h.count), s.Bytes+uint64(len(value))
	s.Last, s.LastAt, s.Chain = h.next()-1, h.at, chainHash(value)
}

// treeBefore is the Merkle log before the segment.
func (s *SegmentHeader) treeBefore() (t tree, err error) {
	// Each group has a record, and no journal comes near to the end of the numbers,
	// where sums would wrap.
	if b := &s.Base; b.First <= b.Groups || b.First > 1<<62 {
		return t, fmt.Errorf("%w: the header says that it begins at record %d, behind %d groups", errSegment, b.First, b.Groups)
	}
	t.n = s.Base.Groups
	if bits.OnesCount64(t.n) != len(s.Tree) {
		return t, fmt.Errorf("%w: the header has %d hashes of the Merkle log, want %d", errSegment, len(s.Tree), bits.OnesCount64(t.n))
	}
	i := len(s.Tree)
	for level := range t.levels {
		if t.n>>level&1 == 1 {
			i--
			t.levels[level] = s.Tree[i]
		}
	}
	return t, nil
}
