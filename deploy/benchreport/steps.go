package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// step is one run of `switchd bench`.
type step struct {
	name string // of its report; what comes before a dash is its family
	args func(done reports) []string
}

// The sizes of the runs.
const (
	rate      = 20_000 // of the CPU of a payment
	windowSec = 20
	pairs     = 2   // of each comparison, by turns, so that what else the machine does falls on both sides
	large     = 200 // participants
	accounts  = 1_000_000
	surge     = 3 // times the knee
	surgeSec  = 30
	part      = 0.7 // of the knee: a switch with room
)

// steps are all runs, in their order.
func (s *settings) steps() []step {
	window := fmt.Sprintf("%ds", windowSec)
	spawn := func(rate float64, more ...string) []string {
		return append([]string{"--spawn", "--dir", s.dir, "--rate", strconv.FormatFloat(rate, 'f', 0, 64), "--duration", window}, more...)
	}
	limits := filepath.Join(s.out, "raw.json")
	fixed := func(args []string) func(reports) []string { return func(reports) []string { return args } }
	all := []step{
		{"raw", fixed([]string{"raw", "--dir", s.dir})},
		{"plain", fixed(spawn(rate, "--raw", limits))},
		{"iso20022", fixed(spawn(rate, "--mix", "iso20022=0.5"))},
		{"pinmac-aes", fixed(spawn(rate, "--mix", "pin-mac=AES-CMAC"))},
		{"pinmac-x919", fixed(spawn(rate, "--mix", "pin-mac=X9.19"))},
		{"low-5000", fixed(spawn(5000))},
		{"low-10000", fixed(spawn(10_000))},
		{"high-30000", fixed(spawn(30_000, "--raw", limits))},
		{"knee", fixed([]string{"--spawn", "--dir", s.dir, "--find-knee", "--rate", "10000", "--duration", "10s"})},
	}
	for n := range pairs {
		all = append(all,
			step{fmt.Sprintf("participants-%d-small", n), fixed(spawn(rate, "--participants", "8"))},
			step{fmt.Sprintf("participants-%d-large", n), fixed(spawn(rate, "--participants", strconv.Itoa(large)))},
			step{fmt.Sprintf("accounts-%d-small", n), fixed(spawn(rate, "--accounts", strconv.Itoa(1000/8)))},
			step{fmt.Sprintf("accounts-%d-large", n), fixed(spawn(rate, "--accounts", strconv.Itoa(accounts/8)))},
			step{fmt.Sprintf("store-%d-small", n), fixed(spawn(rate))},
			step{fmt.Sprintf("store-%d-large", n), fixed(spawn(rate, "--warmup", (time.Duration(s.fill/rate) * time.Second).String()))},
		)
	}
	return append(all,
		step{"latency", func(done reports) []string {
			return append(spawn(part*done.knee(), "--accounts", "10000"), "--duration", "60s")
		}},
		step{"surge", func(done reports) []string {
			base := part * done.knee()
			return spawn(base, "--accounts", "100000", "--surge", strconv.FormatFloat(surge/part, 'f', 3, 64), "--surge-for", fmt.Sprintf("%ds", surgeSec))
		}},
		step{"kill", func(done reports) []string {
			return spawn(part*done.knee(), "--kill-at", "8s")
		}},
		step{"flame", func(done reports) []string { return spawn(rate, "--profile", s.out) }},
		step{"long", func(done reports) []string {
			return slices.Concat(spawn(part*done.knee(), "--accounts", "10000"), []string{"--duration", s.long.String()})
		}},
	)
}

// kneeWithout is what is taken for the knee when it was not looked for.
const kneeWithout = 20_000.0

// knee is the highest rate that passed.
func (all reports) knee() float64 {
	if at := all["knee"].at("rate"); at > 0 {
		return at
	}
	return kneeWithout
}
