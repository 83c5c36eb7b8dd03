package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"switchd/switch/clock"
	"switchd/switch/screen"
)

// Options say what is looked at.
type Options struct {
	// Dir is the data folder; empty: nothing is known of a disk. One that is not there yet
	// is looked at where it would be.
	Dir string
	// Reserve and Warning are bytes that must and that should be free.
	Reserve, Warning int64
	// Second is the second folder of the journal, which needs SecondLeast bytes and should
	// have SecondLow; empty: there is none.
	Second                 string
	SecondLeast, SecondLow int64
	// Links is how many connections the configuration allows.
	Links int
	// KeyFiles are files that only their owner may read.
	KeyFiles []string
	// Process is the running switch; 0: this process is looked at in its place.
	Process int
	// Clock is UTC nanoseconds.
	Clock func() int64
	// Syncs is how often an fsync is measured. Default 200; less than 0: not at all.
	Syncs int
}

// Machine looks at everything. Each look is by itself: one that fails is a finding.
func Machine(ctx context.Context, o Options) []Finding {
	if o.Syncs == 0 {
		o.Syncs = 200
	}
	var all []Finding
	if o.Dir != "" {
		all = append(all, room(&o), ahead(&o))
	}
	if o.Second != "" {
		all = append(all, secondRoom(&o))
	}
	if o.Dir != "" && o.Syncs > 0 {
		all = append(all, syncs(ctx, &o))
	}
	all = append(all, clockFinding(clock.Kernel()), files(&o), cores(&o), swap())
	return append(all, keyFiles(o.KeyFiles)...)
}

// nearest is the folder, or the first above it that is there.
func nearest(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			return dir
		}
		dir = above
	}
}

// room is what is free on the disk of the data folder.
func room(o *Options) Finding {
	const name = "disk"
	free, total, err := space(nearest(o.Dir))
	if err != nil {
		return unknown(name, err)
	}
	text := fmt.Sprintf("%s free of %s in %s", screen.Bytes(free), screen.Bytes(total), o.Dir)
	switch {
	case free < o.Reserve:
		return Wrong(Bad, name, "make room now: the switch takes no new payment below its reserve, and does not start on a full disk; archive or shorten retention, or grow the disk", "%s, the reserve is %s", text, screen.Bytes(o.Reserve))
	case free < o.Warning:
		return Wrong(Warn, name, "make room soon: archive or shorten retention, or grow the disk", "%s, below the warning of %s", text, screen.Bytes(o.Warning))
	}
	return Good(name, "%s", text)
}

// secondRoom is what is free on the disk of the journal's second folder.
func secondRoom(o *Options) Finding {
	const name = "second disk"
	free, total, err := space(nearest(o.Second))
	if err != nil {
		return unknown(name, err)
	}
	text := fmt.Sprintf("%s free of %s in %s", screen.Bytes(free), screen.Bytes(total), o.Second)
	switch {
	case free < o.SecondLeast:
		return Wrong(Bad, name, "make room now: the journal does not go there with less, and payments wait when the disk of the data folder is slow", "%s, it takes %s", text, screen.Bytes(o.SecondLeast))
	case free < o.SecondLow:
		return Wrong(Warn, name, "make room soon: on a full disk the journal cannot go on", "%s, there should be %s", text, screen.Bytes(o.SecondLow))
	}
	return Good(name, "%s", text)
}

// unknown is a look that could not be had.
func unknown(name string, err error) Finding {
	if errors.Is(err, errors.ErrUnsupported) {
		return Good(name, "cannot be looked at on this system")
	}
	return Wrong(Warn, name, "run doctor as the user of the switch, or look by hand", "could not be looked at: %v", err)
}

// What an fsync may take. Every payment waits for two or three of them, shared with all
// payments of the same moment: 10 ms each still leaves p99 far below the 2 s of the
// scheme, 100 ms is a disk that is overloaded or not one for a database. Between the two
// it is slow, and neither good nor bad. The half decides, since the slowest few of a run
// are others in the next one; a tenth that is slow is told.
const (
	syncSlow = 10 * time.Millisecond
	syncBad  = 100 * time.Millisecond
	syncTime = 5 * time.Second // for all of them
	syncSize = 4 << 10         // of a usual group
)

// syncs measures what the journal does for each group: append, fsync.
func syncs(ctx context.Context, o *Options) Finding {
	const name = "fsync"
	if free, _, err := space(nearest(o.Dir)); err == nil && free < o.Reserve {
		return Good(name, "not measured: what is left of the disk is for open payments")
	}
	took, err := measure(ctx, nearest(o.Dir), o)
	if err != nil {
		return unknown(name, err)
	}
	slices.Sort(took)
	at := func(share float64) time.Duration { return took[int(share*float64(len(took)-1)+0.5)] }
	p50, p90 := at(0.5), at(0.9)
	text := fmt.Sprintf("p50 %s, p90 %s, max %s of %d appends of 4 KiB", brief(p50), brief(p90), brief(took[len(took)-1]), len(took))
	switch {
	case p50 >= syncBad:
		return Wrong(Bad, name, "find out what else writes to this disk (iostat -x 1), or take a disk with power-loss protection", "far too slow: %s", text)
	case p50 >= syncSlow:
		return Wrong(Warn, name, "payments wait for this disk: a disk of its own, or one with power-loss protection, answers in under 2 ms", "slow: %s", text)
	case p90 >= syncBad:
		return Wrong(Warn, name, "find out what else writes to this disk now and then (iostat -x 1)", "slow at times: %s", text)
	case p50 < 20*time.Microsecond:
		return Wrong(Warn, name, "make sure that data_dir is not on tmpfs and that the disk does not lie about its cache", "so fast that nothing reaches a disk: %s", text)
	}
	return Good(name, "%s", text)
}

// brief is a short time.
func brief(d time.Duration) string {
	if d < time.Millisecond {
		return fmt.Sprintf("%dus", d.Microseconds())
	}
	return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
}

// measure appends and syncs in a file of its own, which it removes.
func measure(ctx context.Context, dir string, o *Options) (took []time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".switchd-doctor.*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := make([]byte, syncSize)
	begin := o.Clock()
	for len(took) < o.Syncs {
		if _, err := f.Write(block); err != nil {
			return nil, err
		}
		from := o.Clock()
		if err := f.Sync(); err != nil {
			return nil, err
		}
		now := o.Clock()
		took = append(took, time.Duration(now-from))
		if now-begin > int64(syncTime) || ctx.Err() != nil {
			break
		}
	}
	return took, nil
}

// ahead looks whether the data folder has files from the future: then the clock was set
// back, or is wrong.
func ahead(o *Options) Finding {
	const name = "clock jump"
	newest := time.Time{}
	for _, dir := range []string{o.Dir, filepath.Join(o.Dir, "journal"), filepath.Join(o.Dir, "state")} {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return unknown(name, err)
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && info.ModTime().After(newest) { // one that has just gone is no matter
				newest = info.ModTime()
			}
		}
	}
	now := time.Unix(0, o.Clock())
	const slack = 2 * time.Second
	if by := newest.Sub(now); by > slack {
		return Wrong(Bad, name, "find out why the clock was set back; the switch goes on in the journal's time, but time outs and days are wrong until it has caught up", "the data folder has files from %s in the future", screen.Lasts(by))
	}
	return Good(name, "the data folder has nothing from the future")
}

// keyFiles looks who may read keys.
func keyFiles(files []string) (all []Finding) {
	const name = "key file"
	bad := 0
	for _, file := range files {
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			all = append(all, Wrong(Bad, name, "put it back, or name it as it is in the configuration", "%s is not there", file))
		case err != nil:
			all = append(all, unknown(name, err))
		case info.Mode().Perm()&0o007 != 0:
			all = append(all, Wrong(Bad, name, "chmod 600 "+file+", and replace the key if somebody has read it", "%s is open to everyone (mode %04o)", file, info.Mode().Perm()))
		case info.Mode().Perm()&0o070 != 0:
			all = append(all, Wrong(Warn, name, "chmod 600 "+file+", unless its group is the switch's alone", "%s is open to its group (mode %04o)", file, info.Mode().Perm()))
		default:
			continue
		}
		bad++
	}
	if good := len(files) - bad; good > 0 {
		all = append(all, Good(name, "of %d key files %d are for their owner only", len(files), good))
	}
	return all
}
