// Package raw measures the limits of a machine for a switch: what new memory, TLS echoes,
// group commits, the payment machine and the codecs cost when each has the machine for
// itself.
//
// It promises that each part is the switch's own code (the event loops of session/gnetio
// with session/mtls, the log of switch/journal, payment.Machine, the dialects of
// switch/translate), that nothing else of the switch runs beside it, and that what a part
// costs is measured and not assumed. The sum of the parts is what a payment would cost if
// nothing but these limits counted: how far a switch is from it is said by "switchd bench
// --raw". The fastest of many rounds counts where other load can only make slower.
//
// "switchd bench raw" calls it. It starts no switch, opens no port beyond loopback, and
// leaves nothing behind in its folder.
//
// Example:
//
//	limits, err := raw.Measure(ctx, raw.Options{Dir: dir, Duration: 3 * time.Second, Clock: clock})
package raw
