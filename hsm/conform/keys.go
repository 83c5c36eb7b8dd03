package conform

import (
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/mac"
	"switchd/hsm/symmetric"
)

// The keys of the suite by name; the bytes of those that have a vector are the vector's.
const (
	zpkA    hsm.KeyRef = "conform/zpk-a"
	zpkB    hsm.KeyRef = "conform/zpk-b"
	zpk3    hsm.KeyRef = "conform/zpk-3" // of three parts
	zpkIn   hsm.KeyRef = "conform/zpk-in"
	zpkOut  hsm.KeyRef = "conform/zpk-out"
	zpkAny  hsm.KeyRef = "conform/zpk-any"
	zpkAES  hsm.KeyRef = "conform/zpk-aes"
	zpkAES2 hsm.KeyRef = "conform/zpk-aes-256"
	pvkVisa hsm.KeyRef = "conform/pvk-visa"
	pvkIBM  hsm.KeyRef = "conform/pvk-ibm"
	bdkTDES hsm.KeyRef = "conform/bdk"
	bdkAES  hsm.KeyRef = "conform/bdk-aes"
	macX99  hsm.KeyRef = "conform/mac-x99"
	macX919 hsm.KeyRef = "conform/mac-x919"
	macHalf hsm.KeyRef = "conform/mac-x919.b"
	macAES  hsm.KeyRef = "conform/mac-aes"
	macAES2 hsm.KeyRef = "conform/mac-aes-256"
	macTDES hsm.KeyRef = "conform/mac-tdes"
	macTwo  hsm.KeyRef = "conform/mac-tdes-2"
	macMake hsm.KeyRef = "conform/mac-make"
	macSee  hsm.KeyRef = "conform/mac-check"
	macStay hsm.KeyRef = "conform/mac-stays"
	zmkB    hsm.KeyRef = "conform/zmk-b"
	zmkD    hsm.KeyRef = "conform/zmk-d"
	zmkD128 hsm.KeyRef = "conform/zmk-d-128"
	zmkOld  hsm.KeyRef = "conform/zmk-legacy"
	zmkIn   hsm.KeyRef = "conform/zmk-in"
	zmkOut  hsm.KeyRef = "conform/zmk-out"
	data    hsm.KeyRef = "conform/data"
	dataIn  hsm.KeyRef = "conform/data-in"
	dataOut hsm.KeyRef = "conform/data-out"
	token   hsm.KeyRef = "conform/token"
	token2  hsm.KeyRef = "conform/token-2"
	pairEC  hsm.KeyRef = "conform/sign-ec"
	seesEC  hsm.KeyRef = "conform/partner-ec"
	pairRSA hsm.KeyRef = "conform/sign-rsa"
	seesRSA hsm.KeyRef = "conform/partner-rsa"
	nobody  hsm.KeyRef = "conform/nobody" // there is none
)

const (
	vectorTDES = "0123456789ABCDEFFEDCBA9876543210"
	vectorAES  = "2B7E151628AED2A6ABF7158809CF4F3C"
	vectorZMK  = "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6"
	longAES    = "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4"
)

// symmetricKeys of the suite.
var symmetricKeys = []struct {
	ref       hsm.KeyRef
	usage     hsm.Usage
	algorithm hsm.Algorithm
	mode      hsm.Mode
	export    hsm.Export
	key       string
	ability   Ability
}{
	{zpkA, hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.Exportable, vectorTDES, PINs},
	{zpkB, hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.Exportable, "89E88CF7931444F334BD7547FC3F380C", PINs},
	{zpk3, hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.Exportable, "1A9B2C7D3E5F40618293A4B5C6D7E8F90B1C2D3E4F506172", PINs},
	{zpkIn, hsm.PINEncryption, hsm.TDES, hsm.DecryptOnly, hsm.Exportable, vectorTDES, PINs},
	{zpkOut, hsm.PINEncryption, hsm.TDES, hsm.EncryptOnly, hsm.Exportable, vectorTDES, PINs},
	{zpkAny, hsm.PINEncryption, hsm.TDES, hsm.AnyMode, hsm.Exportable, vectorTDES, PINs},
	{zpkAES, hsm.PINEncryption, hsm.AES, hsm.BothWays, hsm.Exportable, "00112233445566778899AABBCCDDEEFF", PINsWithAES},
	{zpkAES2, hsm.PINEncryption, hsm.AES, hsm.BothWays, hsm.Exportable, longAES, PINsWithAES},
	{pvkVisa, hsm.PINVerifyVisaPVV, hsm.TDES, hsm.MACVerify, hsm.NotExportable, vectorTDES, PVV},
	{pvkIBM, hsm.PINVerifyIBM3624, hsm.TDES, hsm.MACVerify, hsm.NotExportable, vectorTDES, IBM3624},
	{bdkTDES, hsm.BaseDerivation, hsm.TDES, hsm.DeriveKeys, hsm.NotExportable, vectorTDES, DUKPT},
	{bdkAES, hsm.BaseDerivation, hsm.AES, hsm.DeriveKeys, hsm.NotExportable, "FEDCBA9876543210F1F1F1F1F1F1F1F1", DUKPTWithAES},
	{macX99, hsm.MACAlg1, hsm.DES, hsm.MACBothWays, hsm.Exportable, "0123456789ABCDEF", X99},
	{macX919, hsm.MACAlg3, hsm.TDES, hsm.MACBothWays, hsm.Exportable, vectorTDES, X919},
	{macHalf, hsm.MACAlg3, hsm.TDES, hsm.MACBothWays, hsm.Exportable, "41414141414141414242424242424242", X919},
	{macAES, hsm.MACAlg5, hsm.AES, hsm.MACBothWays, hsm.Exportable, vectorAES, CMAC},
	{macAES2, hsm.MACAlg5, hsm.AES, hsm.MACBothWays, hsm.Exportable, longAES, CMAC},
	{macTDES, hsm.MACAlg5, hsm.TDES, hsm.MACBothWays, hsm.Exportable, "8AA83BF8CBDA10620BC1BF19FBB6CD58BC313D4A371CA8B5", CMACWithTDES},
	{macTwo, hsm.MACAlg5, hsm.TDES, hsm.MACBothWays, hsm.Exportable, "4CF15134A2850DD58A3D10BA80570D38", CMACWithTDES},
	{macMake, hsm.MACAlg5, hsm.AES, hsm.MACMake, hsm.Exportable, vectorAES, CMAC},
	{macSee, hsm.MACAlg5, hsm.AES, hsm.MACVerify, hsm.Exportable, vectorAES, CMAC},
	{macStay, hsm.MACAlg5, hsm.AES, hsm.MACBothWays, hsm.NotExportable, vectorAES, CMAC},
	{zmkB, hsm.KeyProtection, hsm.TDES, hsm.BothWays, hsm.NotExportable, "DD7515F2BFC17F85CE48F3CA25CB21F6", BlocksB},
	{zmkD, hsm.KeyProtection, hsm.AES, hsm.BothWays, hsm.NotExportable, vectorZMK, BlocksD},
	{zmkD128, hsm.KeyProtection, hsm.AES, hsm.BothWays, hsm.NotExportable, "0F0E0D0C0B0A09080706050403020100", BlocksD},
	{zmkOld, hsm.KeyProtection, hsm.TDES, hsm.BothWays, hsm.NotExportable, "89E88CF7931444F334BD7547FC3F380C", BlocksLegacy},
	{zmkIn, hsm.KeyProtection, hsm.AES, hsm.DecryptOnly, hsm.NotExportable, vectorZMK, BlocksD},
	{zmkOut, hsm.KeyProtection, hsm.AES, hsm.EncryptOnly, hsm.NotExportable, vectorZMK, BlocksD},
	{data, hsm.DataEncryption, hsm.AES, hsm.BothWays, hsm.NotExportable, longAES, Sealing},
	{dataIn, hsm.DataEncryption, hsm.AES, hsm.DecryptOnly, hsm.NotExportable, longAES, Sealing},
	{dataOut, hsm.DataEncryption, hsm.AES, hsm.EncryptOnly, hsm.NotExportable, longAES, Sealing},
	{token, hsm.MACHash, hsm.HMAC, hsm.MACMake, hsm.NotExportable, longAES, Tokens},
	{token2, hsm.MACHash, hsm.HMAC, hsm.MACMake, hsm.NotExportable, vectorZMK, Tokens},
}

// allKeys makes the keys of the suite; pairs are new each time.
func allKeys(t testing.TB) []Key {
	t.Helper()
	var all []Key
	for _, k := range symmetricKeys {
		all = append(all, Key{Ref: k.ref, Usage: k.usage, Algorithm: k.algorithm, Mode: k.mode, Export: k.export, Bytes: hsm.NewSecret(unhex(t, k.key)), For: k.ability})
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	two, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		pair, public hsm.KeyRef
		algorithm    hsm.Algorithm
		private      any
		half         any
		ability      Ability
	}{
		{pairEC, seesEC, hsm.ECDSA, ec, ec.Public(), ECDSA},
		{pairRSA, seesRSA, hsm.RSA, two, two.Public(), RSA},
	} {
		private, err := x509.MarshalPKCS8PrivateKey(p.private)
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.MarshalPKIXPublicKey(p.half)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all,
			Key{Ref: p.pair, Usage: hsm.SignaturePair, Algorithm: p.algorithm, Mode: hsm.SignMode, Export: hsm.NotExportable, Bytes: hsm.NewSecret(private), For: p.ability},
			Key{Ref: p.public, Usage: hsm.SignaturePair, Algorithm: p.algorithm, Mode: hsm.MACVerify, Export: hsm.Exportable, Bytes: hsm.NewSecret(public), For: p.ability})
	}
	return all
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// cipher of one of the suite's keys.
func (s *suite) cipher(t testing.TB, ref hsm.KeyRef) cipher.Block {
	t.Helper()
	k := s.keys[ref]
	c, err := symmetric.New(k.Algorithm, k.Bytes.Reveal())
	if err != nil {
		t.Fatal(ref, err)
	}
	return c
}

// checkValues: of all symmetric keys the standard's, and those of the specification.
func (s *suite) checkValues(t *testing.T) {
	published := map[hsm.KeyRef]string{zpkA: "08D7B4", zpkB: "D1D812", macAES: "7AD386"}
	for _, k := range symmetricKeys {
		if _, held := s.keys[k.ref]; !held || k.algorithm == hsm.HMAC {
			continue
		}
		want, err := mac.CheckValue(k.algorithm, unhex(t, k.key), mac.CheckStandard)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.m.KCV(background, k.ref)
		if err != nil || !got.Matches(want) || !strings.HasPrefix(got.String(), published[k.ref]) {
			t.Errorf("%s: %s, not %s: %v", k.ref, got, want, err)
		}
	}
	_, err := s.m.KCV(background, nobody)
	s.refused(t, "no such key", err, hsm.ErrKey)
	_, err = s.m.KCV(background, "No Name")
	s.refused(t, "no name", err, hsm.ErrKey)
}
