// Package doctor looks whether a machine is fit for a switch: room on the disk, how long
// an fsync takes, the clock, limits of the process, swap, core dumps, and who may read
// the key files.
//
// It promises that each finding says whether it is good and, where it is not, what to do;
// that looking takes bounded time and room; and that it leaves nothing behind and reads
// no key. cmd/switchd calls it and adds what the configuration and the running switch
// say.
//
// Example:
//
//	findings := doctor.Machine(ctx, doctor.Options{Dir: cfg.DataDir, Clock: clock})
package doctor
