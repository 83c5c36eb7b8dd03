package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"
)

// Whether a terminal goes on in the next line at its right edge.
const (
	wrapOff = "\x1b[?7l"
	wrapOn  = "\x1b[?7h"
)

// demoView shows a running demo: a table that is drawn over itself on a
// terminal, one line a second elsewhere, nothing on stdout with --json.
type demoView struct {
	d     *demo
	out   io.Writer
	table bool
	every time.Duration
	begun int64
	drawn int // lines of the table that stand on the terminal
	last  uint64
	at    int64
}

func newDemoView(d *demo, stdout, stderr io.Writer) *demoView {
	v := &demoView{d: d, out: stdout, every: time.Second, begun: clock()}
	if d.flags.asJSON {
		v.out = stderr
	}
	if f, ok := v.out.(*os.File); ok && isTerminal(f) && os.Getenv("TERM") != "dumb" {
		v.table, v.every = true, 250*time.Millisecond
	}
	return v
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (v *demoView) show(ctx context.Context) {
	s, err := v.d.node.summary(ctx)
	if err != nil {
		return // it is busy: the next one will show
	}
	now := clock()
	perSecond := 0.0
	if v.at != 0 && now > v.at {
		perSecond = float64(s.Payments-v.last) / (float64(now-v.at) / 1e9)
	}
	v.last, v.at = s.Payments, now
	elapsed := time.Duration(now - v.begun).Round(time.Second)
	if !v.table {
		fmt.Fprintf(v.out, "%4v  payments %d (%.0f/s)  success %d  declined %d  reversed %d  deemed %d  open %d\n", elapsed,
			s.Payments, perSecond, s.States["SUCCESS"], s.States["DECLINED"], s.States["FAILED_REVERSED"], s.States["DEEMED"], s.Open)
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "switchd demo  %v  http://%s\n\n", elapsed, v.d.node.admin.Addr())
	fmt.Fprintf(&b, "payments %d (%.0f/s)   success %d   declined %d   reversed %d   deemed %d   open %d\n\n",
		s.Payments, perSecond, s.States["SUCCESS"], s.States["DECLINED"], s.States["FAILED_REVERSED"], s.States["DEEMED"], s.Open)
	v.participants(&b, s)
	fmt.Fprint(&b, "\nCtrl-C stops, waits for the open payments and compares the books.\n")
	v.draw(b.Bytes())
}

// participants has what must agree before what may be cut: a narrow terminal shows
// the left.
func (v *demoView) participants(b *bytes.Buffer, s summary) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "participant\tlinks\tbook\tposition\treserved\tsent\tok\tdeclined\tdeemed\tdebits\tcredits\treversals\tadvices\t")
	for i, bank := range v.d.banks {
		st := bank.Stats()
		for _, p := range s.Participants {
			if p.ID == v.d.ids[i] {
				fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", p.ID, p.Links,
					major(st.Net), major(p.Position.Posted), major(p.Position.Reserved),
					st.Sent, st.Success, st.Declined, st.Deemed, st.Debits, st.Credits, st.Reversals, st.Advices)
			}
		}
	}
	w.Flush()
}

// major writes minor units with two decimals (the demo's currency is INR).
func major(minor int64) string {
	sign, size := "", uint64(minor)
	if minor < 0 {
		sign, size = "-", -size
	}
	return fmt.Sprintf("%s%d.%02d", sign, size/100, size%100)
}

// draw puts the table where the last one stands. A terminal that is too narrow cuts
// its lines: if it wrapped them, the next table would not find the place of this one.
func (v *demoView) draw(table []byte) {
	var b bytes.Buffer
	b.WriteString(wrapOff)
	if v.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", v.drawn)
	}
	for _, line := range bytes.SplitAfter(table, []byte("\n")) {
		if len(line) > 0 {
			b.WriteString("\x1b[2K")
			b.Write(line)
		}
	}
	b.WriteString(wrapOn)
	v.drawn = bytes.Count(table, []byte("\n"))
	v.out.Write(b.Bytes())
}
