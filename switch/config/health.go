package config

import "time"

// Health is from when on what is looked at is a warning, or a reason to send traffic
// elsewhere.
type Health struct {
	// CommitAge is how long events may wait without any commit. Default 10 s.
	CommitAge time.Duration
	// ClockWarning and ClockStep are by how much somebody may set the system's clock
	// while the switch runs: beyond the first it is a warning, beyond the second the
	// switch is not ready. Default 2 s and 2 min.
	ClockWarning, ClockStep time.Duration
	// Certificates is how many days before its end a certificate is a warning. Default 7.
	Certificates int
}

// health reads from when on something is told. A warning comes before the fault, or it is
// none.
func (b *binder) health(v value) Health {
	o := v.object("health")
	faults := len(b.r.faults)
	warning, step := o.get("clock_warning"), o.get("clock_step")
	h := Health{CommitAge: o.get("commit_age").duration(), ClockWarning: warning.duration(), ClockStep: step.duration(), Certificates: o.get("certificates").days()}
	if len(b.r.faults) == faults && h.ClockWarning >= h.ClockStep {
		at := warning
		if at.absent() {
			at = step
		}
		at.fault("clock_warning (%s) is not below clock_step (%s): the warning must come first", brief(h.ClockWarning), brief(h.ClockStep))
	}
	return h
}
