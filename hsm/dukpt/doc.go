// Package dukpt derives the keys of devices that use each key once (ANSI X9.24): TDES
// DUKPT of X9.24-1 and AES DUKPT of X9.24-3-2017, on the side of the host.
//
// It promises the keys of the standards' vectors, and to refuse serial numbers whose
// counter no device uses: zero, and those with more ones than the standard allows.
// Callers are the drivers of package hsm that compute themselves.
//
// It never decides whether a counter may be used again: a host that must notice repeats
// remembers the last counter of each device. Keys come as hsm.Secret, and what was
// derived on the way to them is wiped.
//
//	ksn, err := dukpt.ParseAESKSN(bytes)
//	initial, err := dukpt.AESInitialKey(bdk, ksn.ID)
//	key, err := dukpt.AESKey(initial, ksn, dukpt.PINEncrypt, dukpt.AES128)
package dukpt
