package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
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
	bin, dir, disk, out, page string
	long                      time.Duration
	fill                      int
	free                      int64 // bytes in dir
	only, commit              string
	keep, write, warm         bool
}

func main() {
	var s settings
	flag.StringVar(&s.bin, "bin", "bin/switchd", "the program that is measured")
	flag.StringVar(&s.dir, "dir", "/dev/shm", "where the data folders of the runs are; in memory, so that a shared disk does not spoil it")
	flag.StringVar(&s.disk, "disk", ".build", "the same of the runs with a real disk")
	flag.StringVar(&s.out, "out", ".build/bench-report", "where the reports of the runs are kept")
	flag.StringVar(&s.page, "page", "docs/performance.md", "the page that gets the figures")
	flag.DurationVar(&s.long, "long", 10*time.Minute, "the run at 70 % of the knee, or as much as its folder has room for, that looks for pauses")
	flag.IntVar(&s.fill, "fill", 5_000_000, "payments in the store of the last run of the growth")
	flag.StringVar(&s.only, "only", "", "run these steps only, with commas between; the others are as they were")
	flag.BoolVar(&s.keep, "keep", false, "keep what was measured with another version of the program; the page says of which versions its figures are")
	flag.BoolVar(&s.write, "write", false, "write the figures into the page; otherwise they are printed")
	flag.BoolVar(&s.warm, "warm", true, "where new memory is dear, since free memory goes back to the host of a virtual machine, hold it")
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
	version, err := exec.CommandContext(ctx, s.bin, "version", "--json").Output()
	if err != nil {
		return fmt.Errorf("%s version: %w", s.bin, err)
	}
	var of report
	if err := json.Unmarshal(version, &of); err != nil {
		return fmt.Errorf("%s version: %w", s.bin, err)
	}
	s.commit = of.text("commit")
	if s.warm {
		end, err := warm(ctx, func(format string, a ...any) { fmt.Fprintf(os.Stderr, "benchreport: "+format+"\n", a...) })
		if err != nil {
			return err
		}
		if end != nil {
			defer end()
		}
	}
	if s.free, err = freeBytes(s.dir); err != nil {
		return err
	}
	all, steps := reports{}, s.steps()
	for n, st := range steps {
		got, err := s.step(ctx, st, all, fmt.Sprintf("%2d of %d", n+1, len(steps)))
		if err != nil {
			return fmt.Errorf("%s: %w", st.name, err)
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

// step runs one step, unless there is a report of it already, and returns its report;
// nil: it was not measured, and its figures stay open.
func (s *settings) step(ctx context.Context, st step, all reports, place string) (report, error) {
	file := filepath.Join(s.out, st.name+".json")
	was, err := read(file)
	if err != nil {
		return nil, err
	}
	args := st.args(all)
	fits := was.fits(args)
	if st.keeps != nil {
		fits = st.keeps(all, was)
	}
	if !fits {
		was = nil
	}
	switch asked := s.only != "" && named(s.only, st.name); {
	case asked:
	case s.only != "" || was != nil && (s.keep || was.text("commit") == s.commit):
		return was, nil
	}
	if args == nil {
		fmt.Fprintf(os.Stderr, "%s  %-22s is not measured: there is no knee to measure it at, or no room in %s\n", place, st.name, s.dir)
		return nil, nil
	}
	args = append([]string{"bench"}, args...)
	fmt.Fprintf(os.Stderr, "%s  %-22s switchd %s\n", place, st.name, strings.Join(args, " "))
	return s.measure(ctx, args, file)
}

// measure runs the program, and keeps its report when the run came to its end.
func (s *settings) measure(ctx context.Context, args []string, file string) (report, error) {
	part := file + ".part"
	defer os.Remove(part)
	c := exec.CommandContext(ctx, s.bin, append(args, "--json", part)...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGINT) }
	said, err := c.CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	got, unread := read(part)
	// A run that is not valid ends with 1 and has a report that says so. Whatever else
	// goes wrong is no figure.
	if unread != nil || got == nil || err != nil && got.at("valid") != 0 {
		return nil, errors.Join(err, unread, fmt.Errorf("it said:\n%s", said))
	}
	return got, os.Rename(part, file)
}

// read reads a report; nil: there is none.
func read(file string) (report, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
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

// The flame graph among the reports, and beside the page, which shows it by that name.
const (
	flameFile = "flame.svg"
	flameLink = "performance-" + flameFile
)

// put writes the figures between the marks of the page, and the flame graph beside it.
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
	if strings.Contains(figures, flameLink) {
		picture, err := os.ReadFile(filepath.Join(s.out, flameFile))
		if err != nil {
			return fmt.Errorf("the picture that the page is to show: %w: measure it again with --only flame", err)
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(s.page), flameLink), picture, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(s.page, []byte(before+beginMark+figures+endMark+after), 0o644)
}
