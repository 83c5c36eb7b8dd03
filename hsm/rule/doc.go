// Package rule says what keys may be and what they may do: which usages, algorithms,
// modes and lengths go together (Admit, AdmitBytes), which calls a key is good for
// (Right), which key may take another's place (MayReplace), and how components become
// a key (Sum).
//
// It promises that modules which ask it refuse the same things for the same reasons;
// none of its errors has a key in it. Callers are the drivers that keep keys themselves,
// hsm/soft and hsm/pkcs11. It keeps nothing.
//
//	if err := rule.MakeToken.Refuses(&info, now); err != nil { ... }
package rule
