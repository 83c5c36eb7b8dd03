package pinblock_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/pinblock"
	"switchd/hsm/vector"
)

const (
	zpkA = "0123456789ABCDEFFEDCBA9876543210" // KCV 08D7B4
	zpkB = "89E88CF7931444F334BD7547FC3F380C" // KCV D1D812
	card = "5555555551234567"
)

func tdes(t testing.TB, key string) cipher.Block {
	t.Helper()
	k := vector.Hex(t, key)
	c, err := des.NewTripleDESCipher(append(k, k[:24-len(k)]...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func aesKey(t testing.TB, key string) cipher.Block {
	t.Helper()
	c, err := aes.NewCipher(vector.Hex(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func pin(t testing.TB, digits string) *pinblock.PIN {
	t.Helper()
	p, err := pinblock.ParsePIN([]byte(digits))
	if err != nil {
		t.Fatal(err)
	}
	return &p
}

func account(t testing.TB, digits string) pinblock.Account {
	t.Helper()
	a, err := pinblock.ParseAccount([]byte(digits))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func digits(p *pinblock.PIN) string {
	var b [12]byte
	return string(b[:p.Digits(b[:])])
}

// TestVectors: the project's specification, section 5.2, whose ZPK rows were computed
// with code that gives the published ones; and the example of format 4
// that X9 publishes with the test vectors of X9.24-3-2017.
func TestVectors(t *testing.T) {
	for _, v := range []struct {
		what, pin, account string
		format             hsm.PINFormat
		key                string // "" for a clear block
		random             []byte
		block              string
	}{
		{"clear format 0", "1234", card, hsm.ISO0, "", nil, "041261AAAAEDCBA9"},
		{"clear format 0", "1234", "43219876543210987", hsm.ISO0, "", nil, "0412AC89ABCDEF67"},
		{"format 0 under a ZPK", "1234", card, hsm.ISO0, zpkA, nil, "230B4C43B8BA2C5C"},
		{"clear format 0 for DUKPT", "1234", "4012345678909", hsm.ISO0, "", nil, "041274EDCBA9876F"},
		{"format 4", "1234", "1234567890123456789", hsm.ISO4, "00112233445566778899AABBCCDDEEFF", bytes.Repeat([]byte{0xFF}, 16), "28B41FDDD29B743E93124BD8E32D921E"},
		{"format 4 of X9.24-3", "1234", "4111111111111111", hsm.ISO4, "AF8CB133A78F8DC2D1359F18527593FB", vector.Hex(t, "00000000000000002F69ADDE2E9E7ACE"), "A912150391AB65A67E52883D81CE2D15"},
		{"format 4 of X9.24-3", "1234", "4111111111111111", hsm.ISO4, "D30BDC73EC9714B000BEC66BDB7B6D09", vector.Hex(t, "00000000000000002F69ADDE2E9E7ACE"), "52A00503BD34BA1383F6A7EE9FE2547F"},
	} {
		b := pinblock.Binding{Format: v.format, Account: account(t, v.account)}
		var got []byte
		var back pinblock.PIN
		switch {
		case v.key == "":
			var clear8 [8]byte
			if err := pinblock.Encode(&clear8, v.format, pin(t, v.pin), b.Account, bytes.NewReader(v.random)); err != nil {
				t.Fatal(err)
			}
			got = clear8[:]
			if err := pinblock.Decode(&back, &clear8, v.format, b.Account); err != nil {
				t.Error(err)
			}
		default:
			b.Key, got = tdesOrAES(t, v.format, v.key), make([]byte, v.format.Size())
			if err := pinblock.Encrypt(got, pin(t, v.pin), b, bytes.NewReader(v.random)); err != nil {
				t.Fatal(err)
			}
			if err := pinblock.Decrypt(&back, got, b); err != nil {
				t.Error(err)
			}
		}
		if hex.EncodeToString(got) != strings.ToLower(v.block) || digits(&back) != v.pin {
			t.Errorf("%s: %X, not %s; read back %s", v.what, got, v.block, digits(&back))
		}
	}
}

func tdesOrAES(t testing.TB, f hsm.PINFormat, key string) cipher.Block {
	if f == hsm.ISO4 {
		return aesKey(t, key)
	}
	return tdes(t, key)
}

// TestFormat3: the row of the specification, fill ABCDEFABCD, is read, and made again
// when the random bytes are those that give this fill.
func TestFormat3(t *testing.T) {
	want, acct := vector.Hex(t, "341261FE98FD9F9B"), account(t, card)
	var p pinblock.PIN
	if err := pinblock.Decode(&p, (*[8]byte)(want), hsm.ISO3, acct); err != nil || digits(&p) != "1234" {
		t.Fatalf("%v", err)
	}
	var got [8]byte
	// Low nibbles come first. 12 and above are passed over, 6 to 11 are A to F again; the
	// first six letters are overwritten by control, length and digits.
	random := vector.Hex(t, "000000"+"0F"+"7C"+"2E"+"3D"+"5A"+"16"+"38"+"000000000000")
	if err := pinblock.Encode(&got, hsm.ISO3, pin(t, "1234"), acct, bytes.NewReader(random)); err != nil || !bytes.Equal(got[:], want) {
		t.Errorf("%X, not %X: %v", got, want, err)
	}
}

// TestTranslateVector: specification 5.2, from one ZPK to the other in format 0.
func TestTranslateVector(t *testing.T) {
	var got [8]byte
	err := pinblock.Translate(got[:], vector.Hex(t, "230B4C43B8BA2C5C"), pinblock.Translation{
		Change: hsm.FormatChange{From: hsm.ISO0, To: hsm.ISO0}, In: tdes(t, zpkA), Out: tdes(t, zpkB), Account: account(t, card),
	})
	if want := vector.Hex(t, "9CA628F82B0FAD2C"); err != nil || !bytes.Equal(got[:], want) {
		t.Errorf("%X, not %X: %v", got, want, err)
	}
}

// TestTranslations: every allowed change of format keeps the PIN, every other one is
// refused before anything is read.
func TestTranslations(t *testing.T) {
	keys := map[hsm.PINFormat][2]cipher.Block{}
	for _, f := range []hsm.PINFormat{hsm.ISO0, hsm.ISO1, hsm.ISO3} {
		keys[f] = [2]cipher.Block{tdes(t, zpkA), tdes(t, zpkB)}
	}
	keys[hsm.ISO4] = [2]cipher.Block{aesKey(t, zpkA), aesKey(t, zpkB)}
	for from, in := range keys {
		for to, out := range keys {
			for _, device := range []bool{false, true} {
				for _, want := range []string{"1234", "90817", "123456789012"} {
					change := hsm.FormatChange{From: from, To: to, Device: device}
					acct := account(t, card)
					block, dst := make([]byte, from.Size()), make([]byte, to.Size())
					if err := pinblock.Encrypt(block, pin(t, want), pinblock.Binding{Format: from, Key: in[0], Account: acct}, rand.Reader); err != nil {
						t.Fatal(err)
					}
					err := pinblock.Translate(dst, block, pinblock.Translation{Change: change, In: in[0], Out: out[1], Account: acct, Random: rand.Reader})
					if rule := hsm.AllowTranslation(change); rule != nil {
						if !errors.Is(err, hsm.ErrDenied) || !bytes.Equal(dst, make([]byte, to.Size())) {
							t.Errorf("%s to %s: %v", from, to, err)
						}
						continue
					}
					var p pinblock.PIN
					if err != nil {
						t.Errorf("%s to %s: %v", from, to, err)
					} else if err := pinblock.Decrypt(&p, dst, pinblock.Binding{Format: to, Key: out[1], Account: acct}); err != nil || digits(&p) != want {
						t.Errorf("%s to %s: %v", from, to, err)
					}
				}
			}
		}
	}
}

// TestEveryClearBlock changes each nibble of a clear block to each value: only the
// values that are a block of the format are read, and no error says what was in it.
func TestEveryClearBlock(t *testing.T) {
	none := account(t, "0000000000000") // so that what is changed is the PIN's field itself
	for _, f := range []hsm.PINFormat{hsm.ISO0, hsm.ISO1, hsm.ISO3} {
		var good [8]byte
		if err := pinblock.Encode(&good, f, pin(t, "12345"), none, rand.Reader); err != nil {
			t.Fatal(err)
		}
		for at := range 16 {
			for v := range byte(16) {
				block := good
				shift := 4 * (1 - at&1)
				block[at/2] = block[at/2]&^(0xF<<shift) | v<<shift
				var p pinblock.PIN
				err := pinblock.Decode(&p, &block, f, none)
				if want := valid(block, byte(f)); want != (err == nil) {
					t.Errorf("%s %X: %v", f, block, err)
				}
				if err != nil && (!errors.Is(err, hsm.ErrBlock) || digits(&p) != "" || strings.Contains(err.Error(), "12345")) {
					t.Errorf("%v, left %q", err, digits(&p))
				}
			}
		}
	}
}

// TestLongLengths: a length above 12 is refused also where all that follows could be
// digits or fill.
func TestLongLengths(t *testing.T) {
	none := account(t, "0000000000000")
	for _, c := range []struct {
		block  string
		format hsm.PINFormat
		want   string
	}{
		{"1C12345678901234", hsm.ISO1, "123456789012"},
		{"1D12345678901234", hsm.ISO1, ""},
		{"1E12345678901234", hsm.ISO1, ""},
		{"1F12345678901234", hsm.ISO1, ""},
		{"0C123456789012FF", hsm.ISO0, "123456789012"},
		{"0D1234567890123F", hsm.ISO0, ""},
		{"0E12345678901234", hsm.ISO0, ""},
		{"3D1234567890123A", hsm.ISO3, ""},
	} {
		var p pinblock.PIN
		err := pinblock.Decode(&p, (*[8]byte)(vector.Hex(t, c.block)), c.format, none)
		if digits(&p) != c.want || errors.Is(err, hsm.ErrBlock) != (c.want == "") {
			t.Errorf("%s: %v", c.block, err)
		}
	}
}

// TestFormat4Fields: each part of the PIN's field of format 4 is looked at; what is
// random is not. The blocks are made here from the field, by the definition.
func TestFormat4Fields(t *testing.T) {
	key := aesKey(t, zpkA)
	for field, good := range map[string]bool{
		"441234AAAAAAAAAA0123456789ABCDEF": true,
		"441234AAAAAAAAAA0000000000000000": true,
		"4C123456789012AA0123456789ABCDEF": true,
		"4D1234567890123A0123456789ABCDEF": false,
		"4E123456789012340123456789ABCDEF": false,
		"431234AAAAAAAAAA0123456789ABCDEF": false,
		"341234AAAAAAAAAA0123456789ABCDEF": false,
		"44123AAAAAAAAAAA0123456789ABCDEF": false,
		"441234BAAAAAAAAA0123456789ABCDEF": false,
		"441234AAAAAAAAAF0123456789ABCDEF": false,
		"441234AAAA0AAAAA0123456789ABCDEF": false,
	} {
		block, pan := vector.Hex(t, field), vector.Hex(t, "4"+card+"000000000000000") // 16 digits: 4 above 12
		key.Encrypt(block, block)
		for i := range block {
			block[i] ^= pan[i]
		}
		key.Encrypt(block, block)
		var p pinblock.PIN
		err := pinblock.Decrypt(&p, block, pinblock.Binding{Format: hsm.ISO4, Key: key, Account: account(t, card)})
		if good != (err == nil) || !good && !errors.Is(err, hsm.ErrBlock) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// valid is the rule written the plain way, as a second opinion.
func valid(block [8]byte, control byte) bool {
	text := fmt.Sprintf("%x", block)
	n := strings.IndexByte("0123456789abcdef", text[1])
	if text[0] != control+'0' || n < 4 || n > 12 || strings.Trim(text[2:2+n], "0123456789") != "" {
		return false
	}
	fill := text[2+n:]
	switch control {
	case 0:
		return strings.Trim(fill, "f") == ""
	case 3:
		return strings.Trim(fill, "abcdef") == ""
	}
	return true
}

// TestWrongAccount: another account is refused, where the format can tell.
func TestWrongAccount(t *testing.T) {
	for _, f := range []hsm.PINFormat{hsm.ISO0, hsm.ISO3, hsm.ISO4} {
		key := tdesOrAES(t, f, zpkA)
		block := make([]byte, f.Size())
		if err := pinblock.Encrypt(block, pin(t, "1234"), pinblock.Binding{Format: f, Key: key, Account: account(t, card)}, rand.Reader); err != nil {
			t.Fatal(err)
		}
		for i := range card {
			for d := byte('0'); d <= '9'; d++ {
				other := []byte(card)
				other[i] = d
				var p pinblock.PIN
				err := pinblock.Decrypt(&p, block, pinblock.Binding{Format: f, Key: key, Account: account(t, string(other))})
				// Formats 0 and 3 do not bind the digits left of the 12 and the check digit, and
				// the first two of the 12 lie over the PIN's last two; what xor makes of format
				// 3's fill may be a letter again.
				unbound := f != hsm.ISO4 && (i < 3 || i == 15)
				overPIN := f != hsm.ISO4 && (i == 3 || i == 4)
				switch {
				case d == card[i] || unbound:
					if err != nil || digits(&p) != "1234" {
						t.Errorf("%s, digit %d: %v", f, i, err)
					}
				case err == nil && overPIN:
					if digits(&p) == "1234" {
						t.Errorf("%s, digit %d over the PIN: the same PIN", f, i)
					}
				case err == nil && f == hsm.ISO3:
				case !errors.Is(err, hsm.ErrBlock):
					t.Errorf("%s, digit %d: %v", f, i, err)
				}
			}
		}
	}
}

// TestWrongInput: lengths, keys, formats and missing parts are refused with the right
// error, without panic.
func TestWrongInput(t *testing.T) {
	good := pinblock.Binding{Format: hsm.ISO0, Key: tdes(t, zpkA), Account: account(t, card)}
	with := func(change func(*pinblock.Binding)) pinblock.Binding {
		b := good
		change(&b)
		return b
	}
	for _, c := range []struct {
		what string
		b    pinblock.Binding
		size int
		want error
	}{
		{"no bytes", good, 0, hsm.ErrBlock},
		{"7 bytes", good, 7, hsm.ErrBlock},
		{"9 bytes", good, 9, hsm.ErrBlock},
		{"16 bytes", good, 16, hsm.ErrBlock},
		{"AES key", with(func(b *pinblock.Binding) { b.Key = aesKey(t, zpkA) }), 8, hsm.ErrKey},
		{"no key", with(func(b *pinblock.Binding) { b.Key = nil }), 8, hsm.ErrKey},
		{"TDES key for format 4", with(func(b *pinblock.Binding) { b.Format = hsm.ISO4 }), 16, hsm.ErrKey},
		{"format 2", with(func(b *pinblock.Binding) { b.Format = 2 }), 8, hsm.ErrDenied},
		{"no account", with(func(b *pinblock.Binding) { b.Account = pinblock.Account{} }), 8, hsm.ErrBlock},
	} {
		var p pinblock.PIN
		if err := pinblock.Decrypt(&p, make([]byte, c.size), c.b); !errors.Is(err, c.want) {
			t.Errorf("read with %s: %v", c.what, err)
		}
		if err := pinblock.Encrypt(make([]byte, c.size), pin(t, "1234"), c.b, rand.Reader); !errors.Is(err, c.want) {
			t.Errorf("made with %s: %v", c.what, err)
		}
	}
	if err := pinblock.Encrypt(make([]byte, 8), &pinblock.PIN{}, good, nil); !errors.Is(err, hsm.ErrBlock) {
		t.Error("a block of no PIN:", err)
	}
	random := with(func(b *pinblock.Binding) { b.Format = hsm.ISO3 })
	if err := pinblock.Encrypt(make([]byte, 8), pin(t, "1234"), random, nil); !errors.Is(err, hsm.ErrDenied) {
		t.Error("format 3 without random bytes:", err)
	}
	for n := range 16 {
		if err := pinblock.Encrypt(make([]byte, 8), pin(t, "1234"), random, bytes.NewReader(make([]byte, n))); err == nil {
			t.Errorf("format 3 of %d random bytes", n)
		}
	}
	err := pinblock.Translate(make([]byte, 8), make([]byte, 8), pinblock.Translation{Change: hsm.FormatChange{From: hsm.ISO0, To: hsm.ISO4}})
	if !errors.Is(err, hsm.ErrBlock) {
		t.Error("8 bytes for format 4:", err)
	}
}

// TestPINIsNotSeen: a PIN and an account print as secrets.
func TestPINIsNotSeen(t *testing.T) {
	for _, v := range []any{*pin(t, "1234"), pin(t, "1234"), account(t, "1234"), []pinblock.PIN{*pin(t, "1234")}, struct{ P pinblock.PIN }{*pin(t, "1234")}} {
		for _, form := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%t"} {
			if got := fmt.Sprintf(form, v); !strings.Contains(got, "(secret)") || strings.Contains(got, "1") {
				t.Errorf("%s: %s", form, got)
			}
		}
	}
	p := pin(t, "1234")
	p.Wipe()
	if *p != (pinblock.PIN{}) {
		t.Error("not wiped")
	}
}

func TestParse(t *testing.T) {
	for _, bad := range []string{"", "123", "1234567890123", "12a4", "12 4", "12\x004", "１２３４"} {
		if p, err := pinblock.ParsePIN([]byte(bad)); !errors.Is(err, hsm.ErrBlock) || p != (pinblock.PIN{}) {
			t.Errorf("PIN %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "12345678901234567890", "1234x", "-1"} {
		if _, err := pinblock.ParseAccount([]byte(bad)); !errors.Is(err, hsm.ErrBlock) || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("account %q: %v", bad, err)
		}
	}
}

// TestBankAccount: what the rules bind, seen in a clear block of format 0.
func TestBankAccount(t *testing.T) {
	for _, c := range []struct {
		digits string
		rule   pinblock.AccountRule
		field  string // what is bound: 12 digits
	}{
		{"123456789012", pinblock.Padded13, "012345678901"},
		{"99123456789012", pinblock.Padded13, "012345678901"},
		{"42", pinblock.Padded13, "000000000004"},
		{"123456789012", pinblock.Whole12, "123456789012"},
		{"99123456789012", pinblock.Whole12, "123456789012"},
		{"42", pinblock.Whole12, "000000000042"},
	} {
		a, err := pinblock.BankAccount([]byte(c.digits), c.rule)
		if err != nil {
			t.Fatal(err)
		}
		var got, plain [8]byte
		if err := pinblock.Encode(&got, hsm.ISO0, pin(t, "1234"), a, nil); err != nil {
			t.Fatal(err)
		}
		copy(plain[:], vector.Hex(t, "041234FFFFFFFFFF"))
		for i := range plain {
			plain[i] ^= got[i]
		}
		if want := "0000" + c.field; hex.EncodeToString(plain[:]) != want {
			t.Errorf("%s by rule %d: %X, not %s", c.digits, c.rule, plain, want)
		}
	}
	for _, bad := range []string{"", "x2345678901234", "12345678901x", strings.Repeat("1", 13) + "x"} {
		if _, err := pinblock.BankAccount([]byte(bad), pinblock.Padded13); !errors.Is(err, hsm.ErrBlock) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := pinblock.BankAccount([]byte("1"), 9); !errors.Is(err, hsm.ErrDenied) {
		t.Error(err)
	}
}

// FuzzDecrypt: any block of any format is either refused, with nothing left, or its
// PIN is 4 to 12 digits and makes a block with the same PIN again.
func FuzzDecrypt(f *testing.F) {
	for _, format := range []byte{0, 1, 3, 4, 2} {
		f.Add(format, vector.Hex(f, "041261AAAAEDCBA9"), []byte(card))
		f.Add(format, vector.Hex(f, "341261FE98FD9F9B"), []byte(card))
		f.Add(format, vector.Hex(f, "28B41FDDD29B743E93124BD8E32D921E"), []byte("1234567890123456789"))
	}
	key := aesKey(f, "00112233445566778899AABBCCDDEEFF")
	f.Fuzz(func(t *testing.T, format byte, block, acct []byte) {
		a, err := pinblock.ParseAccount(acct)
		if err != nil {
			return
		}
		b := pinblock.Binding{Format: hsm.PINFormat(format), Key: key, Account: a}
		var p, again pinblock.PIN
		if b.Format != hsm.ISO4 {
			if len(block) != 8 {
				return
			}
			err = pinblock.Decode(&p, (*[8]byte)(block), b.Format, a)
		} else {
			err = pinblock.Decrypt(&p, block, b)
		}
		if err != nil {
			if p != (pinblock.PIN{}) {
				t.Error("a refused block leaves a PIN")
			}
			return
		}
		got := digits(&p)
		if len(got) < 4 || len(got) > 12 || strings.Trim(got, "0123456789") != "" {
			t.Fatalf("a PIN of %d digits", len(got))
		}
		if b.Format == hsm.ISO4 {
			next := make([]byte, 16)
			if err = pinblock.Encrypt(next, &p, b, rand.Reader); err == nil {
				err = pinblock.Decrypt(&again, next, b)
			}
		} else {
			var next [8]byte
			if err = pinblock.Encode(&next, b.Format, &p, a, rand.Reader); err == nil {
				err = pinblock.Decode(&again, &next, b.Format, a)
			}
		}
		if err != nil || again != p {
			t.Errorf("not the same again: %v", err)
		}
	})
}

// allocsMax is what one translation may allocate: the clear fields of reading and
// making, which go through the interface of a cipher.
const allocsMax = 3

func TestAllocations(t *testing.T) {
	for name, run := range translations(t) {
		if n := testing.AllocsPerRun(100, run); n > allocsMax {
			t.Errorf("%s: %v allocations, %d at most", name, n, allocsMax)
		}
	}
}

func BenchmarkTranslate(b *testing.B) {
	for name, run := range translations(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}

// translations are the software paths with keys that are ready.
func translations(t testing.TB) map[string]func() {
	made := map[string]func(){}
	for _, c := range []hsm.FormatChange{{From: hsm.ISO0, To: hsm.ISO0}, {From: hsm.ISO0, To: hsm.ISO3}, {From: hsm.ISO0, To: hsm.ISO4}, {From: hsm.ISO4, To: hsm.ISO4}} {
		tr := pinblock.Translation{
			Change: c, In: tdesOrAES(t, c.From, zpkA), Out: tdesOrAES(t, c.To, zpkB), Account: account(t, card), Random: rand.Reader,
		}
		block, dst := make([]byte, c.From.Size()), make([]byte, c.To.Size())
		if err := pinblock.Encrypt(block, pin(t, "1234"), pinblock.Binding{Format: c.From, Key: tr.In, Account: tr.Account}, rand.Reader); err != nil {
			t.Fatal(err)
		}
		made[c.From.String()+"-"+c.To.String()] = func() {
			if err := pinblock.Translate(dst, block, tr); err != nil {
				t.Fatal(err)
			}
		}
	}
	return made
}
