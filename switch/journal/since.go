package journal

// FirstSince is the first record of the first durable group whose time is at
// least at, by binary search; the record after the last durable one when there is
// none. Safe for concurrent use.
func (l *PebbleLog) FirstSince(at int64) (seq uint64, err error) {
	it, err := groups(l.db)
	if err != nil {
		return 0, err
	}
	defer it.Close()
	// Every group that begins before low is older, none that begins at high or
	// later is; low is where a group begins.
	low, high := l.base.Load().First, l.Durable()+1
	for low < high {
		middle := low + (high-low)/2
		if !it.SeekGE(groupKey(middle)) {
			if err := it.Error(); err != nil {
				return 0, readError(err)
			}
			high = middle
			continue
		}
		h, _, err := groupAt(it)
		switch {
		case err != nil:
			return 0, err
		case h.first >= high || h.at >= at:
			high = middle
		default:
			low = h.next()
		}
	}
	return low, nil
}
