// Package top watches a running switch: it says in one sentence whose fault it is when
// payments fail (switch/verdict), and draws a live table of participants on a terminal, or
// plain lines where there is none.
//
// It promises that a switch is asked no more often than the refresh says and by one
// question at a time, that what is shown is never older than it says it is, and that the
// terminal is given back as it was. cmd/switchd calls it with a Source that asks the
// admin port. It changes nothing in the switch.
//
// Example:
//
//	err := top.Run(ctx, top.Options{Source: port, Every: time.Second, In: os.Stdin, Out: os.Stdout, Now: clock})
package top
