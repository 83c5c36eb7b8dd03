package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// step is one run of `switchd bench`.
type step struct {
	name  string                              // of its report; what comes before a dash is its family
	args  func(done reports) []string         // nil: it cannot be measured
	keeps func(done reports, was report) bool // whether what was measured before still counts; nil: if it fits
}

// fits says that a report is of the rate that its step has now: another knee gives other
// rates to the steps that lie at a part of it. What the knee itself is at is its result.
func (r report) fits(args []string) bool {
	if args == nil {
		return false
	}
	at := slices.Index(args, "--rate")
	return at < 0 || slices.Contains(args, findKnee) || strconv.FormatFloat(r.at("rate"), 'f', 0, 64) == args[at+1]
}

// findKnee is the flag of a run that looks for its rate itself.
const findKnee = "--find-knee"

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

// What a long run fills its folder with, in bytes: journal and state of a payment, as
// measured, and what a switch wants free beside (its reserve, and files while they are merged).
const (
	paymentBytes = 1350
	spareBytes   = 2 << 30
)

// room is the highest rate, in whole thousands, that a run of such a length has room for in
// a folder with so many free bytes: with less a switch declines, as it should, and the run
// would measure that. Free bytes below zero are not known, and keep nobody.
func room(free int64, d time.Duration) float64 {
	if free < 0 {
		return math.Inf(1)
	}
	return max(0, math.Floor(float64(free-spareBytes)/paymentBytes/d.Seconds()/1000)*1000)
}

// steps are all runs, in their order.
func (s *settings) steps() []step {
	window := fmt.Sprintf("%ds", windowSec)
	spawn := func(rate float64, more ...string) []string {
		return append([]string{"--spawn", "--dir", s.dir, "--rate", strconv.FormatFloat(rate, 'f', 0, 64), "--duration", window}, more...)
	}
	limits, diskLimits := filepath.Join(s.out, "raw.json"), filepath.Join(s.out, "disk-raw.json")
	onDisk := func(rate float64, more ...string) []string {
		return append([]string{"--spawn", "--dir", s.disk, "--rate", strconv.FormatFloat(rate, 'f', 0, 64), "--duration", window}, more...)
	}
	fixed := func(args []string) func(reports) []string { return func(reports) []string { return args } }
	all := []step{
		{name: "raw", args: fixed([]string{"raw", "--dir", s.dir})},
		{name: "disk-raw", args: fixed([]string{"raw", "--dir", s.disk})},
		{name: "plain", args: fixed(spawn(rate, "--raw", limits))},
		{name: "iso20022", args: fixed(spawn(rate, "--mix", "iso20022=0.5"))},
		{name: "pinmac-aes", args: fixed(spawn(rate, "--mix", "pin-mac=AES-CMAC"))},
		{name: "pinmac-x919", args: fixed(spawn(rate, "--mix", "pin-mac=X9.19"))},
		{name: "low-5000", args: fixed(spawn(5000))},
		{name: "low-10000", args: fixed(spawn(10_000))},
		{name: "high-30000", args: fixed(spawn(30_000, "--raw", limits))},
		{name: "disk-plain", args: fixed(onDisk(rate, "--raw", diskLimits))},
		{name: "disk-iso20022", args: fixed(onDisk(rate, "--mix", "iso20022=0.5"))},
		{name: "disk-pinmac", args: fixed(onDisk(rate, "--mix", "pin-mac=AES-CMAC"))},
		{name: "disk-30000", args: fixed(onDisk(30_000, "--raw", diskLimits))},
	}
	for n := range pairs {
		all = append(all,
			step{name: fmt.Sprintf("participants-%d-small", n), args: fixed(spawn(rate, "--participants", "8"))},
			step{name: fmt.Sprintf("participants-%d-large", n), args: fixed(spawn(rate, "--participants", strconv.Itoa(large)))},
			step{name: fmt.Sprintf("accounts-%d-small", n), args: fixed(spawn(rate, "--accounts", strconv.Itoa(1000/8)))},
			step{name: fmt.Sprintf("accounts-%d-large", n), args: fixed(spawn(rate, "--accounts", strconv.Itoa(accounts/8)))},
			step{name: fmt.Sprintf("store-%d-small", n), args: fixed(spawn(rate))},
			step{name: fmt.Sprintf("store-%d-large", n), args: fixed(spawn(rate, "--warmup", (time.Duration(s.fill/rate) * time.Second).String()))},
		)
	}
	// atKnee measures at a part of the knee, when there is one.
	atKnee := func(more func(base float64) []string) func(reports) []string {
		return func(done reports) []string {
			base := part * done["knee"].at("rate")
			if math.IsNaN(base) {
				return nil
			}
			return spawn(base, more(base)...)
		}
	}
	most := func(done reports) float64 { return math.Round(part * done["knee"].at("rate")) }
	long := func(done reports) []string {
		base := min(most(done), room(s.free, s.long))
		if !(base > 0) {
			return nil
		}
		return spawn(base, "--accounts", "10000", "--duration", s.long.String())
	}
	// What else is in the folder today is no reason to measure ten minutes again.
	keepsLong := func(done reports, was report) bool {
		at := was.at("rate")
		return at <= most(done) && at >= min(most(done), room(s.free, s.long))
	}
	with := func(more ...string) func(float64) []string { return func(float64) []string { return more } }
	// What else a shared machine does changes within the hour, so the knee is measured
	// just before what is measured at a part of it.
	return append(all,
		step{name: "knee", args: fixed([]string{"--spawn", "--dir", s.dir, findKnee, "--rate", "10000", "--duration", "10s"})},
		step{name: "latency", args: atKnee(with("--accounts", "10000", "--duration", "60s"))},
		step{name: "surge", args: atKnee(with("--accounts", "100000", "--surge", strconv.FormatFloat(surge/part, 'f', 3, 64), "--surge-for", fmt.Sprintf("%ds", surgeSec)))},
		step{name: "kill", args: atKnee(with("--kill-at", "8s"))},
		step{name: "flame", args: fixed(spawn(rate, "--profile", s.out))},
		step{name: "long", args: long, keeps: keepsLong},
	)
}
