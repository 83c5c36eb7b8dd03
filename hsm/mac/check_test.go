package mac_test

import (
	"errors"
	"testing"

	"switchd/hsm"
	"switchd/hsm/mac"
	"switchd/hsm/vector"
)

// TestCheckValues: the project's specification, sections 5.2 and 5.4, where three bytes
// of each value are given.
func TestCheckValues(t *testing.T) {
	for _, v := range []struct {
		a      hsm.Algorithm
		key    string
		method mac.CheckMethod
		kcv    string
	}{
		{hsm.TDES, "0123456789ABCDEFFEDCBA9876543210", mac.CheckStandard, "08D7B4"},
		{hsm.TDES, "0123456789ABCDEFFEDCBA9876543210", mac.CheckLegacy, "08D7B4"},
		{hsm.TDES, "89E88CF7931444F334BD7547FC3F380C", mac.CheckStandard, "D1D812"},
		{hsm.AES, "2b7e151628aed2a6abf7158809cf4f3c", mac.CheckStandard, "7AD386"},
		{hsm.AES, "2b7e151628aed2a6abf7158809cf4f3c", mac.CheckLegacy, "7DF76B"},
	} {
		want, err := hsm.NewKCV(vector.Hex(t, v.kcv))
		if err != nil {
			t.Fatal(err)
		}
		got, err := mac.CheckValue(v.a, vector.Hex(t, v.key), v.method)
		if err != nil || !got.Matches(want) {
			t.Errorf("%s: %s, not %s: %v", v.key, got, v.kcv, err)
		}
	}
	if _, err := mac.CheckValue(hsm.AES, make([]byte, 16), 2); !errors.Is(err, hsm.ErrDenied) {
		t.Error(err)
	}
	for _, a := range []hsm.Algorithm{hsm.AES, hsm.TDES, hsm.RSA, 0} {
		if _, err := mac.CheckValue(a, make([]byte, 17), mac.CheckStandard); !errors.Is(err, hsm.ErrKey) {
			t.Errorf("%s: %v", a, err)
		}
	}
}
