package clock

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestStateOf(t *testing.T) {
	for _, c := range []struct {
		answer                   int
		status, offset, errorMax int64
		want                     State
	}{
		{0, inNanoseconds | 1, -1500, 250, State{true, -1500 * time.Nanosecond, 250 * time.Microsecond}},
		{0, 1, 7, 0, State{true, 7 * time.Microsecond, 0}},
		{timeError, 1, 0, 16_000_000, State{false, 0, 16 * time.Second}},
		{0, unsynchronized, 0, 0, State{}},
	} {
		if got := stateOf(c.answer, c.status, c.offset, c.errorMax); got != c.want {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// TestRegister: where the kernel answers, all metrics are there; a container may have
// forbidden the question.
func TestRegister(t *testing.T) {
	reg := prometheus.NewRegistry()
	Register(reg, func() float64 { return -2.5 })
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range all {
		values[f.GetName()] = f.Metric[0].Gauge.GetValue()
	}
	if values["switchd_clock_jump_seconds"] != -2.5 {
		t.Error(values)
	}
	if _, err := Kernel(); err == nil && len(values) != 4 {
		t.Error(values)
	}
}
