// Package iso8583 is the guard of ISO 8583 messages: a message authentication code in
// DE64, or DE128 when there is a second bitmap, over the message from its type to the
// byte before it, and PIN blocks in DE52 that are made for the zone of who gets them.
//
// It promises that a message with a code that is wrong or missing is refused and
// changes nothing, and that a PIN block leaves only in the key and the format of the
// receiver's zone. Network management (0800, 0810) has no code: its links are
// authenticated by TLS, and before the first key there is none to make one with.
package iso8583
