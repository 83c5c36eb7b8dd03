// Package retention keeps the data folder from growing for ever.
//
// It promises that a business day leaves the journal only when a file in the archive
// holds it and was read back whole, and only when the state store has its effect on
// disk; that a payment is forgotten only after its time, by an event, before its
// rows go; and that every step can be repeated: a crash at any point costs nothing
// but the work. It never overwrites a file of the archive, and deletes none before
// its time.
//
// Its caller is cmd/switchd: one goroutine runs the job at the start and once each
// business day. What it works on it is handed as interfaces.
//
//	job, err := retention.New(retention.Options{Journal: log, Rows: rows, ...})
//	go job.Run(ctx)
package retention
