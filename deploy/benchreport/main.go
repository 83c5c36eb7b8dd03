package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// settings are what a user may set.
type settings struct {
	bin, dir, out, page string
	long                time.Duration
	fill                int
	only                string
	write               bool
}

func main() {
	var s settings
	flag.StringVar(&s.bin, "bin", "bin/switchd", "the program that is measured")
	flag.StringVar(&s.dir, "dir", "/dev/shm", "where the data folders of the runs are; in memory, so that a shared disk does not spoil it")
	flag.StringVar(&s.out, "out", ".build/bench-report", "where the reports of the runs are kept")
	flag.StringVar(&s.page, "page", "docs/performance.md", "the page that gets the figures")
	flag.DurationVar(&s.long, "long", 10*time.Minute, "the run at 70 % of the knee that looks for pauses")
	flag.IntVar(&s.fill, "fill", 5_000_000, "payments in the store of the last run of the growth")
	flag.StringVar(&s.only, "only", "", "run these steps only, with commas between; the others are as they were")
	flag.BoolVar(&s.write, "write", false, "write the figures into the page; otherwise they are printed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "benchreport: %v\n", err)
		os.Exit(1)
	}
}

// run measures what is not measured yet, and makes the page.
func (s *settings) run(ctx context.Context) error {
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	all := reports{}
	steps := s.steps()
	for n, st := range steps {
		got, err := s.step(ctx, st, all, fmt.Sprintf("%2d of %d", n+1, len(steps)))
		if err != nil {
			return err
		}
		all[st.name] = got
	}
	text, err := all.text()
	if err != nil {
		return err
	}
	if !s.write {
		fmt.Print(text)
		return nil
	}
	return s.put(text)
}

// step runs one step, unless there is a report of it already, and reads its report.
func (s *settings) step(ctx context.Context, st step, all reports, place string) (report, error) {
	file := filepath.Join(s.out, st.name+".json")
	asked := s.only != "" && named(s.only, st.name)
	if _, err := os.Stat(file); err != nil && s.only == "" || asked {
		args := append([]string{"bench"}, st.args(all)...)
		fmt.Fprintf(os.Stderr, "%s  %-22s switchd %s\n", place, st.name, strings.Join(args, " "))
		c := exec.CommandContext(ctx, s.bin, append(args, "--json", file)...)
		c.Cancel = func() error { return c.Process.Signal(syscall.SIGINT) }
		said, err := c.CombinedOutput()
		// A run that is not valid ends with 1 and has a report that says so.
		if _, left := os.Stat(file); left != nil || ctx.Err() != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", st.name, err), ctx.Err(), fmt.Errorf("it said:\n%s", said))
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil // not measured: its figures stay open
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// named says whether a list with commas has a name, or the beginning of one before a dash.
func named(list, name string) bool {
	family, _, _ := strings.Cut(name, "-")
	for _, want := range strings.Split(list, ",") {
		if want == name || want == family {
			return true
		}
	}
	return false
}

// The marks in the page.
const (
	beginMark = "<!-- figures: written by `make bench-report` -->\n"
	endMark   = "<!-- end of figures -->\n"
)

// put writes the figures between the marks of the page.
func (s *settings) put(figures string) error {
	page, err := os.ReadFile(s.page)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(page), beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for the figures: it wants the lines %q and %q", s.page, beginMark, endMark)
	}
	return os.WriteFile(s.page, []byte(before+beginMark+figures+endMark+after), 0o644)
}
