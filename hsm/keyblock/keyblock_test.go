package keyblock_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/mac"
	"switchd/hsm/vector"
)

func secret(t testing.TB, text string) hsm.Secret { return hsm.NewSecret(vector.Hex(t, text)) }

// vectors. "A.7": the examples of ANSI TR-31:2018, annex A.7; those of versions B and D
// without optional blocks are in the project's specification, section 5.2, too.
// "psec": blocks that the tests of the open implementations psec (MIT) and moov-io/tr31
// (Apache-2.0) have in common.
var vectors = []struct {
	from, under, block, key string
	options                 []keyblock.Option
}{
	{"A.7.2.1", "89E88CF7931444F334BD7547FC3F380C", "A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701", "F039121BEC83D26B169BDCD5B22AAF8F", nil},
	{"A.7.2.2", "DD7515F2BFC17F85CE48F3CA25CB21F6", "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E", "3F419E1CB7079442AA37474C2EFBF8B8", nil},
	{"A.7.3.1", "B8ED59E0A279A295E9F5ED7944FD06B9", "C0096B0TX12S0100KS1800604B120F9292800000BFB9B689CB567E66FC3FEE5AD5F52161FC6545B9D60989015D02155C", "EDB380DD340BC2620247D445F5B8D678", []keyblock.Option{{ID: "KS", Data: "00604B120F9292800000"}}},
	{"A.7.3.2", "1D22BF32387C600AD97F9B97A51311AC", "B0104B0TX12S0100KS1800604B120F9292800000BB68BE8680A400D9191AD4ECE45B6E6C0D21C4738A52190E248719E24B433627", "E8BC63E5479455E26577F715D587FE68", []keyblock.Option{{ID: "KS", Data: "00604B120F9292800000"}}},
	{"A.7.4", "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6", "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34", "3F419E1CB7079442AA37474C2EFBF8B8", nil},
	{"psec", "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCC", "A0088M3TC00E000022BD7EC46BBE2A6A73389D1BA6DB63120B386F912839F4679C0523399E4D8D0F1D9A356E", "CCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD", nil},
	{"psec", "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCC", "B0096M3TC00E0000C7C6FE86A5DE769C20DCA238C52341378B484D544A9764D43963C3B2824AE56C2D07A565DD3AB342", "CCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD", nil},
	{"psec", "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCC", "C0088M3TC00E000091FA4978279FD9C218BDCBE9CC62F11A182F828406B67AC61B5573748FCF348FD59FA93A", "CCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD", nil},
	{"psec", "89E88CF7931444F334BD7547FC3F380C", "A0088P0TE00E00007DD4DD9566DC0E2F956DCAC0FDE9153159539373E9D82D3CD4AFD305A7EF1BA67FE03712", "F039121BEC83D26B169BDCD5B22AAF8F", nil},
	{"psec", "89E88CF7931444F334BD7547FC3F380C", "B0120P0TE12E0100KS1800604B120F9292800000E6E28F097CB0350B2EB2DF520947F779FA34D9759CEE7E0DEEACF8353DB778D47FA4EC20DA3A9754", "F039121BEC83D26B169BDCD5B22AAF8F", []keyblock.Option{{ID: "KS", Data: "00604B120F9292800000"}}},
	{"psec", "B8ED59E0A279A295E9F5ED7944FD06B9", "A0112P0TE12E0200KS1400604B120F929280PB047A1BB737854CD7AF58A8A1E4506A942277EDA76EBA6BA228AF62ADDA3AD8799E8B2C8CD7", "F039121BEC83D26B169BDCD5B22AAF8F", []keyblock.Option{{ID: "KS", Data: "00604B120F929280"}, {ID: "PB"}}},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		h, key, err := keyblock.Unwrap(secret(t, v.under), v.block)
		if err != nil {
			t.Errorf("%s %s: %v", v.from, v.block[:16], err)
			continue
		}
		if !bytes.Equal(key.Reveal(), vector.Hex(t, v.key)) || !slices.Equal(h.Options, v.options) {
			t.Errorf("%s %s: %X, %v", v.from, v.block[:16], key.Reveal(), h.Options)
		}
		if got := fmt.Sprintf("%c....%s%c%c%s%c", h.Version, h.Usage, h.Algorithm, h.Mode, h.KeyVersion, h.Export); got != v.block[:1]+"...."+v.block[5:12] {
			t.Errorf("header %s of %s", got, v.block[:16])
		}
		// Made again under the same key, versions B and D read the same.
		again, err := keyblock.Wrap(secret(t, v.under), h, key, rand.Reader)
		if h.Version == 'A' || h.Version == 'C' {
			if !errors.Is(err, hsm.ErrDenied) {
				t.Errorf("version %c is made: %v", h.Version, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		h2, key2, err := keyblock.Unwrap(secret(t, v.under), again)
		if err != nil || !key2.Equal(key) || !slices.Equal(h2.Options, h.Options) || h2.Usage != h.Usage {
			t.Errorf("%s again: %v", again[:16], err)
		}
	}
}

// TestEveryCharacter: a block that is changed in any character gives no key, and the
// error says nothing of it.
func TestEveryCharacter(t *testing.T) {
	for _, v := range vectors {
		for at := range v.block {
			for _, c := range []byte("0F1Az \x00~") {
				changed := []byte(v.block)
				if changed[at] == c {
					continue
				}
				changed[at] = c
				_, key, err := keyblock.Unwrap(secret(t, v.under), string(changed))
				if !errors.Is(err, hsm.ErrVerify) && !errors.Is(err, hsm.ErrBlock) || key.Len() != 0 {
					t.Fatalf("%s, character %d as %q: %v", v.block[:16], at, c, err)
				}
				if strings.Contains(err.Error(), v.key[:8]) || strings.Contains(err.Error(), v.block[20:28]) {
					t.Fatalf("%v", err)
				}
			}
		}
		for n := range v.block {
			if _, _, err := keyblock.Unwrap(secret(t, v.under), v.block[:n]); !errors.Is(err, hsm.ErrBlock) {
				t.Fatalf("%s cut at %d: %v", v.block[:16], n, err)
			}
		}
		other := vector.Hex(t, v.under)
		for i := range other {
			other[i] ^= 2 // the lowest bit of a DES key is parity
			if _, _, err := keyblock.Unwrap(hsm.CopySecret(other), v.block); !errors.Is(err, hsm.ErrVerify) {
				t.Fatalf("%s under a key with byte %d changed: %v", v.block[:16], i, err)
			}
			other[i] ^= 2
		}
	}
}

// sizes are all keys that a block can carry, with the weakest protection that may.
var sizes = []struct {
	version   byte
	algorithm hsm.Algorithm
	size      int
	under     int
}{
	{'B', hsm.DES, 8, 16}, {'B', hsm.TDES, 16, 16}, {'B', hsm.TDES, 24, 24}, {'B', hsm.HMAC, 33, 16}, {'B', hsm.RSA, 1190, 16},
	{'D', hsm.DES, 8, 16}, {'D', hsm.TDES, 16, 16}, {'D', hsm.TDES, 24, 16}, {'D', hsm.AES, 16, 16}, {'D', hsm.AES, 24, 24}, {'D', hsm.AES, 32, 32}, {'D', hsm.ECDSA, 121, 16},
}

func header(version byte, a hsm.Algorithm) keyblock.Header {
	return keyblock.Header{Version: version, Usage: hsm.PINEncryption, Algorithm: a, Mode: hsm.BothWays, KeyVersion: "00", Export: hsm.NotExportable}
}

func random(t testing.TB, n int) hsm.Secret {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return hsm.NewSecret(b)
}

func TestRoundTrip(t *testing.T) {
	long := strings.Repeat("certificate ", 50) // needs the long form of a length
	for _, s := range sizes {
		for _, options := range [][]keyblock.Option{
			nil, {{ID: "KS", Data: "00604B120F9292800000"}}, {{ID: "CT", Data: long}, {ID: "KP", Data: ""}}, {{ID: "IK", Data: "12345678"}, {ID: "LB", Data: "ZPK of a bank"}},
		} {
			h := header(s.version, s.algorithm)
			h.Options = options
			under, key := random(t, s.under), random(t, s.size)
			block, err := keyblock.Wrap(under, h, key, rand.Reader)
			if err != nil {
				t.Errorf("%c %s of %d under %d: %v", s.version, s.algorithm, s.size, s.under, err)
				continue
			}
			got, back, err := keyblock.Unwrap(under, block)
			if err != nil || !back.Equal(key) {
				t.Errorf("%s: %v", block[:16], err)
			}
			kept := slices.DeleteFunc(got.Options, func(o keyblock.Option) bool { return o.ID == "PB" })
			if !slices.Equal(kept, options) || got.Usage != h.Usage || got.Algorithm != h.Algorithm || got.Mode != h.Mode || got.Export != h.Export {
				t.Errorf("%s: %v, not %v", block[:16], kept, options)
			}
			if strings.Contains(block, hex.EncodeToString(key.Reveal())) {
				t.Error("the key is in the clear")
			}
		}
	}
}

// TestRandomFill: the same key gives another block each time.
func TestRandomFill(t *testing.T) {
	under, key := random(t, 32), random(t, 16)
	a, _ := keyblock.Wrap(under, header('D', hsm.AES), key, rand.Reader)
	b, _ := keyblock.Wrap(under, header('D', hsm.AES), key, rand.Reader)
	if a == "" || a == b {
		t.Error("twice the same block")
	}
	if _, err := keyblock.Wrap(under, header('D', hsm.AES), key, strings.NewReader("short")); err == nil {
		t.Error("made without random bytes")
	}
	if _, err := keyblock.Wrap(under, header('D', hsm.AES), key, nil); !errors.Is(err, hsm.ErrDenied) {
		t.Error(err)
	}
}

// TestStrength: no key is carried by a weaker one, either way.
func TestStrength(t *testing.T) {
	for _, s := range sizes {
		for _, under := range []int{16, 24, 32} {
			if s.version == 'B' && under == 32 {
				continue
			}
			_, err := keyblock.Wrap(random(t, under), header(s.version, s.algorithm), random(t, s.size), rand.Reader)
			if weaker := under < s.under; weaker != errors.Is(err, hsm.ErrDenied) || !weaker && err != nil {
				t.Errorf("%c: %s of %d under %d: %v", s.version, s.algorithm, s.size, under, err)
			}
		}
	}
	if _, err := keyblock.Wrap(random(t, 16), header('B', hsm.AES), random(t, 16), rand.Reader); !errors.Is(err, hsm.ErrDenied) {
		t.Error("AES under TDES:", err)
	}
}

// TestStrengthByBytes: a TDES key of three parts with the first again as the third is one
// of two, as what protects and as what is protected; in a block of a partner who does
// not count so, too.
func TestStrengthByBytes(t *testing.T) {
	two, three := random(t, 16), random(t, 24)
	twice := hsm.NewSecret(append(bytes.Clone(two.Reveal()), two.Reveal()[:8]...))
	if _, err := keyblock.Wrap(twice, header('B', hsm.TDES), three, rand.Reader); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("three parts under two: %v", err)
	}
	for under, key := range map[*hsm.Secret]hsm.Secret{&two: twice, &twice: two} {
		block, err := keyblock.Wrap(*under, header('B', hsm.TDES), key, rand.Reader)
		if err != nil {
			t.Errorf("%d bytes under %d: %v", key.Len(), under.Len(), err)
			continue
		}
		if _, got, err := keyblock.Unwrap(*under, block); err != nil || !got.Equal(key) {
			t.Errorf("%d bytes under %d: %v", key.Len(), under.Len(), err)
		}
	}
	foreign := keyblock.Root{Algorithm: hsm.TDES, Size: 24, CMAC: func(dst, message []byte) ([]byte, error) {
		k, err := mac.NewKey(hsm.DESCMAC, 0, twice.Reveal())
		if err != nil {
			return nil, err
		}
		return k.Sum(dst, message), nil
	}}
	block, err := foreign.Wrap(header('B', hsm.TDES), three, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := keyblock.Unwrap(twice, block); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("a partner's: %v", err)
	}
}

// TestUnwrapAlgorithm: a block cannot be made to carry a stronger key by calling it
// another algorithm.
func TestUnwrapAlgorithm(t *testing.T) {
	under := random(t, 16)
	block, err := keyblock.Wrap(under, header('D', hsm.HMAC), random(t, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := keyblock.Unwrap(under, strings.Replace(block, "P0H", "P0A", 1)); !errors.Is(err, hsm.ErrVerify) {
		t.Error(err)
	}
}

func TestWrapRefuses(t *testing.T) {
	under, key := random(t, 32), random(t, 16)
	for what, change := range map[string]func(*keyblock.Header){
		"version A":        func(h *keyblock.Header) { h.Version = 'A' },
		"version C":        func(h *keyblock.Header) { h.Version = 'C' },
		"version E":        func(h *keyblock.Header) { h.Version = 'E' },
		"version B":        func(h *keyblock.Header) { h.Version = 'B' }, // 32 bytes are no TDES key
		"no usage":         func(h *keyblock.Header) { h.Usage = "" },
		"odd usage":        func(h *keyblock.Header) { h.Usage = "P\n" },
		"no mode":          func(h *keyblock.Header) { h.Mode = 0 },
		"no export":        func(h *keyblock.Header) { h.Export = 'Q' },
		"no key version":   func(h *keyblock.Header) { h.KeyVersion = "" },
		"TDES of 17 bytes": func(h *keyblock.Header) { h.Algorithm = '?' },
		"option name":      func(h *keyblock.Header) { h.Options = []keyblock.Option{{ID: "K", Data: "1"}} },
		"own padding":      func(h *keyblock.Header) { h.Options = []keyblock.Option{{ID: "PB", Data: "1"}} },
		"option twice":     func(h *keyblock.Header) { h.Options = []keyblock.Option{{ID: "KS"}, {ID: "KS"}} },
		"option data":      func(h *keyblock.Header) { h.Options = []keyblock.Option{{ID: "KS", Data: "é"}} },
		"too long":         func(h *keyblock.Header) { h.Options = []keyblock.Option{{ID: "KS", Data: strings.Repeat("1", 9990)}} },
	} {
		h := header('D', hsm.AES)
		change(&h)
		block, err := keyblock.Wrap(under, h, key, rand.Reader)
		if block != "" || !(errors.Is(err, hsm.ErrBlock) || errors.Is(err, hsm.ErrDenied) || errors.Is(err, hsm.ErrKey)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := keyblock.Wrap(under, header('D', hsm.AES), random(t, 17), rand.Reader); !errors.Is(err, hsm.ErrKey) {
		t.Errorf("a key of 17 bytes: %v", err)
	}
	for _, n := range []int{0, 8, 15, 16, 24, 33} {
		if _, _, err := keyblock.Unwrap(random(t, n), vectors[4].block); n != 16 && n != 24 && !errors.Is(err, hsm.ErrKey) || n > 8 && err == nil {
			t.Errorf("version D under %d bytes: %v", n, err)
		}
	}
}

func TestRequire(t *testing.T) {
	h := header('D', hsm.AES)
	if err := h.Require(hsm.MACAlg5, hsm.PINEncryption); err != nil {
		t.Error(err)
	}
	if err := h.Require(hsm.MACAlg5, hsm.DataEncryption); !errors.Is(err, hsm.ErrKey) {
		t.Error("a PIN key as another:", err)
	}
	if err := h.Require(); !errors.Is(err, hsm.ErrKey) {
		t.Error("no usage wanted:", err)
	}
	h.Mode = '1'
	if err := h.Require(hsm.PINEncryption); !errors.Is(err, hsm.ErrKey) {
		t.Error("a mode of some vendor:", err)
	}
}

// TestMalformed: headers that are nearly right.
func TestMalformed(t *testing.T) {
	rest := vectors[1].block[16:] // of version B: 64 characters
	for what, block := range map[string]string{
		"sign in the length":       "B+080P0TE00E0000" + rest,
		"blank in the length":      "B 080P0TE00E0000" + rest,
		"wrong length":             "B0088P0TE00E0000" + rest,
		"length no multiple":       "B0081P0TE00E0000" + rest + "0",
		"small letters":            "B0080P0TE00E0000" + strings.ToLower(rest),
		"reserved":                 "B0080P0TE00E0001" + rest,
		"number in hexadecimal":    "B0080P0TE00E0A00" + rest,
		"no option there":          "B0080P0TE00E0100" + rest,
		"option beyond the end":    "B0088P0TE00E0100KSFF0000" + rest,
		"option shorter than head": "B0088P0TE00E0100KS030000" + rest,
		"long form of no digits":   "B0088P0TE00E0100KS000000" + rest,
		"long form too short":      "B0096P0TE00E0100KS00020900000000" + rest,
		"option not filled up":     "B0096P0TE00E0100KS0600PB12345678" + rest,
		"option twice":             "B0096P0TE00E0200KS080000KS080000" + rest,
		"padding first":            "B0096P0TE00E0200PB080000KS080000" + rest,
		"option name":              "B0088P0TE00E0100K 080000" + rest,
		"option data":              "B0088P0TE00E0100KS08\x1f000" + rest,
		"body of a MAC only":       "B0032P0TE00E0000" + rest[:16],
		"version":                  "E0080P0TE00E0000" + rest,
		"blank usage":              "B0080  TE00E0000" + rest,
	} {
		if _, err := keyblock.Parse(block); !errors.Is(err, hsm.ErrBlock) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if p, err := keyblock.Parse("B0104P0TE00E0100KS00040018ABCDEFGHIJKLMN" + rest); err != nil || p.Options[0].Data != "ABCDEFGHIJKLMN" {
		t.Errorf("a short option in the long form: %v", err)
	}
}

// TestAgainstOpenSSL unwraps with the command openssl: CMACs give the two keys, CBC
// gives the body, a CMAC proves it.
func TestAgainstOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl here to compare with")
	}
	for _, c := range []struct {
		version      byte
		under, block int
		algorithm    hsm.Algorithm
		mac, cbc     string
	}{
		{'D', 32, 16, hsm.AES, "AES-256-CBC", "-aes-256-cbc"},
		{'D', 16, 16, hsm.AES, "AES-128-CBC", "-aes-128-cbc"},
		{'B', 24, 8, hsm.TDES, "DES-EDE3-CBC", "-des-ede3-cbc"},
	} {
		under, key := random(t, c.under), random(t, 16)
		block, err := keyblock.Wrap(under, header(c.version, c.algorithm), key, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		cmac := func(key string, in []byte) string {
			return strings.TrimSpace(string(openssl(t, in, "mac", "-cipher", c.mac, "-macopt", "hexkey:"+key, "-in", "/dev/stdin", "CMAC")))
		}
		algorithm := map[int]byte{16: 2, 24: 1, 32: 4}[c.under]
		derive := func(use byte) (out string) {
			for counter := byte(1); len(out) < 2*c.under; counter++ {
				out += cmac(hex.EncodeToString(under.Reveal()), []byte{counter, 0, use, 0, 0, algorithm, byte(8 * c.under >> 8), byte(8 * c.under)})
			}
			return out
		}
		code := block[len(block)-2*c.block:]
		plain := openssl(t, vector.Hex(t, block[16:len(block)-2*c.block]), "enc", "-d", c.cbc, "-nopad", "-K", derive(0), "-iv", code)
		if !bytes.Equal(plain[:18], append([]byte{0, 128}, key.Reveal()...)) {
			t.Errorf("%c: openssl finds another key", c.version)
		}
		if got := cmac(derive(1), append([]byte(block[:16]), plain...)); !strings.EqualFold(got, code) {
			t.Errorf("%c: openssl finds another MAC", c.version)
		}
	}
}

func openssl(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Stdin = bytes.NewReader(in)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("openssl %s: %v", args[0], err)
	}
	return out
}

// FuzzParse: a block is refused or has a form that adds up; unwrapping it with any key
// never gives one, and what can be made of its header reads the same.
func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.block)
	}
	f.Add("B0104P0TE00E0100KS00040018ABCDEFGHIJKLMN" + vectors[1].block[16:])
	f.Add("D9984P0AE00E9900")
	des, aes := secret(f, "000102030405060708090A0B0C0D0E0F"), secret(f, "000102030405060708090A0B0C0D0E0F")
	f.Fuzz(func(t *testing.T, block string) {
		p, err := keyblock.Parse(block)
		if err != nil {
			if !errors.Is(err, hsm.ErrBlock) {
				t.Error(err)
			}
			return
		}
		under := des
		if p.Version == 'D' {
			under = aes
		}
		if _, key, err := keyblock.Unwrap(under, block); err == nil || key.Len() > 0 {
			t.Errorf("a key came out of a block that nobody made: %v", err)
		}
		h := p.Header
		h.Options = slices.DeleteFunc(slices.Clone(h.Options), func(o keyblock.Option) bool { return o.ID == "PB" })
		key := hsm.NewSecret(make([]byte, 16))
		made, err := keyblock.Wrap(under, h, key, rand.Reader)
		if err != nil {
			return
		}
		again, back, err := keyblock.Unwrap(under, made)
		if err != nil || !back.Equal(key) {
			t.Fatalf("what was made is not read: %v", err)
		}
		again.Options = slices.DeleteFunc(again.Options, func(o keyblock.Option) bool { return o.ID == "PB" })
		if !slices.Equal(again.Options, h.Options) || again.Usage != h.Usage || again.KeyVersion != h.KeyVersion {
			t.Errorf("%v became %v", h, again)
		}
	})
}

func BenchmarkUnwrap(b *testing.B) {
	under := secret(b, vectors[4].under)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := keyblock.Unwrap(under, vectors[4].block); err != nil {
			b.Fatal(err)
		}
	}
}
