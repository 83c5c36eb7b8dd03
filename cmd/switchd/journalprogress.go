package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// progress tells how far a long reading is, in one line that is drawn over itself
// on a terminal. Elsewhere it says nothing.
type progress struct {
	w     io.Writer // nil: no terminal
	said  string
	calls uint64
}

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok && isTerminal(f) && os.Getenv("TERM") != "dumb" {
		return &progress{w: w}
	}
	return &progress{}
}

// progressEvery is after how many records the line is looked at again.
const progressEvery = 1024

// show tells that so many of so many records of something are read; of 0: nobody
// knows how many there are.
func (p *progress) show(what string, done, of uint64) {
	if p.calls++; p.w == nil || p.calls%progressEvery != 0 {
		return
	}
	line := fmt.Sprintf("%s: %d records", what, done)
	if of > 0 {
		line = fmt.Sprintf("%s: %d %% of %d records", what, done*100/of, of)
	}
	if line != p.said {
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
		if p.w != nil {
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
