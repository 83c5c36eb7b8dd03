// Package sim plays the whole switch in one goroutine, on a fake clock, from a
// seed: the real dialects on real bytes, the real egress, session automaton,
// payment machine and journal format, around a journal and a state store that lose
// at a crash what was not synced, and participants and networks that do whatever
// goes wrong. Checkers that share no code with the machine judge every run.
//
// It promises that one seed gives one run, event by event and byte by byte, on
// every machine; that a run has a safety phase, in which anything goes wrong that
// its seed has drawn, and a liveness phase, in which nothing does and everything
// must end; and that a violation comes with the text of a scenario.
//
//	out := sim.Run(seed, sim.Options{})
//	for _, v := range out.Violations { ... }
//
// Its caller is the sim command; nothing else imports it. It never reads a clock, a
// file or a socket; Sweep starts goroutines, one seed each at a time.
//
// Where to look: README.md has the faults, the checkers, the mutants and the
// limits. world.go is the run, node.go and boot.go the process, door.go its links,
// conn.go the network, bank.go, book.go and lie.go a participant, speak*.go its
// dialect, sender.go, own.go and collect.go what it asks for, bounds.go, load.go
// and rim.go what keeps one from harming all, file.go and reload.go its
// configuration, operator.go who decides afterwards, judge.go, watch.go and
// check_*.go what must hold, scenario*.go the text.
package sim
