// Package tidy holds the laws of the source tree as ordinary tests: which package
// may import which, what a pure package may not do, how large files and functions
// may be, what must be documented, where the clock may be read, and which fields may not
// hold secrets.
//
// It promises that a law it knows is either kept everywhere or reported, all
// breaches at once, each as `path:line: rule: what to do`. A law that matters and
// is not here is a wish.
//
// Nobody imports it; `go test ./switch/tidy` runs it. It reads the sources from
// the module's root and nothing else, uses the standard library only, never
// changes a file and never needs the network.
//
// Example of a breach:
//
//	switch/route/table.go:41: purity: time.Now is not a type or constant of time: take the time as an argument
//
// To change a law, change its table (law.go, limits.go) in the same commit as the
// page that states it, and say why in that commit.
package tidy
