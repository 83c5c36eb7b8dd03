package bench

import "fmt"

// compare holds three accounts of the same money against each other: what the
// switch says of each participant's position, what the participant's own book
// holds, and what its customers were told. It lists what does not agree, and
// anything that an honest switch never does.
func (r *run) compare(f *facts, all *tally, out *Report) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if f.after == nil {
		fault("the switch gives no account of its positions: %v", f.afterErr)
		out.Open = -1
		return faults
	}
	out.Open, out.PositionsSum = f.after.Open, f.after.PositionsSum
	if f.after.PositionsSum != 0 {
		fault("positions sum to %d", f.after.PositionsSum)
	}
	if n := f.after.States["REVERSAL_STUCK"]; n != 0 {
		fault("%d reversals are stuck", n)
	}
	before, after, doubt := positions(f.before), positions(f.after), r.doubt()
	for i, s := range r.stations {
		net, conflicts := s.book.state()
		now := after[s.ID]
		moved := now.Posted - before[s.ID].Posted
		if moved != net || now.Reserved != 0 {
			fault("%s: its book moved by %d, its position by %d with %d reserved", s.ID, net, moved, now.Reserved)
		}
		if told := all.told[i]; told > net+doubt[i] || told < net-doubt[i] {
			fault("%s: its book moved by %d, the answers to its customers add up to %d", s.ID, net, all.told[i])
		}
		if conflicts != 0 {
			fault("%s: %d legs came again with other content", s.ID, conflicts)
		}
	}
	for _, c := range []struct {
		count int64
		what  string
	}{
		{all.malformed, "messages could not be read"}, {all.strange, "messages are not in the wire table"},
		{all.unproven, "messages have a wrong code, or none"},
		{all.unmatched, "answers match no open payment"}, {all.changed, "answers have another amount, STAN or payer than was sent"},
	} {
		if c.count != 0 {
			fault("%d %s", c.count, c.what)
		}
	}
	return faults
}

// position is one participant's in a summary.
type position struct{ Posted, Reserved int64 }

func positions(s *Summary) map[string]position {
	out := map[string]position{}
	for _, p := range s.Participants {
		out[p.ID] = position{p.Position.Posted, p.Position.Reserved}
	}
	return out
}
