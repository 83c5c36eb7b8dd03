package main

import (
	"bytes"
	"runtime"
	"runtime/pprof"

	"switchd/switch/admin"
)

// goroutinesPage says where all goroutines of the switch are.
const goroutinesPage = "/api/v1/goroutines"

// goroutineView is where the goroutines are, equal ones once with their number. It has
// functions and lines, no arguments: nothing of a payment is in it.
type goroutineView struct {
	Goroutines int    `json:"goroutines"`
	Stacks     string `json:"stacks"`
}

// goroutineRoute is for support bundles: a switch that hangs shows where.
func goroutineRoute() admin.Route {
	r := question(goroutinesPage, people, "Where all goroutines of the switch are, without values.", func(*admin.Call) (goroutineView, error) {
		var text bytes.Buffer
		err := pprof.Lookup("goroutine").WriteTo(&text, 1) // 1: grouped, no arguments
		return goroutineView{runtime.NumGoroutine(), text.String()}, err
	})
	r.AtOnce = readsMax
	return r
}
