// Package soft is a module without hardware, for development and tests: keys are in
// the memory of the process and in one file, sealed under a passphrase or a key file.
//
// It promises the whole contract of hsm.Keeper: that every key does only what its
// usage and mode allow, that a key whose place was taken reads for as long as was said
// and makes nothing, that a change is on disk before it counts, that the file is never
// half written and has one writer, and that nothing it says or logs holds a key or a
// PIN. Callers are cmd/switchd and tests.
//
// It never stands for hardware: Health says that it is not for production, whoever can
// read the memory of the process has the keys, and an older copy of the file that is put
// back is not noticed.
//
//	module, err := soft.Open(soft.Options{Path: "keys.hsm", Passphrase: passphrase, Clock: clock})
//	defer module.Close()
//	info, err := module.Generate(ctx, hsm.New{As: "banka/zpk", Usage: hsm.PINEncryption, Algorithm: hsm.AES,
//		Bits: 256, Mode: hsm.BothWays, Export: hsm.Exportable})
package soft
