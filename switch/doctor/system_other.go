//go:build !linux

package doctor

import "errors"

// Holder is the process that has a file locked; 0: it cannot be seen here.
func Holder(string) int { return 0 }

func space(string) (free, total int64, err error) { return 0, 0, errors.ErrUnsupported }

func files(*Options) Finding { return unknown("file descriptors", errors.ErrUnsupported) }

func cores(*Options) Finding { return unknown("core dumps", errors.ErrUnsupported) }

func swap() Finding { return unknown("swap", errors.ErrUnsupported) }
