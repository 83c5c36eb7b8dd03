// Command benchreport measures what docs/performance.md says of the switch, and
// writes it there: it runs `switchd bench` again and again, each run with a switch of
// its own, and puts the figures between the marks of that page.
//
//	go run ./deploy/benchreport --bin bin/switchd --dir /dev/shm --write
//
// `make bench-report` does that. It takes about half an hour and wants a machine that
// does nothing else; what it has measured is kept as JSON, so that a page can be made
// again, and a run that was interrupted goes on where it was.
package main
