//go:build !linux

package main

import "syscall"

// childAttributes has nothing to offer where the kernel does not tie a child to
// its parent.
func childAttributes() *syscall.SysProcAttr { return nil }
