package journal

// Crash drops the groups from sequence number next on: what a power cut does to
// groups that no fsync has covered. With tail > 0 the first of them does not go
// without a trace: that many of its bytes, and never all, stay behind torn.
func (l *MemoryLog) Crash(next uint64, tail int) {
	kept := len(l.groups)
	for kept > 0 && l.firsts[kept-1] >= next {
		kept--
	}
	var torn []byte
	if lost := l.groups[kept:]; tail > 0 && len(lost) > 0 {
		torn = lost[0][:min(tail, len(lost[0])-1)]
		kept++
		l.groups[kept-1] = torn
	}
	clear(l.groups[kept:])
	l.groups, l.firsts = l.groups[:kept], l.firsts[:kept]
}

// Reopen readies the log for the process after a Crash. Like a write-ahead log it
// drops a last group that is not whole, and says whether there was one.
func (l *MemoryLog) Reopen() (torn bool) {
	last := len(l.groups) - 1
	if last >= 0 && !l.whole(last) {
		torn = true
		l.groups, l.firsts = l.groups[:last], l.firsts[:last]
		last--
	}
	if l.end = start; last >= 0 {
		h, _ := readHead(l.groups[last], l.firsts[last])
		l.end.move(&h, l.groups[last])
	}
	return torn
}

func (l *MemoryLog) whole(i int) bool {
	h, err := readHead(l.groups[i], l.firsts[i])
	var c checker
	return err == nil && c.records(l.groups[i], &h) == nil
}
