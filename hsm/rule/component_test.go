package rule_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"switchd/hsm"
	"switchd/hsm/rule"
	"switchd/hsm/symmetric"
)

func rankOf(a hsm.Algorithm, b []byte) int { return symmetric.Rank(a, b) }

// part is a component; its check value is not said unless one is given.
func part(t *testing.T, digits string, check ...byte) hsm.Component {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	c := hsm.Component{Part: hsm.NewSecret(b)}
	if len(check) > 0 {
		if c.KCV, err = hsm.NewKCV(check); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Components; the check value of the first is 08D7B4.
const (
	tdes  = "0123456789ABCDEFFEDCBA9876543210" // 08D7B4
	tdes2 = "1313131313131313F7F7F7F7F7F7F7F7"
	aes   = "00000000000000000000000000000003"
	aes2  = "F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0"
	aes3  = "0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F"
)

// TestSum: components that make a key, and those that do not.
func TestSum(t *testing.T) {
	for name, c := range map[string]struct {
		algorithm hsm.Algorithm
		bits      int
		parts     []hsm.Component
		want      string
		kind      error
	}{
		"two":                         {hsm.AES, 0, []hsm.Component{part(t, aes), part(t, aes2)}, "F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F3", nil},
		"three":                       {hsm.AES, 128, []hsm.Component{part(t, aes), part(t, aes2), part(t, aes3)}, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC", nil},
		"TDES has odd parity":         {hsm.TDES, 128, []hsm.Component{part(t, tdes, 0x08, 0xD7, 0xB4), part(t, tdes2)}, "133157759BB9DFFD082A4C6E80A2C4E6", nil},
		"HMAC":                        {hsm.HMAC, 0, []hsm.Component{part(t, aes+"77"), part(t, aes2+"11")}, "F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F366", nil},
		"none":                        {hsm.AES, 0, nil, "", hsm.ErrDenied},
		"one":                         {hsm.AES, 0, []hsm.Component{part(t, aes)}, "", hsm.ErrDenied},
		"four":                        {hsm.AES, 0, []hsm.Component{part(t, aes), part(t, aes2), part(t, aes3), part(t, tdes)}, "", hsm.ErrDenied},
		"another length than is said": {hsm.AES, 256, []hsm.Component{part(t, aes), part(t, aes2)}, "", hsm.ErrKey},
		"a length that there is not":  {hsm.AES, 0, []hsm.Component{part(t, aes[2:]), part(t, aes2[2:])}, "", hsm.ErrKey},
		"lengths that differ":         {hsm.AES, 0, []hsm.Component{part(t, aes), part(t, aes2+aes2)}, "", hsm.ErrBlock},
		"zeros":                       {hsm.AES, 0, []hsm.Component{part(t, aes2), part(t, "00000000000000000000000000000000")}, "", hsm.ErrDenied},
		"even parity":                 {hsm.TDES, 0, []hsm.Component{part(t, tdes), part(t, "1213131313131313F7F7F7F7F7F7F7F7")}, "", hsm.ErrBlock},
		"another check value":         {hsm.TDES, 0, []hsm.Component{part(t, tdes, 0x08, 0xD7, 0xB5), part(t, tdes2)}, "", hsm.ErrVerify},
		"two that are equal":          {hsm.AES, 0, []hsm.Component{part(t, aes), part(t, aes)}, "", hsm.ErrDenied},
		"equal first and last":        {hsm.AES, 0, []hsm.Component{part(t, aes2), part(t, aes), part(t, aes2)}, "", hsm.ErrDenied},
		"equal last two":              {hsm.AES, 0, []hsm.Component{part(t, aes2), part(t, aes), part(t, aes)}, "", hsm.ErrDenied},
		"three that cancel out":       {hsm.AES, 0, []hsm.Component{part(t, aes2), part(t, aes3), part(t, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")}, "", hsm.ErrDenied},
	} {
		got, err := rule.Sum(&hsm.Components{New: hsm.New{Algorithm: c.algorithm, Bits: c.bits}, Parts: c.parts})
		want, bad := hex.DecodeString(c.want)
		if bad != nil || !errors.Is(err, c.kind) || !bytes.Equal(got.Reveal(), want) {
			t.Errorf("%s: %X, %v", name, got.Reveal(), err)
		}
	}
}

// TestCheckComponent: a component by itself, before the others are there.
func TestCheckComponent(t *testing.T) {
	for name, c := range map[string]struct {
		algorithm hsm.Algorithm
		bits      int
		part      hsm.Component
		want      string
		kind      error
	}{
		"TDES":                        {hsm.TDES, 128, part(t, tdes), "08D7B4", nil},
		"with its check value":        {hsm.TDES, 0, part(t, tdes, 0x08, 0xD7, 0xB4), "08D7B4", nil},
		"with another":                {hsm.TDES, 0, part(t, tdes, 0x08, 0xD7, 0xB5), "", hsm.ErrVerify},
		"even parity":                 {hsm.TDES, 0, part(t, "00"+tdes[2:]), "", hsm.ErrBlock},
		"zeros":                       {hsm.AES, 0, part(t, "00000000000000000000000000000000"), "", hsm.ErrDenied},
		"zeros but for parity":        {hsm.TDES, 0, part(t, "01010101010101010101010101010101"), "", hsm.ErrDenied},
		"another length than is said": {hsm.TDES, 192, part(t, tdes), "", hsm.ErrKey},
		"a length that there is not":  {hsm.AES, 0, part(t, aes[2:]), "", hsm.ErrKey},
		"nothing":                     {hsm.AES, 0, hsm.Component{}, "", hsm.ErrKey},
	} {
		got, err := rule.CheckComponent(hsm.New{Algorithm: c.algorithm, Bits: c.bits}, c.part)
		if !errors.Is(err, c.kind) || c.want != "" && got.String() != c.want || c.want == "" && got != (hsm.KCV{}) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}
