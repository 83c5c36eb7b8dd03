// Package payshieldsim is a server that answers the commands of a payShield that
// hsm/payshield asks, with a local master key (LMK) of its own. It is for tests and labs:
// the switch's, and those of whoever writes a client.
//
// It promises to take nothing but well-formed commands, to answer with the codes of the
// protocol, to stay within its limits of connections and bytes, and to misbehave exactly
// as its Faults say. Callers are tests and `switchd hsmsim`.
//
// It never stands for hardware. What it does is checked against the algorithms of this
// tree and the public documentation, not against the real machine; its key blocks under
// the LMK are its own, and no other machine takes them. Its firmware number says SIM.
//
//	lmk, err := payshieldsim.GenerateLMK(rand.Reader)
//	server, err := payshieldsim.New(payshieldsim.Options{LMK: lmk})
//	err = server.Serve(ctx, listener)
package payshieldsim
