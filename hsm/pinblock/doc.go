// Package pinblock makes, reads and translates the PIN blocks of ISO 9564 (formats 0,
// 1, 3 and 4), and compares PINs with Visa PIN verification values and IBM 3624
// offsets.
//
// It promises that a clear PIN lives only in arrays that are wiped before a function
// returns, that a PIN cannot be printed, and that reading a block takes the same steps
// wherever it is malformed and gives one error for all of that. Callers are the drivers
// of package hsm that compute themselves; the switch never calls it, since it never
// sees a PIN.
//
// It never chooses keys and checks no usage of them; Translate does hold the rules of
// hsm.AllowTranslation. A block that is read with the wrong account is refused, except
// that formats 0 and 3 cannot tell digits of the account that lie over digits of the
// PIN: then another PIN comes out (see docs/hsm.md).
//
//	err := pinblock.Translate(out[:], block, pinblock.Translation{
//		Change: hsm.FormatChange{From: hsm.ISO0, To: hsm.ISO4}, In: zpkA, Out: zpkB, Account: account, Random: rand.Reader})
package pinblock
