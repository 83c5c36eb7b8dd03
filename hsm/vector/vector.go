package vector

import (
	"encoding/hex"
	"testing"
)

// Hex is the bytes of hexadecimal digits; others end the test.
func Hex(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
