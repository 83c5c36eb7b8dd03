// Package signer is who signs the messages to and from one participant: the pinned
// certificates of the participant, and the switch's own with its key in a security
// module.
//
// It promises that a signature counts only if it was made with the key of a pinned
// certificate that is valid now, with an algorithm that the participant is set up
// for; a message never brings a key or a chain along. Certificates are read and
// judged once, when a Parties is made, with faults that name the file.
//
// Callers are switch/guard/jws and switch/guard/xmldsig, which say what is signed and
// how it is written. It holds no private key, but for Local, which stands for a module
// in simulated participants and tests. It never builds chains and asks nobody about
// revocation: a certificate is taken back by taking it out of the list.
package signer
