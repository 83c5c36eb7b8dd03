// Package bench is an honest load generator: it plays a number of participants,
// payment service provider and bank in one, against a running switch, and says
// what the switch held.
//
// It promises an open loop. Payment n is due at a time that was fixed before the
// run began, latency is counted from that time, and nothing is skipped when the
// switch, or the generator, is late: a switch that stalls cannot hide. It keeps an
// exact book for each participant and holds it against the switch's positions, and
// it calls a run valid only when rate, success, books and its own punctuality were
// right ([Report]). It speaks with this project's own codec, in batches, with no
// goroutine and no allocation for a payment, so that its own cost stays small
// beside the switch on one machine.
//
// Its caller is "switchd bench". It never touches the core that it measures: it sees
// the wire, the admin port ([Admin]), what the kernel tells of the switch's process,
// and the disk beside its data. A lost link ends the run, since to connect again would
// hide a stall. With a [Kill] alone it has the switch killed and started again, by
// functions of its caller; then, once, all links connect again.
//
// Goroutines, all of which end before [Run] returns: the caller of [Run] (takes samples,
// has the switch killed); one pacer (writes what is due into the outboxes of the links,
// never blocks); for each link a reader (parses what came, answers for the bank) and a
// writer (sends the outbox as one record), which a kill ends and starts again. Until the
// window ends also three that look: at the switch's pauses (once a second), at the disk (a
// sync ten times a second), at a timer (every 5 ms). With [Watching] one that turns consoles on
// and off, one for each console, and one that scrapes the metrics; and one for
// Options.Beside, which is the caller's.
//
//	report, err := bench.Run(ctx, bench.Options{
//		Address: "127.0.0.1:8583", Participants: participants,
//		Admin: bench.Admin{URL: "http://127.0.0.1:9583", PID: pid},
//		Rate: 10_000, Duration: 20 * time.Second, Clock: clock,
//	})
//	if err == nil && !report.Valid { ... report.Reasons ... }
package bench
