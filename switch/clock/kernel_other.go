//go:build !linux

package clock

// Kernel is ErrUnknown on this system.
func Kernel() (State, error) { return State{}, ErrUnknown }
