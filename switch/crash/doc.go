// Package crash tries to make the switch lose a payment. It has tests only.
//
// Its driver runs payments through the real engine, journal and state store on any
// file system, with participants that decline, are silent, answer late or twice,
// and repeat. Whatever the switch has said to them counts as acknowledged. A test
// then takes the power, the disk or a bit away, opens what is left and asks the
// oracle (judge_test.go): nothing that was acknowledged is lost, nothing is
// doubled, the positions are those of the payments, and a repeat of a request gets
// the answer that it got before; or the start is refused with the name of the file.
// Nothing outside imports this package.
//
//	r := newRun(t, script)             // a process on a file system
//	r.play()                           // all payments of the script
//	v := judge(fs, script, r.moment()) // what a start on a copy makes of it
package crash
