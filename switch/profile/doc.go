// Package profile takes profiles of the process it runs in: where its processor time goes,
// what it allocates and keeps, what waits for what, where its goroutines are, and a trace
// of the scheduler.
//
// It promises that one profile is taken at a time and a second question is refused at once;
// that sampling costs something only while it is asked for; that what it keeps in memory is
// bounded; and that a profile is written when it is whole, or not at all. Of what happens in
// a time it gives what happened in that time alone, whoever has asked before. A profile has
// functions, lines and numbers: no argument and no value of anything.
//
// cmd/switchd calls it for the admin port. It never looks at another process.
//
// Example:
//
//	var t profile.Taker
//	err := t.Take(ctx, profile.CPU, 10*time.Second, answer)
package profile
