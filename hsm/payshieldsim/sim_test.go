package payshieldsim_test

import (
	"bytes"
	"crypto/des"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/mac"
	"switchd/hsm/payshield/wire"
	"switchd/hsm/payshieldsim"
	"switchd/hsm/vector"
)

// The keys of the project's specification (5.2), with odd parity.
const (
	zpkA = "0123456789ABCDEFFEDCBA9876543210"
	zpkB = "89E98CF7921545F234BC7546FD3E380D" // 89E88CF7..., whose parity was not odd
	pvk  = zpkA
	bdk  = zpkA
)

type lab struct {
	testing.TB
	lmk    *payshieldsim.LMK
	server *payshieldsim.Server
}

func newLab(t testing.TB) *lab {
	t.Helper()
	lmk, err := payshieldsim.NewLMK(hsm.NewSecret(bytes.Repeat([]byte{0x5A}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	server, err := payshieldsim.New(payshieldsim.Options{LMK: lmk})
	if err != nil {
		t.Fatal(err)
	}
	return &lab{t, lmk, server}
}

// variant gives a key of scheme U, T or Z; block one of scheme S.
func (l *lab) variant(kind, key string) string {
	l.Helper()
	b := vector.Hex(l, key)
	scheme := map[int]byte{8: wire.SchemeSingle, 16: wire.SchemeDouble, 24: wire.SchemeTriple}[len(b)]
	made, err := l.lmk.Protect(payshieldsim.Plain{Scheme: scheme, Type: kind, Bytes: hsm.NewSecret(b)}, rand.Reader)
	if err != nil {
		l.Fatal(err)
	}
	return made
}

func (l *lab) block(u hsm.Usage, a hsm.Algorithm, m hsm.Mode, e hsm.Export, key string) string {
	l.Helper()
	made, err := l.lmk.Protect(payshieldsim.Plain{Scheme: wire.SchemeBlock, Usage: u, Algorithm: a, Mode: m, Export: e, Bytes: hsm.NewSecret(vector.Hex(l, key))}, rand.Reader)
	if err != nil {
		l.Fatal(err)
	}
	return made
}

// ask sends a command with the header H123.
func (l *lab) ask(command string) string { return string(l.server.Answer([]byte("H123" + command))) }

// is asks and compares.
func (l *lab) is(command, want string) {
	l.Helper()
	if got := l.ask(command); got != "H123"+want {
		l.Errorf("%s\n got %s\nwant H123%s", command, got, want)
	}
}

// encrypt is TDES of two keys, by the standard library alone.
func encrypt(t testing.TB, key, block string) string {
	t.Helper()
	k := vector.Hex(t, key)
	c, err := des.NewTripleDESCipher(append(k, k[:8]...))
	if err != nil {
		t.Fatal(err)
	}
	b := vector.Hex(t, block)
	c.Encrypt(b, b)
	return strings.ToUpper(hex.EncodeToString(b))
}

// otherDigit is a digit that is not the one in its place: key blocks are random.
func otherDigit(digit byte) string {
	if digit == '0' {
		return "1"
	}
	return "0"
}

// TestTranslations: the frames are written by hand, the blocks are the specification's.
func TestTranslations(t *testing.T) {
	l := newLab(t)
	a, b, tpk := l.variant("001", zpkA), l.variant("001", zpkB), l.variant("002", zpkA)
	const block, account = "230B4C43B8BA2C5C", "555555123456"
	l.is("CC"+a+b+"12"+block+"0101"+account, "CD00049CA628F82B0FAD2C01")
	l.is("CC"+a+b+"12"+block+"0101"+account+"%00", "CD00049CA628F82B0FAD2C01")
	l.is("CC"+a+b+"12"+block+"0101"+account+"\x19trailer", "CD00049CA628F82B0FAD2C01\x19trailer")
	l.is("CA"+tpk+b+"12"+block+"0101"+account, "CB00049CA628F82B0FAD2C01")
	sa, sb := l.block("P0", 'T', 'B', 'N', zpkA), l.block("P0", 'T', 'B', 'N', zpkB)
	l.is("CC"+sa+sb+"12"+block+"0101"+account, "CD00049CA628F82B0FAD2C01")
	l.is("CC"+sa+b+"12"+block+"0101"+account, "CD00049CA628F82B0FAD2C01")

	// DUKPT: PIN 1234, account 4012345678909, the first counter.
	device := "A05FFFF9876543210E00001" + "1B9C1845EB993A7A" + "0101" + "401234567890"
	l.is("G0"+l.variant("009", bdk)+b+device, "G10004"+encrypt(t, zpkB, "041274EDCBA9876F")+"01")
	l.is("G0"+l.block("B0", 'T', 'X', 'N', bdk)+sb+device, "G10004"+encrypt(t, zpkB, "041274EDCBA9876F")+"01")

	// Format 4, to itself: the account is whole and has a delimiter.
	const aes = "00112233445566778899AABBCCDDEEFF"
	s4 := l.block("P0", 'A', 'B', 'N', aes)
	got := l.ask("CC" + s4 + s4 + "12" + "28B41FDDD29B743E93124BD8E32D921E" + "4848" + "1234567890123456789;")
	if !strings.HasPrefix(got, "H123CD0004") || !strings.HasSuffix(got, "48") || len(got) != 4+2+2+2+32+2 {
		t.Errorf("format 4: %s", got)
	}

	for name, c := range map[string]struct{ command, want string }{
		"other account":           {"CC" + a + b + "12" + block + "0101" + "555555123457", "CD20"}, // its last digit is over the fill
		"wrong key":               {"CC" + b + b + "12" + block + "0101" + account, "CD20"},
		"format 1 from a zone":    {"CC" + a + b + "12" + block + "0501" + account, "CD69"},
		"to format 1":             {"CC" + a + b + "12" + block + "0105" + account, "CD69"},
		"unknown format":          {"CC" + a + b + "12" + block + "0201" + account, "CD23"},
		"short account":           {"CC" + a + b + "12" + block + "0101" + account[1:], "CD15"},
		"more after it":           {"CC" + a + b + "12" + block + "0101" + account + "0", "CD15"},
		"other LMK":               {"CC" + a + b + "12" + block + "0101" + account + "%01", "CD13"},
		"small letters":           {"CC" + a + b + "12" + strings.ToLower(block) + "0101" + account, "CD15"},
		"maximum length":          {"CC" + a + b + "11" + block + "0101" + account, "CD15"},
		"halves exchanged":        {"CC" + "U" + a[17:] + a[1:17] + b + "12" + block + "0101" + account, "CD10"},
		"key of another type":     {"CC" + tpk + b + "12" + block + "0101" + account, "CD10"},
		"target of another type":  {"CC" + a + tpk + "12" + block + "0101" + account, "CD11"},
		"key block of a MAC":      {"CC" + l.block("M3", 'T', 'C', 'N', zpkA) + b + "12" + block + "0101" + account, "CDA6"},
		"key that only encrypts":  {"CC" + l.block("P0", 'T', 'E', 'N', zpkA) + b + "12" + block + "0101" + account, "CDA8"},
		"target that only reads":  {"CC" + a + l.block("P0", 'T', 'D', 'N', zpkB) + "12" + block + "0101" + account, "CDA8"},
		"changed key block":       {"CC" + sa[:60] + otherDigit(sa[60]) + sa[61:] + b + "12" + block + "0101" + account, "CDA4"},
		"AES key for format 0":    {"CC" + s4 + b + "12" + block + block + "0101" + account, "CDA7"},
		"a scheme without a name": {"CC" + a[1:] + b + "12" + block + "0101" + account, "CD15"},
		"trailer too long":        {"CC" + a + b + "12" + block + "0101" + account + "\x19" + strings.Repeat("x", 33), "CD15"},
		"counter of no device":    {"G0" + l.variant("009", bdk) + b + "A05FFFF9876543210E00000" + block + "0101" + account, "G115"},
		"descriptor":              {"G0" + l.variant("009", bdk) + b + "A04FFFF9876543210E00001" + block + "0101" + account, "G115"},
		"base key of another LMK": {"G0" + a + b + device, "G110"},
	} {
		if got := l.ask(c.command); got != "H123"+c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

func TestVerifications(t *testing.T) {
	l := newLab(t)
	zpk, key := l.variant("001", zpkA), l.variant("002", pvk)
	// PIN 4524, account 1122334455667788: PVV 8523 under number 1; natural PIN 4524 with
	// the whole account as validation data.
	block := encrypt(t, zpkA, "044507CBBAA99887")
	ec := "EC" + zpk + key + block + "01" + "233445566778"
	l.is(ec+"18523", "ED00")
	l.is(ec+"18524", "ED01")
	l.is(ec+"28523", "ED01")
	l.is(ec+"1852", "ED15")
	l.is("EC"+zpk+zpk+block+"01"+"233445566778"+"18523", "ED11")
	l.is("EC"+l.variant("001", zpkB)+key+block+"01"+"233445566778"+"18523", "ED20")
	l.is("EC"+zpk+l.block("V2", 'T', 'V', 'N', pvk)+block+"01"+"233445566778"+"18523", "ED00")
	l.is("EC"+zpk+l.block("V1", 'T', 'V', 'N', pvk)+block+"01"+"233445566778"+"18523", "EDA6")

	ea := "EA" + zpk + key + "12" + block + "01" + "04" + "233445566778"
	const table = "1234567890123456"
	// A TDES key is a warning.
	l.is(ea+table+"P1122334455667788"+"0000FFFFFFFF", "EB02")
	l.is(ea+table+"P1122334455667788"+"0001FFFFFFFF", "EB01")
	l.is(ea+table+"P1122334455667789"+"0000FFFFFFFF", "EB01")
	l.is(ea+table+"P1122334455667788"+"00000FFFFFFF", "EB01") // as long as no PIN of four
	l.is(ea+"0000000000000000"+"P1122334455667788"+"0000FFFFFFFF", "EB25")
	// N stands for the last five digits of the account, 66778.
	l.is(ea+table+"1122334455N8"+"0000FFFFFFFF", "EB02")
	l.is(ea+table+"1122334455N9"+"0000FFFFFFFF", "EB01")
	l.is(ea+table+"112233445588"+"0000FFFFFFFF", "EB15")
	l.is(ea+table+"11223344NN88"+"0000FFFFFFFF", "EB15")
}

func TestMACs(t *testing.T) {
	l := newLab(t)
	const text = "Now is the time for all "
	zak, single := l.variant("008", zpkA), l.variant("008", "0123456789ABCDEF")
	l.is("M600131008"+zak+"0018"+text, "M700A1C72E74EA3FA9B6")
	l.is("M600031008"+zak+"0018"+text, "M700A1C72E74")
	l.is("M602132008"+zak+"0018"+text, "M700E9086230CA3BE796")
	l.is("M600130008"+zak+"0018"+text, "M700A1C72E74EA3FA9B6")
	l.is("M600131FFF"+l.block("M3", 'T', 'C', 'N', zpkA)+"0018"+text, "M700A1C72E74EA3FA9B6")
	l.is("M600111008"+single+"001C"+"7654321 Now is the time for ", "M700F1D30F6849312CA4")
	cmac := l.block("M6", 'A', 'C', 'N', "2B7E151628AED2A6ABF7158809CF4F3C")
	l.is("M600164FFF"+cmac+"0000", "M700BB1D6929E9593728")
	l.is("M800131008"+zak+"0018"+text+"A1C72E74EA3FA9B6", "M900")
	l.is("M800031008"+zak+"0018"+text+"A1C72E74", "M900")
	l.is("M800031008"+zak+"0018"+text+"A1C72E75", "M901")
	for command, want := range map[string]string{
		"M610131008" + zak + "0018" + text: "M702", "M601131008" + zak + "0018" + text: "M703", "M600141008" + zak + "0018" + text: "M704",
		"M600131001" + zak + "0018" + text: "M705", "M600134008" + zak + "0018" + text: "M709", "M600131008" + zak + "0019" + text: "M780",
		"M600131003" + zak + "0018" + text: "M710", "M600130008" + zak + "0017" + text[1:]: "M706", "M600131008" + zak + "0017" + text: "M715",
		"M600111008" + zak + "0018" + text: "M727", "M600131008" + single + "0018" + text: "M727", "M600131FFF" + zak + "0018" + text: "M705",
		"M600131FFF" + l.block("M3", 'T', 'V', 'N', zpkA) + "0018" + text: "M7A8", "M600131FFF" + cmac + "0018" + text: "M7A6",
		"M800131008" + zak + "0018" + text + "A1C72E74EA3FA9B": "M915", "M600131008" + zak + "0018" + text + "%01": "M713",
	} {
		l.is(command, want)
	}
}

func TestKeys(t *testing.T) {
	l := newLab(t)
	const kbpkB, kbpkD = "DD7515F2BFC17F85CE48F3CA25CB21F6", "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6"
	zmkB, zmkD := l.block("K1", 'T', 'B', 'N', kbpkB), l.block("K1", 'A', 'B', 'N', kbpkD)
	// The key of both blocks is 3F419E1CB7079442AA37474C2EFBF8B8, whose parity is not odd:
	// of TDES it is set, with a warning.
	const blockB = "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E"
	const blockD = "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34"
	want, err := mac.CheckValue(hsm.TDES, vector.Hex(t, "3F419E1CB7079442AA37474C2EFBF8B8"), mac.CheckStandard)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []struct{ kind, letter string }{{"FFF", "S"}, {"001", "U"}, {"70D", "U"}} {
		got := l.ask("A6" + scheme.kind + zmkB + "R" + blockB + scheme.letter)
		if !strings.HasPrefix(got, "H123A701"+scheme.letter) || !strings.HasSuffix(got, want.String()) {
			t.Errorf("%s: %s", scheme.kind, got)
			continue
		}
		key := got[8 : len(got)-6]
		flag := map[string]string{"S": "F", "U": "1"}[scheme.letter]
		l.is("BUFF"+flag+key+";"+scheme.kind+";001", "BV00"+want.String())
		options := ""
		if scheme.letter == "U" {
			options = "&P0E00E00"
		}
		out := l.ask("A8" + scheme.kind + zmkB + key + "R" + options)
		if !strings.HasPrefix(out, "H123A900RB0080P0TE00E0000") || !strings.HasSuffix(out, want.String()) {
			t.Errorf("%s: %s", scheme.kind, out)
			continue
		}
		_, again, err := keyblock.Unwrap(hsm.NewSecret(vector.Hex(t, kbpkB)), out[9:len(out)-6])
		if err != nil || !bytes.Equal(again.Reveal(), vector.Hex(t, "3E409E1CB6079443AB37464C2FFBF8B9")) {
			t.Errorf("%s: another key comes out: %v", scheme.kind, err)
		}
	}
	if got := l.ask("A6FFF" + zmkD + "R" + blockD + "S"); !strings.HasPrefix(got, "H123A700S10112P0AE00E") {
		t.Error(got)
	}
	even := "000102030405060708090A0B0C0D0E0F"
	wrap := func(key string, h keyblock.Header) string {
		block, err := keyblock.Wrap(hsm.NewSecret(vector.Hex(t, kbpkB)), h, hsm.NewSecret(vector.Hex(t, key)), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return block
	}
	header := keyblock.Header{Version: 'B', Usage: "P0", Algorithm: 'T', Mode: 'B', KeyVersion: "00", Export: 'N'}
	if got := l.ask("A6FFF" + zmkB + "R" + wrap(even, header) + "S"); !strings.HasPrefix(got, "H123A701S") {
		t.Errorf("even parity: %s", got)
	}
	noExport := l.block("P0", 'T', 'B', 'N', zpkA)
	for command, want := range map[string]string{
		"A6FFF" + zmkB + "R" + blockB[:70] + "0" + blockB[71:] + "S":            "A7A4",
		"A6FFF" + zmkD + "R" + blockB + "S":                                     "A7A7",
		"A6FFF" + zmkB + "R" + blockB + "U":                                     "A726",
		"A6001" + zmkB + "R" + blockB + "T":                                     "A727",
		"A6008" + zmkB + "R" + blockB + "U":                                     "A728",
		"A6123" + zmkB + "R" + blockB + "U":                                     "A728",
		"A6FFF" + zmkB + noExport + "S":                                         "A726",
		"A6FFF" + noExport + "R" + blockB + "S":                                 "A7A6",
		"A6FFF" + zmkB + "R" + wrap(zpkA[:16]+zpkA[:16], header) + "S":          "A775",
		"A6FFF" + zmkB + "R" + wrap(zpkA[:16]+"0022446688AACCEE", header) + "S": "A775", // another parity
		"A8FFF" + zmkB + noExport + "R":                                         "A9AA",
		"A8FFF" + noExport + noExport + "R":                                     "A9A6",
		"A8001" + zmkB + l.variant("002", zpkA) + "R&P0B00E00":                  "A911",
		"A8001" + zmkB + l.variant("001", zpkA) + "R":                           "A915",
		"A8001" + zmkB + l.variant("001", zpkA) + "R&ZZB00E00":                  "A9A6",
		"A8FFF" + zmkB + l.block("K1", 'A', 'B', 'E', kbpkD) + "R":              "A9BB",
		"BUFF1" + noExport + ";FFF;001":                                         "BV05",
		"BUFF1" + l.variant("001", zpkA) + ";002;001":                           "BV10",
		"BU001" + l.variant("001", zpkA) + ";001":                               "BV15",
		"A00FFFS#P0T2B00E0":                                                     "A115",
		"A00FFFS#P0T4B00E00":                                                    "A1A7",
		"A00FFFS#ZZT2B00E00":                                                    "A1A6",
		"A00001S#P0T2B00E00":                                                    "A126",
		"A01FFFS#P0T2B00E00":                                                    "A115",
	} {
		l.is(command, want)
	}
	for command, shape := range map[string]string{
		"A00FFFS%00#K1A3B00E00": "A100S10144K1AB00E0000", "A00FFFS#P0T2B00N00": "A100S10112P0TB00N0000", "A00001U": "A100U", "A00008Z": "A100Z", "A00009T": "A100T",
	} {
		first, second := l.ask(command), l.ask(command)
		if !strings.HasPrefix(first, "H123"+shape) || first == second {
			t.Errorf("%s: %s", command, first)
		}
	}
	l.is("BUFF1"+l.variant("001", zpkA)+";001;000", "BV00"+encrypt(t, zpkA, strings.Repeat("0", 16)))
	l.is("BUFF1"+l.variant("001", zpkA)+";001", "BV00"+encrypt(t, zpkA, strings.Repeat("0", 16)))
}

func TestOthers(t *testing.T) {
	l := newLab(t)
	l.is("NC", "ND00"+l.lmk.Check()+"0001-SIM0")
	l.is("NC%00", "ND00"+l.lmk.Check()+"0001-SIM0")
	l.is("NC%07", "ND13")
	l.is("NCx", "ND15")
	l.is("B20004PING", "B300PING")
	l.is("B20005PING", "B315")
	l.is("CI", "CJ68") // single DES
	l.is("QQ", "QR68")
	for _, frame := range []string{"", "H12", "H123N", "H123nc", "H123A9", "H123AZ"} {
		if got := l.server.Answer([]byte(frame)); got != nil && frame != "H123A9" {
			t.Errorf("%q: %q", frame, got)
		}
	}
}

// FuzzCommand: every frame with a header and a command code has an answer: the header,
// the response code, an error code.
func FuzzCommand(f *testing.F) {
	l := newLab(f)
	a, b := l.variant("001", zpkA), l.variant("001", zpkB)
	for _, seed := range []string{
		"NC", "B20004PING", "CC" + a + b + "12230B4C43B8BA2C5C0101555555123456", "CA" + a + b + "12230B4C43B8BA2C5C4801555555123456;%00",
		"G0" + l.variant("009", bdk) + b + "A05FFFF9876543210E000011B9C1845EB993A7A0101401234567890", "M600131008" + l.variant("008", zpkA) + "0004text\x19trailer",
		"M800131FFF" + l.block("M3", 'T', 'C', 'N', zpkA) + "0004textA1C72E74EA3FA9B6", "A00FFFS#P0T2B00E00", "BUFF1" + a + ";001;001",
		"EA" + a + l.variant("002", pvk) + "12230B4C43B8BA2C5C0104233445566778123456789012345611223344556N0000FFFFFFFF",
		"EC" + a + l.variant("002", pvk) + "230B4C43B8BA2C5C0123344556677818523",
		"A6FFF" + l.block("K1", 'T', 'B', 'N', zpkA) + "RB0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248ES",
		"A8FFF" + l.block("K1", 'T', 'B', 'N', zpkA) + l.block("P0", 'T', 'B', 'E', zpkA) + "R&N",
	} {
		f.Add([]byte("H123" + seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		answer := l.server.Answer(frame)
		if answer == nil {
			return
		}
		got := wire.Take(answer)
		header, reply := got.Bytes(4), got.Command()
		code := wire.Code(got.Command())
		if !got.Good() || !bytes.Equal(header, frame[:4]) || reply != wire.Reply(string(frame[4:6])) {
			t.Fatalf("%q: %q", frame, answer)
		}
		if code != wire.OK && code != wire.Failed && got.Left() > 33 {
			t.Fatalf("an error says more: %q", answer)
		}
	})
}

func TestLMK(t *testing.T) {
	lmk, err := payshieldsim.GenerateLMK(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/lmk"
	if err := lmk.Write(path); err != nil {
		t.Fatal(err)
	}
	if lmk.Write(path) == nil {
		t.Error("an LMK was written over another")
	}
	again, err := payshieldsim.ReadLMK(path)
	if err != nil || again.Check() != lmk.Check() || len(lmk.Check()) != 16 {
		t.Errorf("%v", err)
	}
	if _, err := payshieldsim.ReadLMK(path + ".none"); err == nil {
		t.Error("read what is not there")
	}
	if s := fmt.Sprintf("%v %+v", payshieldsim.Plain{Bytes: hsm.NewSecret([]byte("KEYKEYKEYKEYKEYK"))}, payshieldsim.Options{LMK: lmk}.ConnsMax); strings.Contains(s, "KEYKEY") {
		t.Error("a key is printed")
	}
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]payshieldsim.Fault{
		"hang": {Kind: "hang"}, "CC:delay=50ms/3": {Kind: "delay", Command: "CC", Delay: 50e6, Every: 3},
		"error=41/10": {Kind: "error", Code: "41", Every: 10}, "reverse=8": {Kind: "reverse", Count: 8},
	} {
		if got, err := payshieldsim.ParseFault(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "what", "hang=1", "delay", "delay=-1s", "delay=2h", "error=4", "error=4a", "reverse=1", "reverse=257", "hang/0", "hang/x", "ZZ:hang", "CI:hang"} {
		if _, err := payshieldsim.ParseFault(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
