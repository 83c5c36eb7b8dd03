// Package logline is how the switch's lines for operators are made: a handler of
// log/slog, and the table of all kinds of lines.
//
// It promises that every line of the switch has the attribute "event", a name of the
// table that never changes its meaning, so that a rule of a log store outlives the
// words of the message; that no line shows a value of a type that nobody has judged
// (bytes, structs), nor a run of digits that may be a card number; that one kind of
// line, however often its cause comes, cannot fill a disk: what is above a bound is
// counted and told in one line; and that a participant who is watched (Watch) has his
// debug lines for a time, while all others have none.
//
// Its caller is cmd/switchd, which hands the logger to everybody. The packages of the
// switch know log/slog alone: they write the event as a literal, and switch/tidy
// compares all of them with the table.
//
//	log := slog.New(logline.New(os.Stderr, logline.Options{Format: "json", Clock: clock}))
//	log.Info("link up", "event", "link.up", "participant", "BANKA")
package logline
