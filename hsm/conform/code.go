package conform

import (
	"bytes"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/mac"
)

// nist is the message of RFC 4493 section 4 and of NIST SP 800-38B appendix D.
const nist = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

// codes are the rows of the specification (domain 5.2), of RFC 4493 and of SP 800-38B.
var codes = []struct {
	by        hsm.KeyRef
	algorithm hsm.MACAlgorithm
	padding   hsm.Padding
	message   string // text, or hexadecimal after "0x"
	code      string
	ability   Ability
}{
	{macX99, hsm.X99, 0, "7654321 Now is the time for ", "F1D30F6849312CA4", X99},
	{macX919, hsm.X919, 0, "Now is the time for all ", "A1C72E74EA3FA9B6", X919},
	{macX919, hsm.X919, hsm.PadZeros, "Now is the time for all ", "A1C72E74EA3FA9B6", X919},
	{macX919, hsm.X919, hsm.PadOne, "Now is the time for all ", "E9086230CA3BE796", X919},
	{macX919, hsm.X919, hsm.PadZeros, "Now is the time for it", "2E2B1428CC78254F", X919},
	{macX919, hsm.X919, hsm.PadOne, "Now is the time for it", "5A692CE64F404145", X919},
	{macHalf, hsm.X919, hsm.PadZeros, "hello world", "3DDE5C5511661CBF", X919},
	{macHalf, hsm.X919, hsm.PadOne, "hello world", "E16941032C3BC7D4", X919},
	{macAES, hsm.AESCMAC, 0, "", "BB1D6929E95937287FA37D129B756746", CMAC},
	{macAES, hsm.AESCMAC, 0, "0x" + nist[:32], "070A16B46B4D4144F79BDD9DD04A287C", CMAC},
	{macAES, hsm.AESCMAC, 0, "0x" + nist[:80], "DFA66747DE9AE63030CA32611497C827", CMAC},
	{macAES, hsm.AESCMAC, 0, "0x" + nist, "51F0BEBF7E3B9D92FC49741779363CFE", CMAC},
	{macMake, hsm.AESCMAC, 0, "0x" + nist, "51F0BEBF7E3B9D92FC49741779363CFE", CMAC},
	{macAES2, hsm.AESCMAC, 0, "", "028962F61B7BF89EFC6B551F4667D983", CMAC},
	{macAES2, hsm.AESCMAC, 0, "0x" + nist, "E1992190549F6ED5696A2C056C315410", CMAC},
	{macTDES, hsm.DESCMAC, 0, "", "B7A688E122FFAF95", CMACWithTDES},
	{macTDES, hsm.DESCMAC, 0, "0x" + nist[:16], "8E8F293136283797", CMACWithTDES},
	{macTDES, hsm.DESCMAC, 0, "0x" + nist[:40], "743DDBE0CE2DC2ED", CMACWithTDES},
	{macTDES, hsm.DESCMAC, 0, "0x" + nist[:64], "33E6B1092400EAE5", CMACWithTDES},
	{macTwo, hsm.DESCMAC, 0, "0x" + nist[:16], "4FF2AB813C53CE83", CMACWithTDES},
}

// macVectors: whole codes and all shortened ones; one bit, one byte or one length off is
// refused.
func (s *suite) macVectors(t *testing.T) {
	for _, v := range codes {
		if !s.can(v.ability) || v.padding == hsm.PadOne && !s.can(PaddingTwo) {
			continue
		}
		message := []byte(v.message)
		if h, ok := strings.CutPrefix(v.message, "0x"); ok {
			message = unhex(t, h)
		}
		whole, what := unhex(t, v.code), fmt.Sprintf("%s, padding %d, %d bytes", v.algorithm, v.padding, len(message))
		for size := 4; size <= len(whole); size++ {
			in := hsm.MACInput{By: v.by, Algorithm: v.algorithm, Padding: v.padding, Size: size, Message: message}
			if !s.sized(size) {
				_, err := s.m.MAC(background, in)
				s.refused(t, fmt.Sprintf("%s, a code of %d", what, size), err, hsm.ErrDenied, upper(whole))
				s.refused(t, fmt.Sprintf("%s, checking %d", what, size), s.m.VerifyMAC(background, in, whole[:size]), hsm.ErrDenied, upper(whole))
				continue
			}
			got, err := s.m.MAC(background, in)
			if err != nil || !bytes.Equal(got, whole[:size]) {
				t.Errorf("%s: %X, not %X: %v", what, got, whole[:size], err)
			}
			if v.by == macMake {
				in.By = macSee
			}
			if err := s.m.VerifyMAC(background, in, whole[:size]); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if size%4 == 0 {
				s.wrongCodes(t, what, in, whole)
			}
		}
	}
}

func (s *suite) wrongCodes(t *testing.T, what string, in hsm.MACInput, whole []byte) {
	t.Helper()
	for i := range in.Size {
		wrong := bytes.Clone(whole[:in.Size])
		wrong[i] ^= 1 << (i % 8)
		s.refused(t, what+", a bit changed", s.m.VerifyMAC(background, in, wrong), hsm.ErrVerify, upper(whole))
	}
	for _, n := range []int{0, 3, in.Size - 1, in.Size + 1} {
		code := append(bytes.Clone(whole), 0)[:min(n, len(whole)+1)]
		s.refused(t, fmt.Sprintf("%s, %d bytes for %d", what, n, in.Size), s.m.VerifyMAC(background, in, code), hsm.ErrBlock, upper(whole))
	}
	longer := in
	longer.Message = append(bytes.Clone(in.Message), 1)
	s.refused(t, what+", another message", s.m.VerifyMAC(background, longer, whole[:in.Size]), hsm.ErrVerify, upper(whole))
}

// macRandom: random messages of all lengths around the blocks, against hsm/mac.
func (s *suite) macRandom(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(4493, 1))
	for _, by := range []hsm.KeyRef{macX99, macX919, macAES, macAES2, macTDES, macTwo} {
		k, held := s.keys[by]
		if !held {
			continue
		}
		algorithm := map[Ability]hsm.MACAlgorithm{X99: hsm.X99, X919: hsm.X919, CMAC: hsm.AESCMAC, CMACWithTDES: hsm.DESCMAC}[k.For]
		for n := range 60 {
			message := make([]byte, n+random.IntN(2)*random.IntN(1000))
			for i := range message {
				message[i] = byte(random.UintN(256))
			}
			before := bytes.Clone(message)
			own, err := mac.NewKey(algorithm, 0, k.Bytes.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			in := hsm.MACInput{By: by, Algorithm: algorithm, Size: s.longest(algorithm), Message: message}
			got, err := s.m.MAC(background, in)
			if want := own.Sum(nil, message)[:in.Size]; err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, %d bytes: %X, not %X: %v", by, len(message), got, want, err)
			}
			if err := s.m.VerifyMAC(background, in, got); err != nil || !bytes.Equal(message, before) {
				t.Errorf("%s, %d bytes: %v, or the message has changed", by, len(message), err)
			}
		}
	}
}

// macRefusals: keys of another use, mode or cipher, sizes and paddings that are none.
func (s *suite) macRefusals(t *testing.T) {
	good := hsm.MACInput{By: macAES, Algorithm: hsm.AESCMAC, Size: 8, Message: []byte("0200")}
	code, err := s.m.MAC(background, good)
	if err != nil {
		t.Fatal(err)
	}
	both := func(what string, kind error, change func(*hsm.MACInput)) {
		t.Helper()
		bad := good
		change(&bad)
		made, err := s.m.MAC(background, bad)
		s.refused(t, "making, "+what, err, kind, upper(code))
		if len(made) > 0 {
			t.Errorf("%s: there is a code all the same", what)
		}
		s.refused(t, "checking, "+what, s.m.VerifyMAC(background, bad, code), kind, upper(code))
	}
	for _, ref := range slices.Sorted(maps.Keys(s.keys)) {
		if k := s.keys[ref]; k.Usage != hsm.MACAlg5 || k.Algorithm != hsm.AES {
			both("by "+string(ref), hsm.ErrKey, func(in *hsm.MACInput) { in.By = ref })
		}
	}
	both("by nobody", hsm.ErrKey, func(in *hsm.MACInput) { in.By = nobody })
	for _, a := range []hsm.MACAlgorithm{hsm.X99, hsm.X919, hsm.DESCMAC} {
		both(a.String()+" with a key for AES", hsm.ErrKey, func(in *hsm.MACInput) { in.Algorithm = a })
	}
	both("no algorithm", hsm.ErrDenied, func(in *hsm.MACInput) { in.Algorithm = 0 })
	both("algorithm 9", hsm.ErrDenied, func(in *hsm.MACInput) { in.Algorithm = 9 })
	for _, p := range []hsm.Padding{hsm.PadZeros, hsm.PadOne, 3, 255} {
		both(fmt.Sprintf("padding %d", p), hsm.ErrDenied, func(in *hsm.MACInput) { in.Padding = p })
	}
	for _, size := range []int{-1, 0, 3, 17, 1 << 20} {
		both(fmt.Sprintf("%d bytes", size), hsm.ErrBlock, func(in *hsm.MACInput) { in.Size = size })
	}
	by := good
	by.By = macSee
	_, err = s.m.MAC(background, by)
	s.refused(t, "making with a key that checks", err, hsm.ErrKey)
	by.By = macMake
	s.refused(t, "checking with a key that makes", s.m.VerifyMAC(background, by, code), hsm.ErrKey)
}
