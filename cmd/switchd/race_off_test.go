//go:build !race

package main

// raced says that the tests, and so their processes, have the race detector.
const raced = false
