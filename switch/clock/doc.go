// Package clock is what the system says of its clock: whether something keeps it right,
// and how far off it is.
//
// It promises to change nothing and to cost one system call. It does not tell the time:
// that is handed to everybody by cmd/switchd. On systems that do not say, the answer is
// ErrUnknown. Its callers are the metrics and health checks of cmd/switchd.
//
//	state, err := clock.Kernel()
//	if err == nil && !state.Synchronized { ... }
package clock
