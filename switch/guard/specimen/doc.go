// Package specimen makes keys and certificates of signers that do not exist, for the
// tests of the packages beside it.
//
// It promises the same P-256 key and the same certificate for a name in every run, so
// that signed messages can be kept as files; keys of RSA are new in each process.
// Callers are tests only: keys that anyone can compute sign nothing real.
package specimen
