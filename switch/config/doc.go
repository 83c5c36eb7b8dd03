// Package config reads the configuration file of the switch.
//
// It promises three things. A file that it accepts is complete: defaults are
// filled in, relative paths start at the file's folder, amounts are minor units
// and every participant's names are its own. A file that it refuses is refused
// with all its faults at once, each as `file:line:column: what is wrong and what
// to do`. And no input, however hostile, makes it panic or run away: size,
// nesting and the parts of YAML that can multiply (anchors, aliases, merge keys)
// are bounded or refused before anything is bound.
//
// One table (table.go, tableparticipant.go) says of each key what may stand there,
// what holds without it and what it is for: the binder reads by it, and Schema and
// the reference of the keys are made of it.
//
// The commands `serve`, `bank` and `check-config` call it at start. It opens no
// file but the one it is given and those of the folder of participants that it
// names, except in CheckFiles; it never looks at the environment, never guesses, never rounds an amount, and reads no key that
// it does not know.
//
// Example:
//
//	c, err := config.Load("switchd.yml", config.Names{
//		Dialects: iso8583.BuiltinNames(), Framings: []string{"BIN2"},
//	})
//	var faults config.Faults
//	if errors.As(err, &faults) {
//		fmt.Fprintln(os.Stderr, faults) // one line for each fault
//		os.Exit(2)
//	}
package config
