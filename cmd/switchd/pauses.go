package main

import (
	"regexp"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"switchd/switch/access"
	"switchd/switch/admin"
	"switchd/switch/storage"
)

// pausesPage says what the process had to wait for lately.
const pausesPage = "/api/v1/pauses"

// pausesMax bounds the syncs of one answer.
const pausesMax = 4096

// pauseView is the latest syncs of the journal and the latest stops for the garbage
// collector, with times: a histogram can say neither when, nor how long exactly. Lists
// of numbers, and not of objects, since thousands are read every second under load.
type pauseView struct {
	Next    uint64  `json:"next"`     // ask since this one for those that follow
	Lost    uint64  `json:"lost"`     // asked for, and forgotten
	SyncEnd []int64 `json:"sync_end"` // UTC nanoseconds, oldest first
	SyncNs  []int64 `json:"sync_ns"`  // how long each took
	GCEnd   []int64 `json:"gc_end"`   // UTC nanoseconds, the latest 256 at most, oldest first
	GCNs    []int64 `json:"gc_ns"`    // how long all goroutines stood in each collection
}

// pauseRoute is for who measures the switch from outside.
func (n *node) pauseRoute() admin.Route {
	r := question(pausesPage, access.Anyone, "How long each of the latest syncs of the journal took, and each stop for the garbage collector.", func(c *admin.Call) (pauseView, error) {
		since, err := numberIn(c, "since")
		if err != nil {
			return pauseView{}, err
		}
		return pausesSince(n.data.syncs, since), nil
	}, admin.Parameter{Name: "since", Means: "number of the first sync, from next of the answer before; default: all that are remembered"})
	r.AtOnce = readsMax
	return r
}

// pausesSince reads both.
func pausesSince(syncs *storage.LatestSyncs, since uint64) pauseView {
	first, spans := syncs.Since(since, pausesMax)
	v := pauseView{Next: first + uint64(len(spans)), SyncEnd: []int64{}, SyncNs: []int64{}, GCEnd: []int64{}, GCNs: []int64{}}
	if first > since {
		v.Lost = first - since
	}
	for _, s := range spans {
		v.SyncEnd, v.SyncNs = append(v.SyncEnd, s.Ended), append(v.SyncNs, s.Took)
	}
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	for i := min(len(gc.Pause), len(gc.PauseEnd)) - 1; i >= 0; i-- {
		v.GCEnd, v.GCNs = append(v.GCEnd, gc.PauseEnd[i].UnixNano()), append(v.GCNs, int64(gc.Pause[i]/time.Nanosecond))
	}
	return v
}

// goCollector shows the Go runtime, with the share of the processor's time that the
// garbage collector takes.
func goCollector() prometheus.Collector {
	share := collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/cpu/classes/(gc/total|total|idle):cpu-seconds$`)}
	return collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(share))
}
