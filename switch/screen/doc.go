// Package screen lays out what commands show: tables that fit the terminal, numbers and
// amounts as people read them, and the same values as JSON or YAML for programs.
//
// It promises that a line is never wider than the paper where the paper has a width, that
// a colour is never the only sign of anything and never goes where nobody looks at it,
// and that no text from outside can move a terminal's cursor: control characters are
// replaced. cmd/switchd and switch/top call it. It asks nobody and reads nothing.
//
// Example:
//
//	p := screen.NewPage(os.Stdout, screen.Paper{Width: 80})
//	t := screen.NewTable(screen.Left("participant"), screen.Right("tps"))
//	t.Row(screen.Plain("BANKA"), screen.Plain(screen.Count(1200)))
//	p.Table(t)
package screen
