package logline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
	"switchd/switch/logtext"
)

// rig is a Handler whose lines are read, and whose clock is set.
type rig struct {
	*testing.T
	said logtext.Text
	h    *Handler
	now  int64
	reg  *prometheus.Registry
}

func newRig(t *testing.T, o Options) *rig {
	r := &rig{T: t, now: int64(time.Hour), reg: prometheus.NewRegistry()}
	o.Clock = func() int64 { return r.now }
	r.h = New(&r.said, o)
	r.h.Register(r.reg)
	return r
}

// line hands a line of a time over as slog does.
func (r *rig) line(h slog.Handler, at time.Time, level slog.Level, msg string, args ...any) {
	r.Helper()
	if !h.Enabled(context.Background(), level) {
		return
	}
	line := slog.NewRecord(at, level, msg, 0)
	line.Add(args...)
	if err := h.Handle(context.Background(), line); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) want(lines ...string) {
	r.Helper()
	var got []string
	for l := range strings.Lines(r.said.String()) {
		_, l, _ = strings.Cut(strings.TrimSpace(l), "level=")
		got = append(got, l)
	}
	if g, w := strings.Join(got, "\n"), strings.Join(lines, "\n"); g != w {
		r.Errorf("got:\n%s\nwant:\n%s", g, w)
	}
}

func TestJSON(t *testing.T) {
	r := newRig(t, Options{Format: JSON})
	slog.New(r.h).With("participant", "BANKA").Info("link up", "event", "link.up", "link", 7, "after", time.Second)
	var line struct {
		Level, Msg, Event, Participant string
		Link, After                    int64
	}
	if err := json.Unmarshal([]byte(r.said.String()), &line); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(line) != "{INFO link up link.up BANKA 7 1000000000}" {
		t.Errorf("%+v", line)
	}
}

// TestMasking: what a type does not say of itself is not shown, and no card number is.
func TestMasking(t *testing.T) {
	type account struct{ Number string }
	type name string
	r := newRig(t, Options{})
	at := time.Unix(1, 0)
	r.line(r.h, at, info, "types", "bytes", []byte("4111111111111111"), "struct", account{"1"}, "pointer", &account{"1"},
		"map", map[string]string{"a": "b"}, "secret", hsm.NewSecret([]byte("pin")), "nil", (*netip.Addr)(nil), "error", errors.New("no 4111 1111 1111 1111 here"),
		"name", name("4111111111111111"), "addr", netip.MustParseAddr("10.0.0.1"), "list", []string{"a", "4111111111111111"},
		slog.Group("in", "raw", []byte{1}, "n", uint8(3)), "free", uint64(4111111111111111))
	r.want(`INFO msg=types bytes="(masked) []uint8" struct="(masked) logline.account" pointer="(masked) *logline.account" map="(masked) map[string]string"` +
		` secret=(secret) nil=(masked) error="no (masked) here" name=(masked) addr=10.0.0.1 list="a, (masked)" in.raw="(masked) []uint8" in.n=3 free=4111111111111111`)
	if n := r.metric("switchd_log_masked_total"); n != 9 {
		t.Errorf("%v masked", n)
	}
}

func TestMaskedDigits(t *testing.T) {
	for in, want := range map[string]string{
		"card 4111111111111111.":         "card (masked).",
		"4111-1111-1111-1111 and":        "(masked) and",
		"ab5500005555555559cd":           "ab(masked)cd",
		"4111111111111112":               "4111111111111112", // its check digit is wrong
		"41111111111":                    "41111111111",      // too short
		"411111111111111111111111111":    "411111111111111111111111111",
		"até 4111111111111111 é":         "até (masked) é",
		"":                               "",
		"378282246310005 30569309025904": "(masked) (masked)",
		"12 4111 1111 1111 1111-":        "12 (masked)-",
		"4111 1111-1111 1111 1":          "(masked) 1",
		"2026-11-23 10:00:00.123456":     "2026-11-23 10:00:00.123456",
	} {
		if got, _ := maskDigits(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestBound: a kind of line that comes too often is told of in one line, at the first
// line of any kind in a later second, and at the end.
func TestBound(t *testing.T) {
	r := newRig(t, Options{PerEvent: 2})
	for range 5 {
		r.line(r.h, time.Unix(1, 0), warn, "a", "event", "link.up")
		r.line(r.h, time.Unix(1, 0), warn, "no event")
	}
	r.line(r.h, time.Unix(1, 5), info, "b", "event", "link.down") // another one has its own bound
	r.line(r.h, time.Unix(2, 0), info, "b", "event", "link.down")
	for range 3 {
		r.line(r.h, time.Unix(3, 0), info, "b", "event", "link.down")
	}
	if err := r.h.Flush(time.Unix(3, 0)); err != nil {
		t.Fatal(err)
	}
	got := r.said.String()
	for text, n := range map[string]int{
		"msg=a ": 2, `msg="no event"`: 2, "msg=b ": 4,
		"of=link.up lines=3": 1, `of="" lines=3`: 1, "of=link.down lines=1": 1, "event=log.suppressed": 3,
	} {
		if strings.Count(got, text) != n {
			t.Errorf("%d of %q, want %d", strings.Count(got, text), text, n)
		}
	}
	if n := r.metric("switchd_log_suppressed_total"); n != 7 {
		t.Errorf("%v suppressed", n)
	}
}

// TestWatch: who is watched has debug lines, nobody else has, and it ends by itself.
func TestWatch(t *testing.T) {
	r := newRig(t, Options{})
	at, of := time.Unix(1, 0), slog.Handler(r.h)
	say := func(id string) { r.line(of, at, debug, "message", "event", "message.in", "participant", id) }
	say("BANKA")
	until := r.now + int64(time.Minute)
	if err := r.h.Watch("BANKA", until); err != nil {
		t.Fatal(err)
	}
	say("BANKA")
	say("BANKB")
	r.line(of.WithAttrs([]slog.Attr{slog.String("participant", "BANKA")}), at, debug, "of with")
	r.line(of.WithGroup("g"), at, debug, "in a group", "participant", "BANKA")
	r.line(of, at, debug, "of nobody")
	if !r.h.Watched("BANKA") || r.h.Watched("BANKB") || len(r.h.Watching()) != 1 {
		t.Error(r.h.Watching())
	}
	if n := r.metric("switchd_log_watched_participants"); n != 1 {
		t.Error(n)
	}
	r.now = until
	say("BANKA")
	if r.h.Watched("BANKA") || r.h.Enabled(context.Background(), debug) {
		t.Error("it goes on")
	}
	if n := r.metric("switchd_log_watched_participants"); n != 0 {
		t.Error(n)
	}
	r.want("DEBUG msg=message event=message.in participant=BANKA", `DEBUG msg="of with" participant=BANKA`)
	if r.h.watched.until.Load() != nil {
		t.Error("what is over is kept")
	}
}

// metric is the value of a metric without labels.
func (r *rig) metric(name string) float64 {
	r.Helper()
	all, err := r.reg.Gather()
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == name {
			return f.Metric[0].GetCounter().GetValue() + f.Metric[0].GetGauge().GetValue()
		}
	}
	r.Errorf("no %s", name)
	return 0
}

func TestWatchedAreBounded(t *testing.T) {
	r := newRig(t, Options{})
	for i := range watchedMax {
		if err := r.h.Watch(fmt.Sprint("BANK", i), r.now+1+int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.h.Watch("ONE MORE", r.now+1); !errors.Is(err, ErrWatched) {
		t.Error(err)
	}
	if err := r.h.Watch("BANK1", r.now+9); err != nil { // a change is no more
		t.Error(err)
	}
	if err := r.h.Watch("BANK2", 0); err != nil || r.h.Watched("BANK2") {
		t.Error(err, "an end is")
	}
	r.now++ // BANK0 is over
	for _, id := range []string{"X", "Y"} {
		if err := r.h.Watch(id, r.now+1); err != nil {
			t.Error(err)
		}
	}
	if n := len(r.h.Watching()); n != watchedMax {
		t.Error(n)
	}
}

// TestWatchedCostsNothing while nobody is watched, or somebody else is.
func TestWatchedCostsNothing(t *testing.T) {
	r := newRig(t, Options{})
	ask := func() {
		if r.h.Watched("BANKA") || r.h.Watched("BANKB") {
			t.Error("nobody is")
		}
	}
	if n := testing.AllocsPerRun(100, ask); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if err := r.h.Watch("BANKC", r.now+1); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, ask); n != 0 {
		t.Errorf("%v allocations", n)
	}
	enabled := func() {
		if !r.h.Enabled(context.Background(), slog.LevelDebug) {
			t.Error("BANKC has no debug lines")
		}
	}
	if n := testing.AllocsPerRun(100, enabled); n != 0 {
		t.Errorf("a debug line that is left out costs %v allocations", n)
	}
}

func TestOptions(t *testing.T) {
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, `format "xml"`) || !strings.Contains(text, "PerEvent -1") {
			t.Error(text)
		}
	}()
	New(&logtext.Text{}, Options{Format: "xml", PerEvent: -1})
}

func TestSetLevel(t *testing.T) {
	r := newRig(t, Options{Level: warn})
	log := slog.New(r.h).With("link", 1)
	log.Info("no")
	r.h.SetLevel(info)
	log.Info("yes")
	r.want("INFO msg=yes link=1")
}
