package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
	"switchd/switch/mask"
)

// secretMessage is a message with a card's number, tracks, PIN block and chip.
// The digits that must never show are not in anything else of it.
func secretMessage(t *testing.T, name string) []byte {
	t.Helper()
	const pan = "5413337894563218"
	s, err := iso8583.Builtin(name)
	if err != nil {
		t.Fatal(err)
	}
	mti := iso8583.MTI(0x0100)
	if name == "iso93-ascii" {
		mti = 0x1100
	}
	chip, err := hex.DecodeString("5a085413337894563218" + "57125413337894563218d301298765432109876f" + "9f0206000000012345" + "9f200598765432ff" +
		"df01085413337894563218" + "700a5a085413337894563218")
	if err != nil {
		t.Fatal(err)
	}
	var w iso8583.Writer
	w.Begin(s, nil, mti)
	w.SetString(2, pan)
	w.SetString(3, "401000")
	w.SetString(4, "000000012345")
	w.SetString(7, "1122163000")
	w.SetString(11, "000042")
	w.SetString(32, "100001")
	w.SetString(34, pan)
	w.SetString(35, pan+"=301298765432109876")
	w.SetString(36, "01"+pan+"=301298765432109876")
	w.SetString(37, "RRN000000042")
	w.SetString(45, "B"+pan+"^QUX/JANE^301298765432109876")
	// What banks put into elements that have no mask.
	w.SetString(48, "018"+"021"+"card "+pan+"099"+"016"+pan)
	w.Set(52, []byte{0x98, 0x76, 0x54, 0x78, 0x94, 0x56, 0x98, 0x76})
	w.Set(55, chip)
	w.SetString(63, pan+"=301298765432109876")
	w.SetString(102, pan)
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// shows gives the secret that a text shows, in any of the encodings: the middle
// of the account number, what follows it on the tracks, and the PIN block.
func shows(text string) string {
	for _, secret := range []string{"7894", "9456", "9876", "8765", "6543", "QUX"} {
		forms := []string{secret, hex.EncodeToString([]byte(secret)), ""}
		for _, c := range secret {
			forms[2] += "f" + string(c)
		}
		for _, form := range forms {
			if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
				return form
			}
		}
	}
	return ""
}

// TestDecodeShowsNoSecret decodes messages of every dialect in every dialect and
// several framings, whole, cut off and damaged: whatever the command makes of
// them, what has to be masked does not appear.
func TestDecodeShowsNoSecret(t *testing.T) {
	for _, of := range iso8583.BuiltinNames() {
		m := secretMessage(t, of)
		inputs := [][]byte{m}
		for _, at := range []int{5, 11, 19, 25, 45, len(m) - 3} {
			damaged := append([]byte{}, m...)
			damaged[at] ^= 0x5A
			inputs = append(inputs, m[:at], damaged, append([]byte{m[0]}, damaged...), m[1:])
		}
		for _, name := range []string{"BIN2", "NAC"} {
			whole := framedAs(t, name, m, m)
			inputs = append(inputs, whole, whole[:len(m)-10], whole[1:])
			for _, bad := range inputs[1:4] {
				if f, err := frame.Parse(name); err == nil && len(bad) >= frame.BodyMinDefault {
					inputs = append(inputs, framedAs(t, f.String(), bad, m))
				}
			}
		}
		for i, input := range inputs {
			if (testing.Short() || raced) && i%5 != 0 {
				continue // there is no concurrency in it
			}
			file := filepath.Join(t.TempDir(), "input")
			if err := os.WriteFile(file, input, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, dialect := range iso8583.BuiltinNames() {
				for _, rest := range [][]string{{}, {"--framing", "BIN2"}} {
					args := append([]string{"decode", file, "--dialect", dialect}, rest...)
					forms := []string{"--json=false", "--json"}
					if i > 0 { // both are made of the same
						forms = forms[i%2 : i%2+1]
					}
					for _, form := range forms {
						code, stdout, stderr := command(append(args, form)...)
						if secret := shows(stdout + stderr); secret != "" {
							t.Fatalf("input %d of %s, %s shows %q:\n%s%s", i, of, args, secret, stdout, stderr)
						}
						if i == 0 && of == dialect && len(rest) == 0 && (code != 0 || !strings.Contains(stdout, "541333******3218")) {
							t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
						}
					}
				}
			}
		}
	}
}

// TestDecodeHeaderShowsNoSecret reads messages in every framing that they are
// not in: what such a framing takes for its header may be an account number.
func TestDecodeHeaderShowsNoSecret(t *testing.T) {
	for _, of := range iso8583.BuiltinNames() {
		m := secretMessage(t, of)
		for _, input := range [][]byte{m, framedAs(t, "CS", m), framedAs(t, "ASCII4", m, m)} {
			file := filepath.Join(t.TempDir(), "input")
			if err := os.WriteFile(file, input, 0o600); err != nil {
				t.Fatal(err)
			}
			framings := frame.Names()
			if testing.Short() || raced {
				framings = []string{"ASCII3", "NAC", "VAP"}
			}
			for _, framing := range framings {
				_, stdout, stderr := command("decode", file, "--dialect", of, "--framing", framing)
				if secret := shows(stdout + stderr); secret != "" {
					t.Errorf("%s in %s shows %q:\n%s%s", of, framing, secret, stdout, stderr)
				}
			}
		}
	}
}

// TestDecodeBitmapShowsNoSecret: read from its middle, a message can have a type
// and, where its bitmap should be, an account number.
func TestDecodeBitmapShowsNoSecret(t *testing.T) {
	const inside = "0116" + "5413337894563218" + "401000" + "000000012345" + "1122163000" + "000042"
	code, stdout, stderr := command("decode", "--dialect", "iso87-ascii", hex.EncodeToString([]byte(inside)))
	if secret := shows(stdout + stderr); code != exitFailed || secret != "" || !strings.Contains(stdout, "(withheld)") {
		t.Errorf("exit code %d, shows %q:\n%s%s", code, secret, stdout, stderr)
	}
}

// TestDecodeHidesTemplates: tags in tags are not taken apart, and not shown.
func TestDecodeHidesTemplates(t *testing.T) {
	chip, err := hex.DecodeString("700a5a084012888888881881" + "7206860400820000" + "9f02060000000" + "12345")
	if err != nil {
		t.Fatal(err)
	}
	s, err := iso8583.Builtin("iso87-npci")
	if err != nil {
		t.Fatal(err)
	}
	var w iso8583.Writer
	w.Begin(s, nil, 0x0100)
	w.Set(55, chip)
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	_, stdout, _ := command("decode", "--dialect", "iso87-npci", hex.EncodeToString(b))
	if strings.Contains(stdout, "8888") || !strings.Contains(stdout, "860400820000") || !strings.Contains(stdout, "000000012345") {
		t.Errorf("it shows\n%s", stdout)
	}
}

// TestHideAccounts: which fields without a mask get one, and how much of it is
// left to see.
func TestHideAccounts(t *testing.T) {
	text := func(de int, format, value string) iso8583.Field {
		return iso8583.Field{DE: de, Format: format, Value: []byte(value), Known: true}
	}
	pan := text(2, "n..19", "5413330089020011")
	pan.Mask = iso8583.MaskPAN
	track := text(36, "z...104", "014111111111111111=3012")
	track.Mask = iso8583.MaskTrack
	bytes := iso8583.Field{DE: 55, Path: "55.DF01", Value: []byte("\x54\x13\x33\x00\x89\x02\x00\x11"), Binary: true}
	for _, c := range []struct {
		field iso8583.Field
		want  iso8583.Mask
	}{
		{text(102, "ans..28", "5413330089020011"), iso8583.MaskPAN},
		{text(63, "ans...999", "card 5413330089020011"), iso8583.MaskAll},
		{text(63, "ans...999", "5413330089020011=30122011234567890"), iso8583.MaskAll},
		{text(63, "ans...999", "4111111111111111"), iso8583.MaskPAN}, // of track 3
		{bytes, iso8583.MaskPAN},
		// Not told by another field: by length, first and check digit.
		{text(102, "ans..28", "4012888888881881"), iso8583.MaskPAN},
		{text(48, "", "a 378282246310005 b"), iso8583.MaskAll},
		{text(48, "", "8171999927660000"), iso8583.MaskPAN},
		{text(48, "", "4012888888881882"), iso8583.MaskNone},     // check digit
		{text(48, "", "40128888888818810000"), iso8583.MaskNone}, // 20 digits
		{text(48, "", "20251122163004"), iso8583.MaskNone},       // a time with a right check digit
		{text(102, "ans..28", "00112233445566"), iso8583.MaskNone},
		{text(86, "n16", "4012888888881881"), iso8583.MaskNone}, // a sum
		{text(37, "an12", "RRN000000042"), iso8583.MaskNone},
	} {
		fields := []iso8583.Field{pan, track, c.field}
		mask.HideAccounts(fields)
		if got := fields[2].Mask; got != c.want {
			t.Errorf("%s %q: %v, want %v", c.field.Format, c.field.Value, got, c.want)
		}
	}
	if !mask.Luhn([]byte("20251122163004")) || !mask.Luhn([]byte("8171999927660000")) {
		t.Error("the examples need right check digits")
	}
}
