package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"switchd/switch/bench"
)

// benchProfile is one profile that --profile saves.
type benchProfile struct {
	kind, file string
	share      float64 // of the window; 0: it is of one moment
	most       time.Duration
}

// benchProfiles are taken one after the other, since the switch makes one at a time and
// each would show in the others. The trace is short: it grows by megabytes a second.
var benchProfiles = []benchProfile{
	{"cpu", "cpu.pprof", 0.5, 30 * time.Second},
	{"mutex", "mutex.pprof", 0.15, 10 * time.Second},
	{"block", "block.pprof", 0.15, 10 * time.Second},
	{"trace", "trace.out", 0.1, 2 * time.Second},
	{"heap", "heap.pprof", 0, 0},
}

const profileHelp = `With --profile DIR profiles of the switch in the window are saved there: cpu.pprof,
mutex.pprof, block.pprof, trace.out and heap.pprof, for 'go tool pprof' and 'go tool
trace', and flame.svg, the picture of the first. They are taken one after the other and
cost the switch something, the trace and the block profile most: figures of such a run
are not to be compared.
`

// Bounds of a profile: what is saved at most, and how long it may take beyond its time.
const (
	profileBytesMax = 512 << 20
	profileGrace    = 15 * time.Second
)

// profileShortest is the least time that the switch makes a profile for.
const profileShortest = time.Second

// profiled has profiles saved in the window; the error is there when the run is over.
func (f *benchFlags) profiled(o *bench.Options) *error {
	failed := new(error)
	if f.profile == "" {
		return failed
	}
	admin, window, title := o.Admin, o.Duration, fmt.Sprintf("switchd serve: CPU at %g payments a second", o.Rate)
	o.Beside = func(ctx context.Context) {
		*failed = errors.Join(profiles(ctx, admin, f.profile, window), flameOf(f.profile, title))
	}
	return failed
}

// profiles saves them in dir, in a window of that length that begins now. What could not
// be had is an error, but the others are still taken.
func profiles(ctx context.Context, admin bench.Admin, dir string, window time.Duration) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	address, secure := strings.CutPrefix(admin.URL, "https://")
	port := &adminPort{address: strings.TrimPrefix(address, "http://"), secure: secure, client: cmp.Or(admin.Client, http.DefaultClient)}
	var faults []error
	for _, p := range benchProfiles {
		page, span := profilePage+"?kind="+p.kind, time.Duration(0)
		if p.share > 0 {
			span = min(max(time.Duration(p.share*float64(window)).Truncate(time.Second), profileShortest), p.most)
			page += fmt.Sprintf("&seconds=%d", span/time.Second)
		}
		if err := saveProfile(ctx, port, page, filepath.Join(dir, p.file), span+profileGrace); err != nil {
			faults = append(faults, fmt.Errorf("profile %s: %w", p.kind, err))
		}
	}
	return errors.Join(faults...)
}

// flameFile is the picture of the CPU profile.
const flameFile = "flame.svg"

// flameOf draws the CPU profile in dir, if it is there.
func flameOf(dir, title string) error {
	in, err := os.Open(filepath.Join(dir, benchProfiles[0].file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // why, is told already
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(dir, flameFile))
	if err != nil {
		return err
	}
	return errors.Join(drawFlame(out, in, "", title), out.Close())
}

// saveProfile writes what a page answers into a file, which is there only when it is whole.
func saveProfile(ctx context.Context, port *adminPort, page, path string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err := port.request(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 200)) // only to say more
		return port.refusal(answer.StatusCode, text)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(answer.Body, profileBytesMax+1))
	switch {
	case err == nil && n > profileBytesMax:
		err = fmt.Errorf("more than %d bytes", int64(profileBytesMax))
	case err == nil && n == 0:
		err = errors.New("it is empty")
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
