// Package jsonfile reads JSON files that people write, the specs and profiles of
// the codecs, so strictly that nothing in them is passed over without a word: a
// key that is unknown or stands twice is an error, and a sentence says which.
//
// It promises sentences for people, without Go's type names, and errors that hold
// at most 40 characters of the file.
//
// Callers are the loaders in codec/iso8583 and codec/iso20022, which go through a
// file key by key, so that they can report all faults at once.
//
// It never reads files itself and never panics on any input.
package jsonfile
