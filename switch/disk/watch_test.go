package disk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/prometheus/client_golang/prometheus"
)

// fake is a disk whose room the test decides.
type fake struct {
	free    int64 // with the ballast, if there is one
	ballast int64
	note    string
	fails   string // what does not work: statfs, ballast, note
	looks   int
}

var errBroken = errors.New("input/output error")

func (f *fake) String() string { return "data" }

func (f *fake) fail(what string) error {
	if strings.Contains(f.fails, what) {
		return errBroken
	}
	return nil
}

func (f *fake) Free() (int64, error) {
	f.looks++
	return f.free - f.ballast, f.fail("statfs")
}
func (f *fake) Ballast() (int64, error) { return f.ballast, nil }

func (f *fake) SetBallast(bytes int64) error {
	if err := f.fail("ballast"); err != nil {
		return err
	}
	f.ballast = bytes
	return nil
}

func (f *fake) Note(text string) error {
	if err := f.fail("note"); err != nil {
		return err
	}
	f.note = text
	return nil
}
func (f *fake) Noted() (string, error) { return f.note, nil }

// film runs a scenario: what happens to the disk, and what the watch says and does.
type film struct {
	t    *testing.T
	disk *fake
	w    *Watch
	reg  *prometheus.Registry
	now  int64
	open int
	last map[string]int64 // when requests were declined without a record, by participant
	out  strings.Builder
}

// Hold and Release make the film the gate.
func (f *film) Hold() { fmt.Fprintf(&f.out, "gate: hold (%v)\n", f.w.Check()) }
func (f *film) Release(until int64) {
	fmt.Fprintf(&f.out, "gate: release, repeats suspect for %v\n", time.Duration(until-f.now))
}

func (f *film) Suspect(who string, until int64) {
	fmt.Fprintf(&f.out, "gate: repeats of %s suspect for %v\n", who, time.Duration(until-f.now))
}
func (f *film) Declined(each func(string, int64)) {
	for who, last := range f.last {
		each(who, last)
	}
}

// Write takes the log.
func (f *film) Write(line []byte) (int, error) { return f.out.Write(line) }

func (f *film) step(t *testing.T, d *datadriven.TestData) string {
	f.out.Reset()
	var mib int64
	if d.MaybeScanArgs(t, "free", &mib) {
		f.disk.free = mib << 20
	}
	if d.MaybeScanArgs(t, "ballast", &mib) {
		f.disk.ballast = mib << 20
	}
	d.MaybeScanArgs(t, "open", &f.open)
	f.disk.fails = ""
	d.MaybeScanArgs(t, "fails", &f.disk.fails)
	switch d.Cmd {
	case "start":
		return f.start(d)
	case "look":
		f.w.look()
	case "declined":
		var who string
		d.ScanArgs(t, "who", &who)
		f.last[who] = f.now
		f.w.look()
	case "looks": // as many, until something changes
		n := 0
		for d.ScanArgs(t, "n", &n); n > 0 && f.out.Len() == 0; n-- {
			f.w.look()
		}
	case "sleep":
		var hours int64
		d.ScanArgs(t, "hours", &hours)
		f.now += hours * int64(time.Hour)
		f.w.look()
	case "metrics":
		f.metrics()
		return f.out.String()
	default:
		t.Fatalf("unknown command %s", d.Cmd)
	}
	return f.out.String() + f.is()
}

func (f *film) start(d *datadriven.TestData) string {
	reserve, warning, ballast := int64(1024), int64(2048), int64(256)
	d.MaybeScanArgs(f.t, "reserve", &reserve)
	d.MaybeScanArgs(f.t, "warning", &warning)
	d.MaybeScanArgs(f.t, "size", &ballast)
	f.reg = prometheus.NewRegistry()
	bare := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	var err error
	f.last = map[string]int64{}
	f.w, err = Open(Options{
		Disk: f.disk, Reserve: reserve << 20, Warning: warning << 20, Ballast: ballast << 20,
		Clock: func() int64 { return f.now }, Registry: f.reg,
		Log: slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{ReplaceAttr: bare})),
	})
	if err == nil {
		err = f.w.Attach(f, func() int { return f.open })
	}
	if err != nil {
		return f.out.String() + "refused: " + err.Error() + "\n"
	}
	return f.out.String() + f.is()
}

func (f *film) is() string {
	v := f.w.seen.Load()
	s := fmt.Sprintf("%v: %d MiB free", v.state, v.free>>20)
	if v.ballast > 0 {
		s += fmt.Sprintf(", ballast %d MiB", v.ballast>>20)
	}
	if lines := strings.Split(strings.TrimSpace(f.disk.note), "\n"); len(lines) > 1 {
		s += fmt.Sprintf(", note %q", strings.Join(append(lines[:1], lines[2:]...), ", "))
	}
	if warning := f.w.Warning(); (warning != "") != (v.state == Low) || warning != "" && !strings.Contains(warning, "MiB free, the reserve is ") {
		f.t.Errorf("in state %v it warns with %q", v.state, warning)
	}
	if err := f.w.Check(); (err != nil) != (v.state == Reserve) || f.w.State() != v.state {
		f.t.Errorf("state %v, readiness %v", v.state, err)
	}
	return s + "\n"
}

func (f *film) metrics() {
	families, err := f.reg.Gather()
	if err != nil {
		f.t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, l := range m.GetLabel() {
				name += "{" + l.GetName() + "=" + l.GetValue() + "}"
			}
			fmt.Fprintf(&f.out, "%s %.0f\n", name, m.GetGauge().GetValue()+m.GetCounter().GetValue())
		}
	}
}

// TestFilms runs the scenarios. Sizes in them are MiB.
func TestFilms(t *testing.T) {
	datadriven.Walk(t, "../../testdata/disk", func(t *testing.T, path string) {
		f := &film{t: t, disk: &fake{}, now: int64(1000 * time.Hour)}
		datadriven.RunTest(t, path, f.step)
	})
}

// TestRunEnds: it looks while it runs and ends with its context.
func TestRunEnds(t *testing.T) {
	d := &fake{free: 10 << 30}
	w, err := Open(Options{Disk: d, Reserve: 1 << 30, Clock: func() int64 { return 0 }, Every: time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	before := d.looks
	if err := w.Attach(&film{t: t}, func() int {
		if d.looks > before+3 { // a few of them are by Run
			cancel()
		}
		return 0
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Run(ctx); err != nil {
		t.Error(err)
	}
}

// TestHurry: Run looks at once when it is told to, also when that was before it ran, and
// once more at the end.
func TestHurry(t *testing.T) {
	d := &fake{free: 10 << 30}
	w, err := Open(Options{Disk: d, Reserve: 1 << 30, Clock: func() int64 { return int64(time.Hour) }, Every: 1000 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &film{t: t, disk: d, w: w, last: map[string]int64{}}
	if err := w.Attach(f, func() int {
		if len(f.last) != 0 { // it is looking
			cancel()
		}
		return 0
	}); err != nil {
		t.Fatal(err)
	}
	f.last["BANKA"] = 1
	w.Hurry()
	w.Hurry() // does not block
	if err := w.Run(ctx); err != nil || !strings.HasSuffix(d.note, "\nBANKA 0\n") {
		t.Errorf("%v, the note is %q", err, d.note)
	}
	f.last["BANKB"] = 1
	if err := w.Run(ctx); err != nil || !strings.HasSuffix(d.note, "\nBANKA 0\nBANKB 0\n") {
		t.Errorf("at the end: %v, the note is %q", err, d.note)
	}
}

// TestOptionsAreChecked: all faults at once.
func TestOptionsAreChecked(t *testing.T) {
	_, err := Open(Options{Reserve: 5, Warning: 5, Ballast: -1, Every: -1})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("%v", err)
	}
}
