package payshield_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/payshield"
)

// Keys as a module would give them: made up, of the right form.
const (
	uA   = "U00112233445566778899AABBCCDDEEFF"
	uB   = "UFFEEDDCCBBAA99887766554433221100"
	tC   = "T00112233445566778899AABBCCDDEEFF0011223344556677"
	zD   = "Z0011223344556677"
	sP   = "S10096P0TB00E0000" + body80
	sP4  = "S10096P0AB00E0000" + body80
	sPE  = "S10096P0AE00E0000" + body80
	sM3  = "S10096M3TC00N0000" + body80
	sM6  = "S10096M6AC00E0000" + body80
	sZMK = "S10096K0AB00N0000" + body80
	sBDK = "S10096B0TX00N0000" + body80
	sPVK = "S10096V2TV00N0000" + body80

	body80 = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF0123456789ABCDEF"
)

// goldenKeys is a table of them.
var goldenKeys = `{"version": 1, "keys": [
	{"name": "a/zpk", "key": "` + uA + `", "usage": "P0", "algorithm": "T", "mode": "B", "export": "E", "kcv": "08D7B4"},
	{"name": "b/zpk", "key": "` + uB + `", "usage": "P0", "algorithm": "T", "mode": "E", "export": "N"},
	{"name": "c/zpk", "key": "` + tC + `", "usage": "P0", "algorithm": "T", "mode": "B", "export": "N"},
	{"name": "s/zpk", "key": "` + sP + `", "usage": "P0", "algorithm": "T", "mode": "B", "export": "E"},
	{"name": "s/zpk4", "key": "` + sP4 + `", "usage": "P0", "algorithm": "A", "mode": "B", "export": "E"},
	{"name": "a/tpk", "key": "` + uB + `", "usage": "P0", "algorithm": "T", "mode": "B", "export": "N", "type": "70D"},
	{"name": "a/zak", "key": "` + uA + `", "usage": "M3", "algorithm": "T", "mode": "C", "export": "N"},
	{"name": "c/zak", "key": "` + tC + `", "usage": "M3", "algorithm": "T", "mode": "C", "export": "N"},
	{"name": "a/zak1", "key": "` + zD + `", "usage": "M1", "algorithm": "D", "mode": "C", "export": "N"},
	{"name": "s/zak", "key": "` + sM3 + `", "usage": "M3", "algorithm": "T", "mode": "C", "export": "N"},
	{"name": "s/cmac", "key": "` + sM6 + `", "usage": "M6", "algorithm": "A", "mode": "C", "export": "E", "bits": 128},
	{"name": "s/zmk", "key": "` + sZMK + `", "usage": "K1", "algorithm": "A", "mode": "B", "export": "N"},
	{"name": "a/zmk", "key": "` + uB + `", "usage": "K1", "algorithm": "T", "mode": "B", "export": "N"},
	{"name": "s/bdk", "key": "` + sBDK + `", "usage": "B0", "algorithm": "T", "mode": "X", "export": "N"},
	{"name": "s/pvk", "key": "` + sPVK + `", "usage": "V2", "algorithm": "T", "mode": "V", "export": "N"},
	{"name": "a/pvk", "key": "` + uA + `", "usage": "V1", "algorithm": "T", "mode": "V", "export": "N"}
]}`

func secret(text string) hsm.Secret { return hsm.NewSecret([]byte(text)) }

func hexSecret(text string) hsm.Secret {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return hsm.NewSecret(b)
}

// golden is a call, the command that it must send and an answer to it.
type golden struct {
	call    func(ctx context.Context, m *payshield.Module) (string, error)
	command string
	answer  string
	want    string // what the call gives
	err     error
}

// The frames are written by hand, after the public documentation of the commands.
var goldens = map[string]golden{
	"CC, format 0": {translate(hsm.Translation{In: "a/zpk", Out: "b/zpk", Block: hexSecret("230B4C43B8BA2C5C"), Account: secret("5555555551234567")}),
		"CC" + uA + uB + "12" + "230B4C43B8BA2C5C" + "01" + "01" + "555555123456", "CD00" + "04" + "9CA628F82B0FAD2C" + "01", "9CA628F82B0FAD2C", nil},
	"CC, 0 to 3, short account": {translate(hsm.Translation{In: "c/zpk", Out: "b/zpk", Change: hsm.FormatChange{To: hsm.ISO3}, Block: hexSecret("230B4C43B8BA2C5C"), Account: secret("1234")}),
		"CC" + tC + uB + "12" + "230B4C43B8BA2C5C" + "01" + "47" + "000000000123", "CD00" + "12" + "9CA628F82B0FAD2C" + "47", "9CA628F82B0FAD2C", nil},
	"CC, 0 to 4": {translate(hsm.Translation{In: "s/zpk", Out: "s/zpk4", Change: hsm.FormatChange{To: hsm.ISO4}, Block: hexSecret("230B4C43B8BA2C5C"), Account: secret("5555555551234567")}),
		"CC" + sP + sP4 + "12" + "230B4C43B8BA2C5C" + "01" + "48" + "5555555551234567;", "CD00" + "04" + "28B41FDDD29B743E93124BD8E32D921E" + "48", "28B41FDDD29B743E93124BD8E32D921E", nil},
	"CA": {translate(hsm.Translation{In: "a/tpk", Out: "s/zpk", Change: hsm.FormatChange{From: hsm.ISO1, Device: true}, Block: hexSecret("230B4C43B8BA2C5C"), Account: secret("5555555551234567")}),
		"CA" + uB + sP + "12" + "230B4C43B8BA2C5C" + "05" + "01" + "555555123456", "CB00" + "04" + "9CA628F82B0FAD2C" + "01", "9CA628F82B0FAD2C", nil},
	"G0": {translate(hsm.Translation{In: "s/bdk", Out: "s/zpk", Change: hsm.FormatChange{Device: true}, KSN: hexSecret("FFFF9876543210E00001").Reveal(), Block: hexSecret("1B9C1845EB993A7A"), Account: secret("4012345678909")}),
		"G0" + sBDK + sP + "A05" + "FFFF9876543210E00001" + "1B9C1845EB993A7A" + "01" + "01" + "401234567890", "G100" + "04" + "9CA628F82B0FAD2C" + "01", "9CA628F82B0FAD2C", nil},
	"G0, 8 bytes": {translate(hsm.Translation{In: "s/bdk", Out: "s/zpk", Change: hsm.FormatChange{Device: true}, KSN: hexSecret("9876543210E00001").Reveal(), Block: hexSecret("1B9C1845EB993A7A"), Account: secret("4012345678909")}),
		"G0" + sBDK + sP + "605" + "9876543210E00001" + "1B9C1845EB993A7A" + "01" + "01" + "401234567890", "G120", "", hsm.ErrBlock},
	"EC": {func(ctx context.Context, m *payshield.Module) (string, error) {
		return "", m.VerifyPVV(ctx, hsm.PVVCheck{Input: pinUnder("a/zpk"), By: "s/pvk", Index: 1, PVV: secret("8523")})
	}, "EC" + uA + sPVK + "230B4C43B8BA2C5C" + "01" + "233445566778" + "1" + "8523", "ED00", "", nil},
	"EC, wrong PIN": {func(ctx context.Context, m *payshield.Module) (string, error) {
		return "", m.VerifyPVV(ctx, hsm.PVVCheck{Input: pinUnder("a/zpk"), By: "s/pvk", Index: 1, PVV: secret("8523")})
	}, "EC" + uA + sPVK + "230B4C43B8BA2C5C" + "01" + "233445566778" + "1" + "8523", "ED01", "", hsm.ErrVerify},
	"EA":                {offset("00000"), "EA" + uA + uA + "12" + "230B4C43B8BA2C5C" + "01" + "05" + "233445566778" + "1234567890123456" + "P1122334455667788" + "00000FFFFFFF", "EB02", "", nil},
	"EA, single length": {offset("0000"), "EA" + uA + uA + "12" + "230B4C43B8BA2C5C" + "01" + "04" + "233445566778" + "1234567890123456" + "P1122334455667788" + "0000FFFFFFFF", "EB00", "", nil},
	"EA, wrong PIN":     {offset("0000"), "EA" + uA + uA + "12" + "230B4C43B8BA2C5C" + "01" + "04" + "233445566778" + "1234567890123456" + "P1122334455667788" + "0000FFFFFFFF", "EB01", "", hsm.ErrVerify},
	"M6, X9.19":         {makeMAC(hsm.MACInput{By: "a/zak", Algorithm: hsm.X919, Size: 8, Message: []byte("Now is the time for all \x19;%")}), "M6" + "0" + "0" + "1" + "3" + "1" + "008" + uA + "001B" + "Now is the time for all \x19;%", "M700A1C72E74EA3FA9B6", "A1C72E74EA3FA9B6", nil},
	"M6, 4 bytes":       {makeMAC(hsm.MACInput{By: "s/zak", Algorithm: hsm.X919, Padding: hsm.PadOne, Size: 4, Message: []byte("text")}), "M6" + "0" + "0" + "0" + "3" + "2" + "FFF" + sM3 + "0004" + "text", "M700A1C72E74", "A1C72E74", nil},
	"M6, X9.9":          {makeMAC(hsm.MACInput{By: "a/zak1", Algorithm: hsm.X99, Size: 4}), "M6" + "0" + "0" + "0" + "1" + "1" + "008" + zD + "0000", "M700A1C72E74", "A1C72E74", nil},
	"M6, CMAC":          {makeMAC(hsm.MACInput{By: "s/cmac", Algorithm: hsm.AESCMAC, Size: 8}), "M6" + "0" + "0" + "1" + "6" + "4" + "FFF" + sM6 + "0000", "M700BB1D6929E9593728", "BB1D6929E9593728", nil},
	"M8":                {checkMAC(hsm.MACInput{By: "a/zak", Algorithm: hsm.X919, Size: 8, Message: []byte("text")}, "A1C72E74EA3FA9B6"), "M8" + "0" + "0" + "1" + "3" + "1" + "008" + uA + "0004" + "text" + "A1C72E74EA3FA9B6", "M900", "", nil},
	"M8, wrong":         {checkMAC(hsm.MACInput{By: "a/zak", Algorithm: hsm.X919, Size: 4, Message: []byte("text")}, "A1C72E74"), "M8" + "0" + "0" + "0" + "3" + "1" + "008" + uA + "0004" + "text" + "A1C72E74", "M901", "", hsm.ErrVerify},
	"A6": {func(ctx context.Context, m *payshield.Module) (string, error) {
		i, err := m.ImportKey(ctx, hsm.Import{As: "new/zpk", Under: "s/zmk", Block: tr31, Want: []hsm.Usage{hsm.PINEncryption}})
		return fmt.Sprint(i.Ref, i.Usage, i.Algorithm, i.KCV, i.Version), err
	}, "A6" + "FFF" + sZMK + "R" + tr31 + "S", "A701" + sPE + "08D7B4", "new/zpkP0AES 08D7B4 1", nil},
	"A6, other check value": {func(ctx context.Context, m *payshield.Module) (string, error) {
		kcv, _ := hsm.NewKCV([]byte{1, 2, 3})
		_, err := m.ImportKey(ctx, hsm.Import{As: "bad/zpk", Under: "s/zmk", Block: tr31, Want: []hsm.Usage{hsm.PINEncryption}, KCV: kcv})
		_, again := m.KCV(ctx, "bad/zpk")
		return fmt.Sprint(errors.Is(again, hsm.ErrKey)), err
	}, "A6" + "FFF" + sZMK + "R" + tr31 + "S", "A700" + sP4 + "08D7B4", "true", hsm.ErrVerify},
	"A8": {export("s/cmac", "s/zmk", 'D'), "A8" + "FFF" + sZMK + sM6 + "R", "A900" + "R" + strings.Replace(tr31, "P0AE", "M6AC", 1) + "08D7B4", strings.Replace(tr31, "P0AE", "M6AC", 1), nil},
	"A8, variant": {export("a/zpk", "a/zmk", 'B'), "A8" + "001" + uB + uA + "R" + "&P0B00E00", "A900" + "RB0080P0TB00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E" + "08D7B4",
		"B0080P0TB00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E", nil},
	"BU":             {kcv("a/zpk"), "BU" + "FF" + "1" + uA + ";001;001", "BV0008D7B4", "08D7B4", nil},
	"BU, key block":  {kcv("s/zak"), "BU" + "FF" + "F" + sM3 + ";FFF;001", "BV0008D7B4", "08D7B4", nil},
	"BU, triple":     {kcv("c/zpk"), "BU" + "FF" + "2" + tC + ";001;001", "BV0008D7B4", "08D7B4", nil},
	"BU, single":     {kcv("a/zak1"), "BU" + "FF" + "0" + zD + ";008;001", "BV0008D7B4", "08D7B4", nil},
	"BU, terminal":   {kcv("a/tpk"), "BU" + "FF" + "1" + uB + ";70D;001", "BV0008D7B4", "08D7B4", nil},
	"BU, not as was": {kcv("a/zpk"), "BU" + "FF" + "1" + uA + ";001;001", "BV0008D7B5", "", hsm.ErrKey},
	"A0": {func(ctx context.Context, m *payshield.Module) (string, error) {
		i, err := m.Generate(ctx, hsm.New{As: "made/zmk", Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.Exportable})
		return fmt.Sprint(i.Bits, i.KCV), err
	}, "A0" + "0" + "FFF" + "S" + "#P0A3B00E00", "A100" + sP4 + "08D7B4", "256 08D7B4", nil},
	"NC": {func(ctx context.Context, m *payshield.Module) (string, error) {
		h, err := m.Health(ctx)
		return fmt.Sprint(h), err
	}, "NC", "ND00" + checkLMK + "1234-0001", "{payshield LMK check value 2686047595482307, firmware 1234-0001 true}", nil},
	"NC, simulator": {func(ctx context.Context, m *payshield.Module) (string, error) {
		h, err := m.Health(ctx)
		return fmt.Sprint(h.Production), err
	}, "NC", "ND00" + checkLMK + "0001-SIM0", "false", nil},
	"B2": {func(ctx context.Context, m *payshield.Module) (string, error) { return "", m.Echo(ctx, "ping pong") }, "B2" + "0009" + "ping pong", "B300ping pong", "", nil},
}

// tr31 is a key block of the project's specification.
const tr31 = "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34"

func pinUnder(key hsm.KeyRef) hsm.EncryptedPIN {
	return hsm.EncryptedPIN{Under: key, Block: hexSecret("230B4C43B8BA2C5C"), Account: secret("1122334455667788")}
}

func translate(tr hsm.Translation) func(context.Context, *payshield.Module) (string, error) {
	return func(ctx context.Context, m *payshield.Module) (string, error) {
		block, err := m.TranslatePIN(ctx, tr)
		return strings.ToUpper(hex.EncodeToString(block.Reveal())), err
	}
}

func offset(digits string) func(context.Context, *payshield.Module) (string, error) {
	return func(ctx context.Context, m *payshield.Module) (string, error) {
		return "", m.VerifyOffset(ctx, hsm.OffsetCheck{
			Input: pinUnder("a/zpk"), By: "a/pvk", Table: "1234567890123456", Validation: secret("1122334455667788"), Offset: secret(digits),
		})
	}
}

func makeMAC(in hsm.MACInput) func(context.Context, *payshield.Module) (string, error) {
	return func(ctx context.Context, m *payshield.Module) (string, error) {
		code, err := m.MAC(ctx, in)
		return strings.ToUpper(hex.EncodeToString(code)), err
	}
}

func checkMAC(in hsm.MACInput, code string) func(context.Context, *payshield.Module) (string, error) {
	return func(ctx context.Context, m *payshield.Module) (string, error) {
		return "", m.VerifyMAC(ctx, in, hexSecret(code).Reveal())
	}
}

func export(what, under hsm.KeyRef, version byte) func(context.Context, *payshield.Module) (string, error) {
	return func(ctx context.Context, m *payshield.Module) (string, error) {
		return m.ExportKey(ctx, hsm.Exporting{What: what, Under: under, Version: version})
	}
}

func kcv(key hsm.KeyRef) func(context.Context, *payshield.Module) (string, error) {
	return func(ctx context.Context, m *payshield.Module) (string, error) {
		v, err := m.KCV(ctx, key)
		return v.String(), err
	}
}

// TestGolden: every call sends the command that was written by hand, and reads the
// answer.
func TestGolden(t *testing.T) {
	for name, g := range goldens {
		t.Run(name, func(t *testing.T) {
			h := begin(t, payshield.Options{Table: keyFile(t, goldenKeys)}, func(p *peer) {
				p.greet()
				for {
					header, command := p.next()
					if command == "" {
						return
					}
					if command != g.command {
						t.Errorf("sent\n%s\nnot\n%s", command, g.command)
					}
					p.send(header, g.answer)
				}
			}).up(t)
			got, err := g.call(within(t), h.Module)
			if !errors.Is(err, g.err) || g.err == nil && err != nil {
				t.Errorf("%v, not %v", err, g.err)
			}
			if got != g.want {
				t.Errorf("gives %s, not %s", got, g.want)
			}
		})
	}
}

// TestGoldenLMK: where the number of the LMK stands.
func TestGoldenLMK(t *testing.T) {
	var sent string
	h := begin(t, payshield.Options{LMK: "01"}, func(p *peer) {
		p.greet()
		for {
			header, command := p.next()
			if command == "" {
				return
			}
			sent = command
			p.send(header, command[:1]+string(rune(command[1]+1))+"68")
		}
	}).up(t)
	for name, want := range map[string]string{
		"CC, format 0": goldens["CC, format 0"].command + "%01", "M8": goldens["M8"].command + "%01", "NC": "NC%01", "BU": goldens["BU"].command + "%01",
		"A6": goldens["A6"].command + "%01", "A8, variant": "A8" + "001" + uB + uA + "R" + "%01" + "&P0B00E00", "B2": goldens["B2"].command,
		"A0": "A0" + "0" + "FFF" + "S" + "%01" + "#P0A3B00E00",
	} {
		if _, err := goldens[name].call(within(t), h.Module); !errors.Is(err, hsm.ErrDenied) || !strings.Contains(err.Error(), "68") {
			t.Errorf("%s: %v", name, err)
		}
		if sent != want {
			t.Errorf("%s: sent\n%s\nnot\n%s", name, sent, want)
		}
	}
}

// TestWrongAnswers: an answer that is right up to its error code and wrong after it is
// no answer, and ends the connection.
func TestWrongAnswers(t *testing.T) {
	var answer string
	h := begin(t, payshield.Options{}, func(p *peer) {
		p.greet()
		for {
			header, command := p.next()
			if command == "" {
				return
			}
			p.send(header, answer)
		}
	}).up(t)
	for name, answers := range map[string][]string{
		"CC, format 0": {"CD00", "CD0004", "CD00049CA628F82B0FAD2C", "CD00049CA628F82B0FAD2C47", "CD00049CA628F82B0FAD2C011", "CD00039CA628F82B0FAD2C01", "CD00139CA628F82B0FAD2C01", "CD00049ca628f82b0fad2c01", "CD00049CA628F82B0FAD2C9CA628F82B0FAD2C01"},
		"EC":           {"ED001"}, "EA": {"EB02x"}, "M6, X9.19": {"M700", "M700A1C72E74", "M700A1C72E74EA3FA9B600"}, "M8": {"M900 "},
		"A6": {"A700", "A700" + sP4, "A700" + sP4 + "08D7B", "A700R" + tr31 + "08D7B4", "A700" + sP4 + "08D7B4x"},
		"A8": {"A900R" + strings.NewReplacer("P0AE", "M6AG").Replace(tr31) + "08D7B4", "A900R" + strings.NewReplacer("P0AE", "M6TC").Replace(tr31) + "08D7B4", "A900", "A900" + sP4 + "08D7B4", "A900R" + tr31 + "08D7B4", "A900R" + strings.Replace(tr31, "P0AE", "M6AC", 1)},
		"BU": {"BV00", "BV0008D7B4FF"}, "NC": {"ND00", "ND00" + checkLMK, "ND00" + checkLMK + "1234-0001" + strings.Repeat("x", 24), "ND00" + checkLMK + "1234\x00"}, "B2": {"B300ping pon", "B300ping pong "},
		"A0": {"A100", "A100" + sP4, "A100" + sP4 + "08D7B4" + "00"},
	} {
		for _, answer = range answers {
			got, err := goldens[name].call(within(t), h.Module)
			h.again() // the connection has ended
			h.up(t)
			if !errors.Is(err, hsm.ErrDown) || hsm.NotDone(err) || got != "" && name != "A6" && name != "A0" && name != "NC" {
				t.Errorf("%s, %s: %s, %v", name, answer, got, err)
			}
		}
	}
}

// TestCodes: what the codes of answers mean here.
func TestCodes(t *testing.T) {
	var answer string
	h := begin(t, payshield.Options{}, func(p *peer) {
		p.greet()
		for {
			header, command := p.next()
			if command == "" {
				return
			}
			p.send(header, "CD"+answer)
		}
	}).up(t)
	for code, want := range map[string]error{
		"01": hsm.ErrVerify, "10": hsm.ErrKey, "11": hsm.ErrKey, "12": hsm.ErrKey, "13": hsm.ErrDown, "15": hsm.ErrBlock, "17": hsm.ErrDenied,
		"20": hsm.ErrBlock, "22": hsm.ErrBlock, "23": hsm.ErrDenied, "24": hsm.ErrBlock, "27": hsm.ErrKey, "41": hsm.ErrDown, "68": hsm.ErrDenied,
		"69": hsm.ErrDenied, "75": hsm.ErrDenied, "A4": hsm.ErrVerify, "A6": hsm.ErrKey, "XX": hsm.ErrDenied,
	} {
		answer = code
		_, err := goldens["CC, format 0"].call(within(t), h.Module)
		if !errors.Is(err, want) || !hsm.NotDone(err) {
			t.Errorf("%s: %v", code, err)
		}
		if pin := code == "20" || code == "24"; pin == strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// TestNeverAsked: what the driver refuses by itself, without a command.
func TestNeverAsked(t *testing.T) {
	h := begin(t, payshield.Options{}, func(p *peer) {
		p.greet()
		if _, text := p.next(); text != "" {
			t.Errorf("sent %s", text)
		}
	}).up(t)
	ctx := within(t)
	pvv := hsm.PVVCheck{Input: pinUnder("a/zpk"), By: "s/pvk", Index: 10, PVV: secret("8523")}
	device := pvv
	device.Index, device.Input.KSN, device.Input.Under = 1, hexSecret("FFFF9876543210E00001").Reveal(), "s/bdk"
	for what, c := range map[string]struct {
		err  func() error
		kind error
	}{
		"number 10": {func() error { return h.VerifyPVV(ctx, pvv) }, hsm.ErrBlock},
		"DUKPT":     {func() error { return h.VerifyPVV(ctx, device) }, hsm.ErrDenied},
		"X9.19 with three parts": {func() error {
			_, err := makeMAC(hsm.MACInput{By: "c/zak", Algorithm: hsm.X919, Size: 8})(ctx, h.Module)
			return err
		}, hsm.ErrKey},
		"a code of 6": {func() error {
			_, err := makeMAC(hsm.MACInput{By: "a/zak", Algorithm: hsm.X919, Size: 6})(ctx, h.Module)
			return err
		}, hsm.ErrDenied},
		"CMAC of 16": {func() error {
			_, err := makeMAC(hsm.MACInput{By: "s/cmac", Algorithm: hsm.AESCMAC, Size: 16})(ctx, h.Module)
			return err
		}, hsm.ErrDenied},
		"a long message": {func() error {
			_, err := makeMAC(hsm.MACInput{By: "a/zak", Algorithm: hsm.X919, Size: 8, Message: make([]byte, 40000)})(ctx, h.Module)
			return err
		}, hsm.ErrBlock},
		"seal":   {func() error { _, err := h.Seal(ctx, hsm.Box{}); return err }, hsm.ErrDenied},
		"open":   {func() error { _, err := h.Open(ctx, hsm.Box{}); return err }, hsm.ErrDenied},
		"token":  {func() error { _, err := h.Token(ctx, "a/zpk", hsm.Secret{}); return err }, hsm.ErrDenied},
		"sign":   {func() error { _, err := h.Sign(ctx, hsm.Signing{}); return err }, hsm.ErrDenied},
		"verify": {func() error { return h.Verify(ctx, hsm.Signing{}, nil) }, hsm.ErrDenied},
		"expire": {func() error { _, err := h.Generate(ctx, hsm.New{Expires: 1}); return err }, hsm.ErrDenied},
		"echo":   {func() error { return h.Echo(ctx, strings.Repeat("x", 1001)) }, hsm.ErrBlock},
	} {
		if err := c.err(); !errors.Is(err, c.kind) || !hsm.NotDone(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestNameIsBeingMade: two keys cannot come to one name at the same time.
func TestNameIsBeingMade(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	h := begin(t, payshield.Options{}, func(p *peer) {
		p.greet()
		for header, text := p.next(); text != ""; header, text = p.next() {
			close(asked)
			<-answer
			p.send(header, "A100"+sP4+"08D7B4")
		}
	}).up(t)
	n := hsm.New{As: "new", Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable}
	first := make(chan error, 1)
	go func() {
		_, err := h.Generate(within(t), n)
		first <- err
	}()
	<-asked
	if _, err := h.Generate(within(t), n); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("%v", err)
	}
	close(answer)
	if err := <-first; err != nil {
		t.Error(err)
	}
}
