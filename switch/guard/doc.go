// Package guard protects the messages to a participant and checks those from it:
// message authentication codes and PIN blocks of ISO 8583, signatures of ISO 20022.
// It stands between the frame and the dialect, which knows nothing of it.
//
// It promises that what does not verify is read for a refusal only, that a message
// leaves protected and in time or not at all, and that who is waiting for a security
// module is one link, never an event loop or the engine: a loop asks a module itself only
// where that answers by nothing but the processor, after microseconds (hsm.Prompt). Callers
// are switch/ingress and switch/egress.
package guard
