package bench

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Admin is how the switch is watched: its admin port, and its process where that
// runs on this machine.
type Admin struct {
	URL    string       // of the admin port, "http://127.0.0.1:9583"
	PID    int          // of the switch; 0: its CPU time is read from its own metrics
	Client *http.Client // that asks, and says who does; nil: http.DefaultClient, which does not
}

// Summary is what the switch says of itself on /api/v1/summary.
type Summary struct {
	Payments     uint64            `json:"payments"`
	States       map[string]uint64 `json:"states"`
	Open         int               `json:"open"`
	PositionsSum int64             `json:"positions_sum"`
	Participants []struct {
		ID       string `json:"id"`
		Position struct {
			Posted   int64 `json:"posted"`
			Reserved int64 `json:"reserved"`
		} `json:"position"`
	} `json:"participants"`
}

// Bounds of a request to the admin port.
const (
	adminTimeout  = 5 * time.Second
	adminBytesMax = 8 << 20
)

// do asks.
func (a Admin) do(q *http.Request) (*http.Response, error) {
	return cmp.Or(a.Client, http.DefaultClient).Do(q)
}

// get reads one page.
func (a Admin) get(ctx context.Context, page string, read func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+page, nil)
	if err != nil {
		return err
	}
	answer, err := a.do(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", page, answer.Status)
	}
	return read(io.LimitReader(answer.Body, adminBytesMax))
}

// errEmpty is a summary that says nothing.
var errEmpty = errors.New("the summary is empty")

// Summary asks for the state of the switch. A summary without participants is an
// error: a switch that is too busy to look gives one.
func (a Admin) Summary(ctx context.Context) (*Summary, error) {
	var s Summary
	err := a.get(ctx, "/api/v1/summary", func(r io.Reader) error { return json.NewDecoder(r).Decode(&s) })
	if err == nil && len(s.Participants) == 0 {
		err = errEmpty
	}
	return &s, err
}

// Sample is the state of the counters at one moment.
type Sample struct {
	At       int64 // UTC nanoseconds
	Answered int64 // own payments that had their answer
	Switch   usage // CPU of the switch
	Own      usage // CPU of this process
	Machine  usage // CPU of the whole machine that was in use
	Metrics  map[string]float64
	Err      error // why Metrics are missing
}

// sample reads all counters. What costs the switch something is asked for last, so
// that it is outside the window of CPU times at its begin and hardly in it at its
// end.
func (a Admin) sample(ctx context.Context, clock func() int64, answered *atomic.Int64) Sample {
	s := Sample{At: clock(), Answered: answered.Load(), Own: processUsage("self"), Machine: machineUsage()}
	if a.PID > 0 {
		s.Switch = processUsage(strconv.Itoa(a.PID))
	}
	s.Metrics, s.Err = a.metrics(ctx)
	if a.PID == 0 {
		s.Switch = cpuIn(s.Metrics)
	}
	return s
}

// cpu is the CPU time of the switch.
func (a Admin) cpu(ctx context.Context) usage {
	if a.PID > 0 {
		return processUsage(strconv.Itoa(a.PID))
	}
	m, _ := a.metrics(ctx) // without them it is unknown
	return cpuIn(m)
}

// cpuIn is the CPU time that a switch tells in its metrics.
func cpuIn(metrics map[string]float64) usage {
	seconds, known := metrics["process_cpu_seconds_total"]
	return usage{cpu: time.Duration(seconds * float64(time.Second)), known: known}
}

// metrics reads the counters of /metrics, by name with labels as they stand there.
func (a Admin) metrics(ctx context.Context) (map[string]float64, error) {
	out := map[string]float64{}
	err := a.get(ctx, "/metrics", func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			line := lines.Text()
			cut := strings.LastIndexByte(line, ' ')
			if cut < 0 || line[0] == '#' {
				continue
			}
			if v, err := strconv.ParseFloat(line[cut+1:], 64); err == nil {
				out[line[:cut]] = v
			}
		}
		return lines.Err()
	})
	return out, err
}
