//go:build race

package main

// raced: with the race detector every process is several times slower and takes
// a second to start on a busy machine, so the figures of the issue do not hold.
const raced = true
