// Package trace tells a collector of OpenTelemetry what became of some payments: one
// trace for each, with one span for each message to a bank, by OTLP over HTTP.
//
// It promises to cost nothing on the way of a payment: a trace is made after the payment
// has ended, of what the machine has kept about it anyway, and the writer only copies
// that, of the few payments that are told of, into a queue with a bound. A collector that
// is slow or gone has traces dropped, which is counted, and nothing else. No trace has an
// amount, an account, a name or a reference of a bank.
//
// Told of are payments that went wrong by a fault of the switch or of a participant, or
// were slow, up to a number a second, and a share of all others, chosen by their number: on every machine
// and after every restart the same ones.
//
// Its caller is cmd/switchd, which gives Ended to the engine and calls Run.
//
//	t, err := trace.New(trace.Options{Endpoint: "http://127.0.0.1:4318/v1/traces", Names: names})
//	engine.Open(engine.Options{Ended: t.Ended})
//	go t.Run(ctx)
package trace
