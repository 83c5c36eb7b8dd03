package main

import (
	"sync"

	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// The built-in dialects and profiles. Each is compiled when it is first asked for,
// which takes 2 ms for a dialect and 30 ms for a profile, and once for all
// participants and messages: they never change.
var (
	builtinSpecs    = compiled(iso8583.BuiltinNames(), iso8583.Builtin)
	builtinProfiles = compiled(iso20022.BuiltinNames(), iso20022.Builtin)
)

func compiled[T any](names []string, compile func(name string) (T, error)) map[string]func() (T, error) {
	all := map[string]func() (T, error){}
	for _, name := range names {
		all[name] = sync.OnceValues(func() (T, error) { return compile(name) })
	}
	return all
}

// builtinOr gives what is built in under a name, or what load makes.
func builtinOr[T any](builtin map[string]func() (T, error), name string, load func() (T, error)) (T, error) {
	if compile, known := builtin[name]; known {
		return compile()
	}
	return load()
}

// builtinSpec gives a dialect that the binary carries; its error says which there are.
func builtinSpec(name string) (*iso8583.Spec, error) {
	return builtinOr(builtinSpecs, name, func() (*iso8583.Spec, error) { return iso8583.Builtin(name) })
}

// builtinProfile gives a profile that the binary carries; its error says which there are.
func builtinProfile(name string) (*iso20022.Profile, error) {
	return builtinOr(builtinProfiles, name, func() (*iso20022.Profile, error) { return iso20022.Builtin(name) })
}
