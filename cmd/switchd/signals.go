package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifySignals delivers the signals that end a program to c.
func notifySignals(c chan<- os.Signal) { signal.Notify(c, os.Interrupt, syscall.SIGTERM) }
