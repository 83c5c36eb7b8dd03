package bench

import (
	"context"
	"sync"
)

// observe starts what watches the switch, its disk and this machine beside the load.
// finish ends it and notes what was found; it is to be called once.
func (r *run) observe(ctx context.Context) (finish func(*facts)) {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	var syncs *syncWatch
	var disk *probe
	all.Go(func() { syncs = r.watchSyncs(ctx) })
	all.Go(func() { disk = r.probeDisk(ctx) })
	timer := r.newTimerProbe()
	all.Go(func() { timer.watch(ctx) })
	return func(f *facts) {
		stop()
		all.Wait()
		f.syncs, f.probe, f.timer = syncs, disk, timer
	}
}

// waits fills in what the switch had to wait for, and the disk's own word.
func (out *Report) waits(f *facts) {
	if s := f.syncs; s != nil && s.known && s.failed == nil {
		n := s.syncs.TotalCount()
		out.Fsyncs, out.FsyncsLost = s.count, s.lost
		out.FsyncP50, out.FsyncP99, out.FsyncMax = when(n > 0, s.syncs.millis(50)), when(n > 0, s.syncs.millis(99)), when(n > 0, s.syncs.maxMillis())
		if answered := f.last.Answered - f.first.Answered; answered > 0 {
			out.FsyncsPerPayment = when(true, float64(s.count)/float64(answered))
		}
		out.GCPauseP99, out.GCPauseMax = when(true, s.stops.millis(99)), when(true, s.stops.maxMillis())
	}
	if p := f.probe; p != nil && p.err == nil && p.took.TotalCount() > 0 {
		out.ProbeP50, out.ProbeP99, out.ProbeMax = when(true, p.took.millis(50)), when(true, p.took.millis(99)), when(true, p.took.maxMillis())
	}
	if f.first.Err != nil || f.last.Err != nil {
		return
	}
	d := delta{f.first.Metrics, f.last.Metrics}
	out.GCCycles = d.of("go_gc_duration_seconds_count")
	gc, cpu := d.of("go_cpu_classes_gc_total_cpu_seconds_total"), d.of("process_cpu_seconds_total")
	out.GCShare = when(gc != nil && value(cpu) > 0, value(gc)/max(value(cpu), 1e-9))
}
