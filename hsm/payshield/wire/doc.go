// Package wire is the form of the payShield host protocol: frames, fields, key schemes
// and the codes for keys, PIN block formats and errors.
//
// It promises that nothing longer than a limit is read, that a field is as the protocol
// has it or refused (no blanks, no signs, no small letters in hexadecimal), and that
// reading needs no memory beyond the frame. Callers are hsm/payshield, which asks, and
// hsm/payshieldsim, which answers.
//
// It never looks into a key and knows no command: which fields follow each other is the
// business of its callers.
//
//	frame, err := wire.Read(in, buffer, limit)
//	f := wire.Take(frame[headerLen:])
//	command, zpk := f.Command(), f.Key()
package wire
