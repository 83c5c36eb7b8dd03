// Package unlock reads files of secrets: what opens a key file or a token.
//
// It promises to read no file that others than its owner may have access to, that is no
// regular file, or that is longer than it should be; its errors name the file and never
// what is in it. Callers are the drivers of modules and cmd/switchd.
//
//	pin, err := unlock.Line("token.pin")
//	defer pin.Wipe()
package unlock
