//go:build race

package guard

// raced: the tests run with the race detector.
const raced = true
