// Package faultline is a TCP proxy that does to connections what lines do on their bad
// days: bytes come late, slowly, in crumbs or not at all, and connections end in every
// way there is, after any byte. Tests put it between a participant and the switch; the
// switch itself never uses it.
//
// A Proxy promises that without a fault every byte comes through in order, that a fault
// strikes after exactly the byte it was told, that chance comes from the seed and time
// from the clock it was given, and that nothing it holds is without a bound. It never
// changes a byte: it knows nothing of TLS or frames.
//
//	p, err := faultline.Listen(faultline.Options{Target: server, Clock: clock})
//	go p.Run(ctx)
//	p.Plan(faultline.Way{Delay: time.Second}, faultline.Way{})        // of lines to come
//	l := p.Lines()[0]                                                 // of one that is there
//	l.Change(faultline.Down, faultline.Way{After: 17, Then: faultline.Reset})
package faultline
