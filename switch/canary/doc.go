// Package canary pays from one built-in participant to another every few seconds, so
// that whether payments work is known by a payment and not by the absence of errors.
//
// A canary payment goes the way of any other: through the queue, the journal, the machine
// and the state store, and is answered by the banks of the canaries, which are in
// this process. It proves nothing about links, codecs and the security module. It
// promises that at most one is under way, that the canaries' positions go back and forth
// around 0, and that nobody is paid: the machine lets canaries pay canaries only
// (payment.Profile.Canary), and leaves them out of what is counted and told. What a
// crash leaves of one is ended by the machine as that of anybody else.
//
//	c, err := canary.New(canary.Options{Every: 10 * time.Second, ...})
//	config.Participants = append(config.Participants, canary.Profiles()...)
//	go engine.Run(ctx, c.Sink(egress))
//	go c.Run(ctx)
//	warning, err := c.Check() // for readiness
package canary
