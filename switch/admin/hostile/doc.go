// Package hostile makes requests as no honest client sends them, and looks at what an
// admin port answers.
//
// It promises that a seed gives the same requests on every machine: strange paths,
// methods, queries, headers, credentials, hosts and bodies, bodies that end too early or
// are too large, chunks that are none, several requests at once, and plain noise. It says
// of each answer whether it is HTTP at all, whether the server calls it its own fault,
// and whether it has a secret. Tests call it, against routes that are faked and against a
// whole switch; the switch itself never does.
//
// Example:
//
//	report := hostile.Attack(hostile.Target{Address: srv.Addr(), Paths: paths, Tokens: tokens, Secrets: secrets}, seed, 10_000)
//	if len(report.Faults) > 0 { ... }
package hostile
