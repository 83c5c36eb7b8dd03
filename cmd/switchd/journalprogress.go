package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// progress tells how far a long reading is: on a terminal in one line that is drawn
// over itself, elsewhere in a line now and then.
type progress struct {
	w        io.Writer
	terminal bool
	clock    func() int64
	said     string // on the terminal
	told     int64  // when, elsewhere
	calls    uint64
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && isTerminal(f) && os.Getenv("TERM") != "dumb", clock: clock, told: clock()}
}

// logEvery is how often a log is told how far a reading is.
const logEvery = 10 * time.Second

// progressEvery is after how many records the line is looked at again.
const progressEvery = 1024

// show tells that so many of so many records of something are read; of 0: nobody
// knows how many there are.
func (p *progress) show(what string, done, of uint64) {
	if p.calls++; p.calls%progressEvery != 0 {
		return
	}
	line := fmt.Sprintf("%s: %d records", what, done)
	if of > 0 {
		line = fmt.Sprintf("%s: %d %% of %d records", what, done*100/of, of)
	}
	if now := p.clock(); !p.terminal && now-p.told >= int64(logEvery) {
		p.told = now
		fmt.Fprintln(p.w, "switchd: "+line)
	}
	if p.terminal && line != p.said {
		p.said = line
		fmt.Fprintf(p.w, "\r\x1b[2K%s", line)
	}
}

// end removes the line.
func (p *progress) end() {
	if p.said != "" {
		fmt.Fprint(p.w, "\r\x1b[2K")
		p.said = ""
	}
}

// endAtOnce has Ctrl-C end the process while a command reads for long: there is
// nothing to be put in order. stop ends that.
func (p *progress) endAtOnce(c *cobra.Command) (stop func() bool) {
	return context.AfterFunc(c.Context(), func() {
		if p.terminal {
			fmt.Fprint(p.w, "\r\x1b[2K")
		}
		fmt.Fprintln(c.ErrOrStderr(), interrupted(c))
		os.Exit(exitFailed)
	})
}

// sizeText is a number of bytes for people, exactly for those below a mebibyte.
func sizeText(bytes uint64) string {
	const mib = 1 << 20
	if bytes < mib {
		return fmt.Sprintf("%d bytes", bytes)
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/mib)
}
