// Package mask says how much may be seen of values: of messages of both formats, of the
// texts of a payment, wherever people look at them.
//
// It promises that of an account number nobody sees more than its first six and its last
// four digits, wherever it stands, and of PINs, tracks and credentials nothing. What
// stands in a place that has no mask is looked at as well, since banks put what they
// like into private fields. The commands that print messages and the journal use it, and
// switch/desk. It keeps nothing.
//
// Example:
//
//	shown := mask.Texts(&p.Text) // by the names of the fields
package mask
