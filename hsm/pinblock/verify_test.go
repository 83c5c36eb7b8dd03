package pinblock_test

import (
	"errors"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/pinblock"
	"switchd/hsm/vector"
)

// TestPVV: specification 5.2.
func TestPVV(t *testing.T) {
	key, acct := tdes(t, zpkA), account(t, "1122334455667788")
	var got [4]byte
	if err := pinblock.PVV(&got, pin(t, "4524"), acct, 1, key); err != nil || string(got[:]) != "8523" {
		t.Errorf("%s, %v", got, err)
	}
	if err := pinblock.VerifyPVV([]byte("8523"), pin(t, "4524"), acct, 1, key); err != nil {
		t.Error(err)
	}
	if err := pinblock.VerifyPVV([]byte("8523"), pin(t, "452499"), acct, 1, key); err != nil {
		t.Error("a longer PIN counts with its first four digits:", err)
	}
	for i := range 4 {
		wrong := []byte("8523")
		wrong[i]++
		if err := pinblock.VerifyPVV(wrong, pin(t, "4524"), acct, 1, key); !errors.Is(err, hsm.ErrVerify) || strings.Contains(err.Error(), "8523") {
			t.Errorf("digit %d: %v", i, err)
		}
	}
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"wrong PIN", pinblock.VerifyPVV([]byte("8523"), pin(t, "4525"), acct, 1, key), hsm.ErrVerify},
		{"wrong account", pinblock.VerifyPVV([]byte("8523"), pin(t, "4524"), account(t, "1122334455667798"), 1, key), hsm.ErrVerify},
		{"wrong index", pinblock.VerifyPVV([]byte("8523"), pin(t, "4524"), acct, 2, key), hsm.ErrVerify},
		{"wrong key", pinblock.VerifyPVV([]byte("8523"), pin(t, "4524"), acct, 1, tdes(t, zpkB)), hsm.ErrVerify},
		{"three digits", pinblock.VerifyPVV([]byte("852"), pin(t, "4524"), acct, 1, key), hsm.ErrBlock},
		{"index 10", pinblock.VerifyPVV([]byte("8523"), pin(t, "4524"), acct, 10, key), hsm.ErrBlock},
		{"AES key", pinblock.VerifyPVV([]byte("8523"), pin(t, "4524"), acct, 1, aesKey(t, zpkA)), hsm.ErrKey},
		{"no key", pinblock.VerifyPVV([]byte("8523"), pin(t, "4524"), acct, 1, nil), hsm.ErrKey},
		{"no PIN", pinblock.VerifyPVV([]byte("8523"), &pinblock.PIN{}, acct, 1, key), hsm.ErrBlock},
		{"no account", pinblock.VerifyPVV([]byte("8523"), pin(t, "4524"), pinblock.Account{}, 1, key), hsm.ErrBlock},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", c.what, c.err)
		}
	}
}

// letters is a cipher that gives letters first, so that a PVV needs the second pass.
type letters struct{}

func (letters) BlockSize() int          { return 8 }
func (letters) Encrypt(dst, _ []byte)   { copy(dst, "\xAB\xC1\xDE\xF2\xAA\xBB\xCC\xDD") }
func (letters) Decrypt(dst, src []byte) { copy(dst, src) }

// TestPVVOfLetters: two digits only, so that letters from the left follow, A as 0.
func TestPVVOfLetters(t *testing.T) {
	var got [4]byte
	if err := pinblock.PVV(&got, pin(t, "1234"), account(t, card), 1, letters{}); err != nil || string(got[:]) != "1201" {
		t.Errorf("%s, %v", got, err)
	}
}

func ibm(t testing.TB) pinblock.IBM3624 {
	t.Helper()
	table, err := pinblock.ParseTable("1234567890123456")
	if err != nil {
		t.Fatal(err)
	}
	return pinblock.IBM3624{Key: tdes(t, zpkA), Table: table, Validation: [8]byte(vector.Hex(t, "1122334455667788"))}
}

// TestIBM3624: specification 5.2.
func TestIBM3624(t *testing.T) {
	m := ibm(t)
	var p pinblock.PIN
	if err := pinblock.NaturalPIN(&p, 4, m); err != nil || digits(&p) != "4524" {
		t.Errorf("%s, %v", digits(&p), err)
	}
	var offset [4]byte
	if err := pinblock.Offset(offset[:], pin(t, "1234"), m); err != nil || string(offset[:]) != "7710" {
		t.Errorf("%s, %v", offset, err)
	}
	if err := pinblock.VerifyOffset([]byte("7710"), pin(t, "1234"), m); err != nil {
		t.Error(err)
	}
	if err := pinblock.VerifyOffset([]byte("0000"), &p, m); err != nil {
		t.Error("the natural PIN has offset 0:", err)
	}
	for n := 4; n <= 12; n++ {
		long := pin(t, "987654321098"[:n])
		made := make([]byte, n)
		if err := pinblock.Offset(made, long, m); err != nil {
			t.Fatal(err)
		}
		if err := pinblock.VerifyOffset(made, long, m); err != nil {
			t.Errorf("%d digits: %v", n, err)
		}
		for i := range made {
			made[i] ^= 1
			if err := pinblock.VerifyOffset(made, long, m); !errors.Is(err, hsm.ErrVerify) {
				t.Errorf("%d digits, digit %d changed: %v", n, i, err)
			}
			made[i] ^= 1
		}
	}
}

func TestIBM3624Refuses(t *testing.T) {
	m, noKey, wrongKey := ibm(t), ibm(t), ibm(t)
	noKey.Key, wrongKey.Key = nil, aesKey(t, zpkA)
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"wrong PIN", pinblock.VerifyOffset([]byte("7710"), pin(t, "1235"), m), hsm.ErrVerify},
		{"longer offset", pinblock.VerifyOffset([]byte("77100"), pin(t, "1234"), m), hsm.ErrVerify},
		{"short offset", pinblock.VerifyOffset([]byte("771"), pin(t, "1234"), m), hsm.ErrBlock},
		{"long offset", pinblock.VerifyOffset([]byte("7710771077107"), pin(t, "1234"), m), hsm.ErrBlock},
		{"no PIN", pinblock.VerifyOffset([]byte("7710"), &pinblock.PIN{}, m), hsm.ErrBlock},
		{"no key", pinblock.VerifyOffset([]byte("7710"), pin(t, "1234"), noKey), hsm.ErrKey},
		{"AES key", pinblock.VerifyOffset([]byte("7710"), pin(t, "1234"), wrongKey), hsm.ErrKey},
		{"room", pinblock.Offset(make([]byte, 5), pin(t, "1234"), m), hsm.ErrBlock},
		{"natural of 3", pinblock.NaturalPIN(&pinblock.PIN{}, 3, m), hsm.ErrBlock},
		{"natural of 13", pinblock.NaturalPIN(&pinblock.PIN{}, 13, m), hsm.ErrBlock},
		{"natural of 260", pinblock.NaturalPIN(&pinblock.PIN{}, 260, m), hsm.ErrBlock},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", c.what, c.err)
		}
	}
}

// TestTables: tables that make guessing easy are refused.
func TestTables(t *testing.T) {
	for table, want := range map[string]error{
		"0123456789012345":  nil,
		"1234567890123456":  nil,
		"9012345678901234":  nil,
		"0000000000000000":  hsm.ErrDenied,
		"0101010101010101":  hsm.ErrDenied,
		"0123456012345601":  hsm.ErrDenied, // seven kinds
		"0000012345678912":  hsm.ErrDenied, // five zeros
		"012345678901234":   hsm.ErrBlock,
		"01234567890123456": hsm.ErrBlock,
		"0123456789ABCDEF":  hsm.ErrBlock,
		"":                  hsm.ErrBlock,
	} {
		if _, err := pinblock.ParseTable(table); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
}
