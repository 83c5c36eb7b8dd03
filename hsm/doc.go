// Package hsm is the contract between the switch and a hardware security module:
// what may be asked (Module), of which keys (KeyRef, Usage), what is refused
// whoever asks (AllowTranslation), and how it is asked without anybody waiting
// (Pool).
//
// It promises that a Secret cannot be printed, logged or marshalled by accident,
// that every call through a Pool is answered exactly once and in time whatever the
// module does, and that a failure says whether anything can have been done
// (NotDone), so that a payment can be declined safely. Callers are switch/ingress,
// switch/egress and cmd/switchd; drivers are the packages below this one.
//
// A module that answers by nothing but the processor, after microseconds, says so
// (Prompt), and is asked where the caller is (Pool.Here): a hop would cost more.
//
// It does no cryptography itself, holds no key, and never puts a PIN, a key or an
// account into an error. What the drivers compute with is in hsm/pinblock, hsm/mac,
// hsm/keyblock and hsm/dukpt.
//
//	pool, err := hsm.NewPool(hsm.Options{Module: module, Clock: clock})
//	go pool.Run(ctx)
//	err = hsm.Call(pool, hsm.OpTranslatePIN,
//		func(ctx context.Context, m hsm.Module) (hsm.Secret, error) { return m.TranslatePIN(ctx, t) },
//		func(block hsm.Secret, err error) { ... }) // once, on a goroutine of the pool
package hsm
