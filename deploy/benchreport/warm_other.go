//go:build !linux

package main

import "context"

// warm is known of Linux only.
func warm(context.Context, func(string, ...any)) (func(), error) { return nil, nil }
