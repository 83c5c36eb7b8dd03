//go:build !linux

package bench

// fileSystem names the kind of file system that a folder is on: nobody can say it here.
func fileSystem(string) string { return "" }
