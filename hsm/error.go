package hsm

import "errors"

// What a call can fail with; errors.Is finds them through all wrapping. None of
// them says more than which rule or part it was: what was refused is secret.
var (
	// ErrDenied: the rules forbid it, whatever the keys (HSM policy, weaker format).
	ErrDenied = errors.New("hsm: refused by rule")
	// ErrVerify: the MAC, PIN or signature is wrong.
	ErrVerify = errors.New("hsm: verification failed")
	// ErrKey: no such key, or one of another use or length.
	ErrKey = errors.New("hsm: unknown key or wrong use")
	// ErrBlock: a PIN block, key block or number of a wrong form.
	ErrBlock = errors.New("hsm: malformed")
	// ErrDown: the module is not there, or has no room.
	ErrDown = errors.New("hsm: down")
	// ErrTimeout: no answer in time.
	ErrTimeout = errors.New("hsm: no answer in time")
)

// Fault is a call that got no answer.
type Fault struct {
	// Kind is ErrDown or ErrTimeout.
	Kind error
	// Started tells whether the module may have begun with it. Of one that it has not,
	// nothing can have been done.
	Started bool
	// Cause is what happened below, nil if nothing more is known.
	Cause error
}

// Error says what failed and whether the call may have been done.
func (f *Fault) Error() string {
	text := f.Kind.Error()
	if f.Started {
		text += ", it may have been done"
	} else {
		text += ", nothing was done"
	}
	if f.Cause != nil {
		text += ": " + f.Cause.Error()
	}
	return text
}

// Unwrap gives the kind and the cause.
func (f *Fault) Unwrap() []error { return []error{f.Kind, f.Cause} }

// NotDone tells whether a failed call has provably done nothing, so that what
// depends on it can be declined, or asked of another module. It is false of errors
// that this package does not know.
func NotDone(err error) bool {
	var f *Fault
	if errors.As(err, &f) {
		return !f.Started
	}
	return errors.Is(err, ErrDenied) || errors.Is(err, ErrVerify) || errors.Is(err, ErrKey) || errors.Is(err, ErrBlock)
}
