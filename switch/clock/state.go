package clock

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// State is what the kernel knows of its clock.
type State struct {
	Synchronized bool          // something keeps it right: chrony, ntpd, systemd-timesyncd
	Offset       time.Duration // what it is off, as far as is known: positive is ahead
	ErrorMax     time.Duration // and may be off at most
}

// ErrUnknown is the answer where the system does not say.
var ErrUnknown = errors.New("this system does not say how its clock is kept")

// Register registers metrics of the clock; jumped is by how many seconds it was set
// since the start of the process. It panics when they are there already.
func Register(reg prometheus.Registerer, jumped func() float64) {
	gauge := func(name, help string, value func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	gauge("switchd_clock_jump_seconds", "By how much the clock was set since the start of the process: it has gained so much over the monotonic clock. Payments go on by the monotonic one.", jumped)
	if _, err := Kernel(); err != nil {
		return // no value is better than one that looks well
	}
	known := func(value func(State) float64) func() float64 {
		return func() float64 {
			s, _ := Kernel() // it has answered before
			return value(s)
		}
	}
	gauge("switchd_clock_offset_seconds", "How far the clock is off, as the kernel knows it.", known(func(s State) float64 { return s.Offset.Seconds() }))
	gauge("switchd_clock_error_max_seconds", "How far the clock may be off at most, as the kernel knows it.", known(func(s State) float64 { return s.ErrorMax.Seconds() }))
	gauge("switchd_clock_synchronized", "1 if something keeps the clock right, else 0.", known(func(s State) float64 {
		if s.Synchronized {
			return 1
		}
		return 0
	}))
}
