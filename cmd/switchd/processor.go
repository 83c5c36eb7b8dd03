package main

import "runtime"

// oneMoreProcessor has Go run goroutines on one thread more than there are processors,
// unless GOMAXPROCS says how many there should be. A payment passes through four
// goroutines, and what works in the background is a fifth: with as many threads as
// processors it waits for Go to take one from it, up to 10 ms each time; with one more
// it waits for the kernel, which is quicker (docs/performance.md).
func oneMoreProcessor(env func(string) string) {
	if env("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
