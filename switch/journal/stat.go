package journal

// Stat says how much a journal holds. Its numbers are of durable records.
type Stat struct {
	First   uint64 `json:"first"`    // sequence number of the first record that is kept
	Last    uint64 `json:"last"`     // and of the last one; less than First: there is none
	Groups  uint64 `json:"groups"`   // that are kept
	FirstAt int64  `json:"first_at"` // time of the first group, UTC nanoseconds; 0: there is none
	LastAt  int64  `json:"last_at"`  // and of the last one
	Bytes   uint64 `json:"bytes"`    // of all files
	Base    Base   `json:"base"`     // what was deleted before
	Chain   Hash   `json:"chain"`    // hash of the last group
	Tree    uint64 `json:"tree"`     // leaves of the Merkle log: all groups, the deleted too
}

// Stat reads the two ends of the journal. Safe for concurrent use.
func (l *PebbleLog) Stat() (Stat, error) {
	durable := l.Durable()
	snapshot := l.db.NewSnapshot() // base and groups of one moment
	defer snapshot.Close()
	base, err := readBase(snapshot)
	if err != nil {
		return Stat{}, err
	}
	s := Stat{
		First: base.First, Last: durable, Bytes: l.db.Metrics().DiskSpaceUsage(),
		Base: *base, Chain: base.Chain, Tree: base.Groups,
	}
	if s.Last < s.First {
		return s, nil
	}
	first, _, err := groupOf(snapshot, s.First)
	if err != nil {
		return s, err
	}
	last, value, err := groupOf(snapshot, s.Last)
	if err != nil {
		return s, err
	}
	s.FirstAt, s.LastAt = first.at, last.at
	s.Groups, s.Tree, s.Chain = last.number+1-base.Groups, last.number+1, chainHash(value)
	return s, nil
}
