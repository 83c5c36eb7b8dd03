package desk

import "fmt"

// fault is an error of package view with a sentence of its own.
func fault(is error, format string, values ...any) error {
	return worded{fmt.Errorf(format, values...), is}
}

type worded struct{ text, is error }

// Error is the sentence.
func (w worded) Error() string { return w.text.Error() }

// Unwrap gives the error of package view, and what the sentence wraps.
func (w worded) Unwrap() []error { return []error{w.is, w.text} }
