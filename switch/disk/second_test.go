package disk

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestSecondDisk: the log goes to the second disk while that has room, what lacks is told
// once, and a disk that does not say stays what it was.
func TestSecondDisk(t *testing.T) {
	var said bytes.Buffer
	var free int64
	var fails error
	reg := prometheus.NewRegistry()
	free = SecondLow
	s := OpenSecond(SecondOptions{
		Dir: "second", Registry: reg, Log: slog.New(slog.NewTextHandler(&said, nil)),
		Free: func() (int64, error) { return free, fails },
	})
	for _, c := range []struct {
		free   int64
		fails  error
		enough bool
		warns  string // a part of the warning; empty: there is none
		event  string // that is logged; empty: nothing is
	}{
		{free: SecondLow, enough: true},
		{free: SecondLow - 1, enough: true, warns: "511 MiB free", event: "second.low"},
		{free: SecondLow, enough: true, warns: "512 MiB free"},
		{free: SecondLeast, enough: true, warns: "128 MiB free"},
		{free: SecondLeast - 1, warns: "too little", event: "second.full"},
		{free: SecondLeast, warns: "too little"},
		{fails: errors.New("it does not say"), warns: "too little", event: "second.unknown"},
		{fails: errors.New("it does not say"), warns: "too little"},
		{free: leave(SecondLeast), enough: true, warns: "144 MiB free", event: "second.usable"},
		{free: 0, warns: "too little", event: "second.full"},
		{free: 1 << 40, enough: true, event: "second.usable"},
		{free: SecondLow - 1, enough: true, warns: "511 MiB free", event: "second.low"},
		{free: 1 << 40, enough: true, event: "second.room"},
	} {
		said.Reset()
		free, fails = c.free, c.fails
		s.look()
		if got := s.Enough(); got != c.enough {
			t.Errorf("%+v: enough %v", c, got)
		}
		if got := s.Warning(); (got == "") != (c.warns == "") || !strings.Contains(got, c.warns) {
			t.Errorf("%+v: %q", c, got)
		}
		if got := said.String(); strings.Count(got, "\n") != strings.Count(c.event, "second") || !strings.Contains(got, c.event) {
			t.Errorf("%+v: %q", c, got)
		}
	}
	all, err := reg.Gather()
	if err != nil || len(all) != 2 || all[0].GetMetric()[0].GetGauge().GetValue() != 1<<40 || all[1].GetMetric()[0].GetGauge().GetValue() != 0 {
		t.Errorf("%v %v", all, err)
	}
}

// TestSecondDiskIsLookedAt: again and again until the end, a folder that is not there yet by
// the one above it, and none by nobody. One that hangs keeps no end.
func TestSecondDiskIsLookedAt(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	looks := 0
	s := OpenSecond(SecondOptions{Dir: "second", Every: time.Microsecond, Free: func() (int64, error) {
		if looks++; looks == 5 {
			stop()
		}
		return 1 << 40, nil
	}})
	if err := s.Run(ctx); err != nil || looks < 5 {
		t.Errorf("%d looks: %v", looks, err)
	}
	first, hang := true, make(chan struct{})
	defer close(hang)
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	hung := OpenSecond(SecondOptions{Dir: "second", Every: time.Microsecond, Free: func() (int64, error) {
		if !first {
			stop()
			<-hang
		}
		first = false
		return 1 << 40, nil
	}})
	if err := hung.Run(ctx); err != nil || !hung.Enough() {
		t.Errorf("a disk that hangs: %v", err)
	}
	none := OpenSecond(SecondOptions{Free: func() (int64, error) { t.Error("who looks?"); return 0, nil }})
	if err := none.Run(t.Context()); err != nil || !none.Enough() || none.Warning() != "" {
		t.Errorf("none: %v %q", err, none.Warning())
	}
	real := OpenSecond(SecondOptions{Dir: filepath.Join(t.TempDir(), "not", "yet"), Log: slog.New(slog.DiscardHandler)})
	if free := real.seen.Load().free; free <= 0 || real.failing {
		t.Errorf("%d bytes are free", free)
	}
}
