// Package vector reads the values of test vectors as standards print them.
//
// It promises that a digit which is none ends the test that has it. Its callers are tests
// of the packages of hsm, and never anything else.
package vector
