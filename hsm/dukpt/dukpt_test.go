package dukpt

import (
	"bytes"
	"crypto/des"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"os/exec"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/vector"
)

func secret(t testing.TB, text string) hsm.Secret { return hsm.NewSecret(vector.Hex(t, text)) }

const tdesBDK = "0123456789ABCDEFFEDCBA9876543210"

// TestTDESVectors: the initial key, the PIN key of counter 1 and the three encrypted
// PIN blocks are in the project's specification, section 5.2; all are of the example in
// X9.24-1 (annex A.4), whose keys of further counters and uses are published with many
// open implementations.
func TestTDESVectors(t *testing.T) {
	first, err := ParseTDESKSN(vector.Hex(t, "FFFF9876543210E00001"))
	if err != nil {
		t.Fatal(err)
	}
	initial, err := TDESInitialKey(secret(t, tdesBDK), first)
	if err != nil || hex.EncodeToString(initial.Reveal()) != "6ac292faa1315b4d858ab3a3d7d5933a" {
		t.Fatalf("initial key %x, %v", initial.Reveal(), err)
	}
	for _, v := range []struct {
		ksn string
		use TDESUse
		key string
	}{
		{"FFFF9876543210E00001", TDESPin, "042666B49184CF5C68DE9628D0397B36"},
		{"FFFF9876543210E00001", TDESMACRequest, "042666B4918430A368DE9628D03984C9"},
		{"FFFF9876543210E00001", TDESDataRequest, "448D3F076D8304036A55A3D7E0055A78"},
		{"FFFF9876543210E00003", TDESPin, "0DF3D9422ACA561A47676D07AD6BAD05"},
		{"FFFF9876543210E00007", TDESPin, "0C8F780B7C8B492FAE84A9EB2A6CE69F"},
		{"FFFF9876543210E0000F", TDESPin, "93DD5B956C4878B82E453AAEFD32A555"},
		{"FFFF9876543210E00010", TDESPin, "59598DCBD9BD943F94165CE453585FA8"},
		{"FFFF9876543210E00013", TDESPin, "C3DF489FDF11534BF03DE97C27DC4CD0"},
		{"FFFF9876543210E20000", TDESMACRequest, "DEFDE0EA10434A722FA013DE6C4B70FB"},
		{"FFFF9876543210EFF800", TDESPin, "F9CDFEBF4F5B1D61B3EC12454527E189"},
		{"FFFF9876543210EFF800", TDESMACRequest, "F9CDFEBF4F5BE29EB3EC124545271E76"},
		{"9876543210E00001", TDESPin, "042666B49184CF5C68DE9628D0397B36"},
	} {
		ksn, err := ParseTDESKSN(vector.Hex(t, v.ksn))
		if err != nil {
			t.Fatalf("%s: %v", v.ksn, err)
		}
		key, err := TDESKey(initial, ksn, v.use)
		if err != nil || !bytes.Equal(key.Reveal(), vector.Hex(t, v.key)) {
			t.Errorf("%s use %d: %X, not %s: %v", v.ksn, v.use, key.Reveal(), v.key, err)
		}
	}
	for counter, want := range []string{"1B9C1845EB993A7A", "10A01C8D02C69107", "18DC07B94797B466"} {
		ksn, _ := ParseTDESKSN(vector.Hex(t, fmt.Sprintf("FFFF9876543210E%05X", counter+1)))
		key, err := TDESKey(initial, ksn, TDESPin)
		if err != nil {
			t.Fatal(err)
		}
		k := key.Reveal()
		c, _ := des.NewTripleDESCipher(append(append([]byte(nil), k...), k[:8]...))
		block := vector.Hex(t, "041274EDCBA9876F")
		c.Encrypt(block, block)
		if !bytes.Equal(block, vector.Hex(t, want)) {
			t.Errorf("PIN block of counter %d: %X, not %s", counter+1, block, want)
		}
	}
}

// TestTDESUses: the variants of X9.24-1 as masks written out, for the base key of
// counter 1; and a serial number whose counter has its highest bit belongs to the same
// device.
func TestTDESUses(t *testing.T) {
	high, err := ParseTDESKSN(vector.Hex(t, "FFFF9876543210F00000"))
	if err != nil || high.Counter() != 1<<20 {
		t.Fatalf("counter %X, %v", high.Counter(), err)
	}
	initial, err := TDESInitialKey(secret(t, tdesBDK), high)
	if err != nil || !initial.Equal(secret(t, "6AC292FAA1315B4D858AB3A3D7D5933A")) {
		t.Errorf("another device: %v", err)
	}
	first, _ := ParseTDESKSN(vector.Hex(t, "FFFF9876543210E00001"))
	for _, v := range []struct {
		use     TDESUse
		mask    string
		hashing bool
	}{
		{TDESPin, "00000000000000FF", false},
		{TDESMACRequest, "000000000000FF00", false},
		{TDESMACResponse, "00000000FF000000", false},
		{TDESDataRequest, "0000000000FF0000", true},
		{TDESDataResponse, "000000FF00000000", true},
	} {
		want := vector.Hex(t, "042666B49184CFA368DE9628D0397BC9")
		for i, m := range vector.Hex(t, v.mask+v.mask) {
			want[i] ^= m
		}
		if v.hashing {
			c, _ := des.NewTripleDESCipher(append(append([]byte(nil), want...), want[:8]...))
			c.Encrypt(want[:8], want[:8])
			c.Encrypt(want[8:], want[8:])
		}
		got, err := TDESKey(initial, first, v.use)
		if err != nil || !bytes.Equal(got.Reveal(), want) {
			t.Errorf("use %d: %X, not %X: %v", v.use, got.Reveal(), want, err)
		}
	}
}

// aesInitial are the base keys and initial keys of the test vectors that X9 publishes
// with X9.24-3-2017.
var aesInitial = map[string]struct{ bdk, key string }{
	"128": {"FEDCBA9876543210F1F1F1F1F1F1F1F1", "1273671EA26AC29AFA4D1084127652A1"},
	"256": {"FEDCBA9876543210F1F1F1F1F1F1F1F1FEDCBA9876543210F1F1F1F1F1F1F1F1", "CE9CE0C101D1138F97FB6CAD4DF045A7083D4EAE2D35A31789D01CCF0949550F"},
}

// TestAESVectors: the test vectors that X9 publishes with X9.24-3-2017.
func TestAESVectors(t *testing.T) {
	for size, v := range aesInitial {
		got, err := AESInitialKey(secret(t, v.bdk), [8]byte(vector.Hex(t, "1234567890123456")))
		if err != nil || !bytes.Equal(got.Reveal(), vector.Hex(t, v.key)) {
			t.Errorf("initial key of %s bits: %X, %v", size, got.Reveal(), err)
		}
	}
	for _, v := range []struct {
		of      string
		counter uint32
		use     Use // deriveKey: the key that the others are derived from
		kind    Kind
		key     string
	}{
		{"128", 1, deriveKey, AES128, "4F21B565BAD9835E112B6465635EAE44"},
		{"128", 2, deriveKey, AES128, "2F34D68DE10F68D38091A73B9E7C437C"},
		{"128", 3, deriveKey, AES128, "031504E530365CF81264238540518318"},
		{"128", 8, deriveKey, AES128, "718EE6CF0B27E53D5F7AF99C4D8146A2"},
		{"128", 0xFFFE4000, deriveKey, AES128, "396C2C7CA1EA701C03B86B7D41F0C562"},
		{"128", 0xFFFE8000, deriveKey, AES128, "0387625F189B58AE03EF0E8CCA41105E"},
		{"128", 0xFFFF0000, deriveKey, AES128, "F6BA59389BD14A9855BE9727E7C52E3C"},
		{"256", 1, deriveKey, AES256, "54AC2B32B145EA4A554CB8BC44B17467063A799856B1CCC2A138D36E8DBF78B3"},
		{"256", 3, deriveKey, AES256, "8EEEF7C464AE415BB1D73FAED21993CD669F7999092A579EC6DD3CC680C65171"},
		{"256", 0xFFFE4000, deriveKey, AES256, "FF20E1BB575539ACCB44E3111BE8757F83AE8549A2DD71B441A4A424F7FFD4B1"},
		{"256", 0xFFFE8000, deriveKey, AES256, "630535C9C53E1EC6524016930B56F6728909C45403536B419AEBCB25B7351C07"},

		{"128", 1, PINEncrypt, AES128, "AF8CB133A78F8DC2D1359F18527593FB"},
		{"128", 1, MACMake, AES128, "A2DC23DE6FDE0824A2BC321E08E4B8B7"},
		{"128", 1, DataEncrypt, AES128, "A35C412EFD41FDB98B69797C02DCD08F"},
		{"128", 1, KeyEncrypt, AES128, "36A724B7BEFA5A25F5E7B5782A4554A2"},
		{"128", 2, PINEncrypt, AES128, "D30BDC73EC9714B000BEC66BDB7B6D09"},
		{"128", 8, PINEncrypt, AES128, "4D9DF3FBEE3448FC3E676D04320A90F5"},
		{"128", 8, MACMake, AES128, "6FD572E5D59E618875F193484F9178FB"},
		{"128", 8, DataEncrypt, AES128, "650F34204ABD4E57764D61AC3D266FB1"},
		{"256", 1, PINEncrypt, AES256, "8C1AB7BEE973829E30242E0BBBDD4946D540C98FC1B5BDCF94790001A23FD502"},
		{"256", 1, MACMake, AES256, "61DABDF4B340CF461EE860B1D1AB55357142BD2D6977306859CF49AEFE8F1549"},
		{"256", 1, DataEncrypt, AES256, "71EB36C9A6B7F801D1D1700C29741FC5A5C4E9B45D742DA7AF6992B8AA29AF58"},
		{"128", 1, PINEncrypt, TDES2, "630C706D9546E47D4449313F61C4D4AB"},
		{"128", 1, MACMake, TDES2, "5D8FD787E8A796D07035FFCA9B5800BB"},
		{"128", 1, DataEncrypt, TDES2, "BD44121C223F831446A01EE3A4CB58D2"},
		{"128", 1, PINEncrypt, TDES3, "EA8B3F37EB9B15831167EF2977FD8762D9B5913F35766F6A"},
		{"128", 1, MACMake, TDES3, "2A1061A6EAC2C14FAC3758EA07B3648A624B24E942785BF1"},
		{"128", 1, DataEncrypt, TDES3, "F716DFBC6B2D2D5825B694EEEE181A013F2F1C09380BBE0C"},
		{"128", UpdateCounter, deriveKey, AES128, "36C6EBBCC0536FC91C1D50660D4F82AE"},
		{"128", UpdateCounter, KeyEncrypt, AES128, "9A9770AEE1ACD1B13473D0463A1883B9"},
		{"128", UpdateCounter, KeyEncrypt, TDES2, "4744A5ECBC62B5C4BB76FBEAE1E244A3"},
		{"256", UpdateCounter, KeyEncrypt, AES256, "AEFB210C136278A1279F7C8815F446DB8EBE2AA910B157AA4E6484D8DE9C4807"},
	} {
		ksn, err := ParseAESKSN(append(vector.Hex(t, "1234567890123456"), byte(v.counter>>24), byte(v.counter>>16), byte(v.counter>>8), byte(v.counter)))
		if err != nil {
			t.Fatalf("%X: %v", v.counter, err)
		}
		initial := secret(t, aesInitial[v.of].key)
		var key hsm.Secret
		if v.use == deriveKey {
			key, err = walk(initial, ksn, v.kind)
		} else {
			key, err = AESKey(initial, ksn, v.use, v.kind)
		}
		if err != nil {
			t.Error(err)
		}
		if !bytes.Equal(key.Reveal(), vector.Hex(t, v.key)) {
			t.Errorf("%s, counter %X, use %04X, kind %d: %X, not %s", v.of, v.counter, v.use, v.kind, key.Reveal(), v.key)
		}
	}
}

// TestAES192AgainstOpenSSL: no vector of 192 bits is at hand, so one is computed with
// the command openssl from the derivation data written out.
func TestAES192AgainstOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl here to compare with")
	}
	encrypt := func(key, data string) string {
		c := exec.Command("openssl", "enc", "-aes-192-ecb", "-nopad", "-K", key)
		c.Stdin = bytes.NewReader(vector.Hex(t, data))
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(out)
	}
	bdk := "00112233445566778899AABBCCDDEEFF0011223344556677"
	initial := encrypt(bdk, "0101"+"8001"+"0003"+"00C0"+"1234567890123456"+"0102"+"8001"+"0003"+"00C0"+"1234567890123456")[:48]
	at := encrypt(initial, "0101"+"8000"+"0003"+"00C0"+"9012345600000001"+"0102"+"8000"+"0003"+"00C0"+"9012345600000001")[:48]
	want := encrypt(at, "0101"+"1000"+"0003"+"00C0"+"9012345600000001"+"0102"+"1000"+"0003"+"00C0"+"9012345600000001")[:48]

	ksn, _ := ParseAESKSN(vector.Hex(t, "123456789012345600000001"))
	first, err := AESInitialKey(secret(t, bdk), ksn.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := AESKey(first, ksn, PINEncrypt, AES192)
	if err != nil || hex.EncodeToString(got.Reveal()) != want {
		t.Errorf("%X, openssl says %s: %v", got.Reveal(), want, err)
	}
}

// TestCounters: what no device uses is refused, by both standards.
func TestCounters(t *testing.T) {
	for counter, good := range map[uint32]bool{
		0: false, 1: true, 0x3FF: true, 0x7FF: false, 0x1FF800: true, 0x1FFC00: false, 0x7FE00: true, 0x1FFE00: false, 0x1FFFFF: false,
	} {
		text := fmt.Sprintf("FFFF987654%010X", 0x3210E00000|uint64(counter))
		k, err := ParseTDESKSN(vector.Hex(t, text))
		if good != (err == nil) {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil && !errors.Is(err, hsm.ErrBlock) || k.Counter() != counter {
			t.Errorf("%s: counter %X, %v", text, k.Counter(), err)
		}
	}
	for counter, good := range map[uint32]bool{
		0: false, 1: true, 0xFFFF: true, 0x1FFFE: true, 0x1FFFF: false, 0x20000: true, 0x845FED: true, 0xFFFF0000: true, 0xFFFF8000: false, 0xFFFFFFFE: false, UpdateCounter: true,
	} {
		_, err := ParseAESKSN(vector.Hex(t, fmt.Sprintf("1234567890123456%08X", counter)))
		if good != (err == nil) || err != nil && !errors.Is(err, hsm.ErrBlock) {
			t.Errorf("%X: %v", counter, err)
		}
	}
	for n := range 16 {
		if _, err := ParseTDESKSN(bytes.Repeat([]byte{0x11}, n)); (n < 8 || n > 10) != errors.Is(err, hsm.ErrBlock) {
			t.Errorf("TDES, %d bytes: %v", n, err)
		}
		if _, err := ParseAESKSN(bytes.Repeat([]byte{0x11}, n)); (n != 12) != errors.Is(err, hsm.ErrBlock) {
			t.Errorf("AES, %d bytes: %v", n, err)
		}
	}
}

// TestNextCounter: the counters that X9's vectors name around skips, none left out, none
// with more than 16 ones, and an end.
func TestNextCounter(t *testing.T) {
	for at, want := range map[uint32]uint32{
		0: 1, 1: 2, 0xFFFF: 0x10000, 0x1FFFE: 0x20000, 0x20000: 0x20001, 0xFFFE8000: 0xFFFF0000, 0xFFFF0000: 0,
	} {
		if got := NextCounter(at); got != want {
			t.Errorf("after %X comes %X, not %X", at, got, want)
		}
	}
	expected := uint32(0x1FF00)
	for at := expected; at < 0x24000; at = NextCounter(at) {
		for ; bits.OnesCount32(expected) > 16; expected++ {
		}
		if at != expected {
			t.Fatalf("%X, not %X", at, expected)
		}
		expected++
	}
}

func TestRefused(t *testing.T) {
	ksn, _ := ParseAESKSN(vector.Hex(t, "123456789012345600000001"))
	update := AESKSN{ID: ksn.ID, Counter: UpdateCounter}
	old, _ := ParseTDESKSN(vector.Hex(t, "FFFF9876543210E00001"))
	of := func(n int) hsm.Secret { return hsm.NewSecret(make([]byte, n)) }
	fail := func(_ hsm.Secret, err error) error { return err }
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"AES base key of 8", fail(AESInitialKey(of(8), ksn.ID)), hsm.ErrKey},
		{"AES initial key of 20", fail(AESKey(of(20), ksn, PINEncrypt, AES128)), hsm.ErrKey},
		{"AES-256 of AES-128", fail(AESKey(of(16), ksn, PINEncrypt, AES256)), hsm.ErrDenied},
		{"AES-192 of AES-128", fail(AESKey(of(16), ksn, PINEncrypt, AES192)), hsm.ErrDenied},
		{"unknown kind", fail(AESKey(of(32), ksn, PINEncrypt, 5)), hsm.ErrDenied},
		{"unknown use", fail(AESKey(of(32), ksn, 0x4000, AES128)), hsm.ErrDenied},
		{"a derivation key", fail(AESKey(of(32), ksn, deriveKey, AES256)), hsm.ErrDenied},
		{"an initial key", fail(AESKey(of(32), ksn, deriveInitial, AES256)), hsm.ErrDenied},
		{"a PIN key of the last counter", fail(AESKey(of(16), update, PINEncrypt, AES128)), hsm.ErrDenied},
		{"counter 0", fail(AESKey(of(16), AESKSN{ID: ksn.ID}, PINEncrypt, AES128)), hsm.ErrBlock},
		{"17 ones", fail(AESKey(of(16), AESKSN{Counter: 0x1FFFF}, PINEncrypt, AES128)), hsm.ErrBlock},
		{"TDES base key of 24", fail(TDESInitialKey(of(24), old)), hsm.ErrKey},
		{"TDES initial key of 8", fail(TDESKey(of(8), old, TDESPin)), hsm.ErrKey},
		{"TDES use 0", fail(TDESKey(of(16), old, 0)), hsm.ErrDenied},
		{"TDES use 9", fail(TDESKey(of(16), old, 9)), hsm.ErrDenied},
		{"TDES counter 0", fail(TDESKey(of(16), TDESKSN{}, TDESPin)), hsm.ErrBlock},
	} {
		if !errors.Is(c.err, c.want) || strings.Contains(fmt.Sprint(c.err), "0000") {
			t.Errorf("%s: %v", c.what, c.err)
		}
	}
}

// TestUsesDiffer: no two uses and kinds of one transaction share a key.
func TestUsesDiffer(t *testing.T) {
	seen := map[string]string{}
	ksn, _ := ParseAESKSN(vector.Hex(t, "1234567890123456000000FF"))
	for _, use := range []Use{KeyEncrypt, PINEncrypt, MACMake, MACVerify, MACBoth, DataEncrypt, DataDecrypt, DataBoth} {
		for kind := TDES2; kind <= AES256; kind++ {
			key, err := AESKey(secret(t, aesInitial["256"].key), ksn, use, kind)
			if err != nil || key.Len() != kind.size() {
				t.Fatal(err)
			}
			name, first := fmt.Sprintf("%04X %d", use, kind), string(key.Reveal()[:16])
			if other := seen[first]; other != "" {
				t.Errorf("%s is %s", name, other)
			}
			seen[first] = name
		}
	}
	initial := secret(t, "6AC292FAA1315B4D858AB3A3D7D5933A")
	old, _ := ParseTDESKSN(vector.Hex(t, "FFFF9876543210E000FF"))
	for use := TDESPin; use <= TDESDataResponse; use++ {
		key, err := TDESKey(initial, old, use)
		if err != nil {
			t.Fatal(err)
		}
		if other := seen[string(key.Reveal())]; other != "" {
			t.Errorf("TDES use %d is %s", use, other)
		}
		seen[string(key.Reveal())] = fmt.Sprint("TDES ", use)
	}
	if hex.EncodeToString(initial.Reveal()) != "6ac292faa1315b4d858ab3a3d7d5933a" {
		t.Error("the initial key was changed")
	}
}

func BenchmarkAESKey(b *testing.B) {
	initial := secret(b, aesInitial["128"].key)
	ksn := AESKSN{ID: [8]byte(vector.Hex(b, "1234567890123456")), Counter: 0xFFFF0000} // the longest way
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AESKey(initial, ksn, PINEncrypt, AES128); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTDESKey(b *testing.B) {
	initial := secret(b, "6AC292FAA1315B4D858AB3A3D7D5933A")
	ksn, _ := ParseTDESKSN(vector.Hex(b, "FFFF9876543210EFFC00")) // the longest way
	b.ReportAllocs()
	for b.Loop() {
		if _, err := TDESKey(initial, ksn, TDESPin); err != nil {
			b.Fatal(err)
		}
	}
}
