package main

import "syscall"

// childAttributes puts a spawned switch into a process group of its own, so that a
// Ctrl-C on the terminal reaches it as one orderly stop and not as two, and ends it
// with its parent, even one that was killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
