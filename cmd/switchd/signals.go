package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// notifySignals delivers the signals that end a program to c.
func notifySignals(c chan<- os.Signal) { signal.Notify(c, os.Interrupt, syscall.SIGTERM) }

// doubledWithin is how long after the signal that ends a program another one is the
// same one: wrappers send it to the process and to its group, as timeout does, and a
// shell passes on what the terminal has already said.
const doubledWithin = time.Second

// exitOnSignal makes the next Ctrl-C or SIGTERM end the process at once.
func exitOnSignal() (restore func()) {
	signals := make(chan os.Signal, 1)
	done := make(chan struct{})
	notifySignals(signals)
	go func() {
		if again(signals, done, clock) {
			os.Exit(exitFailed)
		}
	}()
	return func() { close(done) }
}

// again waits for a signal that is not the first one doubled; false: done came first.
func again(signals <-chan os.Signal, done <-chan struct{}, clock func() int64) bool {
	first := clock()
	for {
		select {
		case <-signals:
			if clock()-first >= int64(doubledWithin) {
				return true
			}
		case <-done:
			return false
		}
	}
}

// notifyHangup delivers SIGHUP, which asks for a reload.
func notifyHangup(c chan<- os.Signal) { signal.Notify(c, syscall.SIGHUP) }
