// Package logtext is an operator log in memory, for tests: any goroutine writes it
// while a test reads what is there. The switch itself never uses it.
//
// It promises that a line which was written is read, whole, from then on. It keeps
// everything: a test writes little.
//
//	var log logtext.Text
//	run(slog.New(slog.NewTextHandler(&log, nil)))
//	if log.Count("link up") != 1 { ... }
package logtext
