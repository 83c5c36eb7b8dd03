package iso20022

import (
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"switchd/switch/config"
)

func TestExponent(t *testing.T) {
	for code, want := range map[string]int{"INR": 2, "JPY": 0, "KWD": 3, "CLF": 4, "AED": 2, "ZWG": 2} {
		if n, ok := Exponent(code); n != want || !ok {
			t.Errorf("%s: %d, %v", code, n, ok)
		}
	}
	for _, code := range []string{"", "IN", "INRX", "inr", strings.Repeat("X", 3), "XTS", "XAU", "AAA", "ZZZ", "356"} {
		if n, ok := Exponent(code); ok {
			t.Errorf("%q has %d decimals", code, n)
		}
	}
}

// TestCurrencies: the table is what Exponent takes it for, and says the same as
// the table of the configuration.
func TestCurrencies(t *testing.T) {
	rows := strings.Split(strings.TrimSuffix(currencies, "\n"), "\n")
	numbers := map[string]bool{}
	for i, row := range rows {
		code, number, decimals := row[:3], row[4:7], row[8:]
		if len(row)+1 != currencyRow || i > 0 && rows[i-1][:3] >= code || numbers[number] || strings.Trim(decimals, "0234") != "" {
			t.Errorf("row %q", row)
		}
		numbers[number] = true
		n, err := strconv.Atoi(number)
		if c, ok := config.CurrencyOf(code); err != nil || ok && (int(c.Numeric) != n || strconv.Itoa(c.Exponent) != decimals) {
			t.Errorf("row %q, configuration %v", row, c)
		}
	}
	for _, code := range []string{"INR", "XAF", "XOF", "XPF", "UYW"} {
		if _, ok := config.CurrencyOf(code); !ok {
			t.Errorf("the configuration has lost %s: nothing is compared", code)
		}
	}
}

// TestAmountExact: every amount of every exponent, from the smallest to 10^15,
// goes out and comes back as it was, and is what big decimals say it is.
func TestAmountExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		decimals := rapid.IntRange(0, 4).Draw(t, "decimals")
		minor := rapid.Int64Range(1, amountMax(decimals)-1).Draw(t, "minor")
		text := AppendAmount(nil, minor, decimals)
		if whole, fraction, _ := strings.Cut(string(text), "."); len(fraction) != decimals || len(whole) > 1 && whole[0] == '0' || len(whole) == 0 {
			t.Fatalf("%d with %d decimals was written as %s", minor, decimals, text)
		}
		want := new(big.Rat).SetFrac(big.NewInt(minor), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil))
		if got, ok := new(big.Rat).SetString(string(text)); !ok || got.Cmp(want) != 0 {
			t.Fatalf("%d with %d decimals was written as %s", minor, decimals, text)
		}
		// As others may write it: fewer decimals, more zeros, white space.
		if decimals > 0 {
			short := strings.TrimRight(string(text), "0")
			for _, other := range []string{short, strings.TrimSuffix(short, "."), string(text) + "0", " \n000" + string(text) + "\t"} {
				if got, why := ParseAmount([]byte(other), decimals); got != minor || why != ReasonNone {
					t.Fatalf("%q: %d, %v, want %d", other, got, why, minor)
				}
			}
		}
		if got, why := ParseAmount(text, decimals); got != minor || why != ReasonNone {
			t.Fatalf("%s: %d, %v, want %d", text, got, why, minor)
		}
	})
}

// TestAmountRefusesOrIsExact: whatever the text, what is accepted is its value.
func TestAmountRefusesOrIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		decimals := rapid.IntRange(0, 4).Draw(t, "decimals")
		text := rapid.OneOf(rapid.StringMatching(`[0-9]{0,20}\.?[0-9]{0,8}`), rapid.StringOf(rapid.RuneFrom([]rune("0123456789.+-eE ")))).Draw(t, "text")
		minor, why := ParseAmount([]byte(text), decimals)
		if why != ReasonNone {
			return
		}
		want, ok := new(big.Rat).SetString(strings.TrimSpace(text))
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
		if got := new(big.Rat).SetFrac(big.NewInt(minor), scale); !ok || minor <= 0 || got.Cmp(want) != 0 {
			t.Fatalf("%q with %d decimals: %d", text, decimals, minor)
		}
	})
}

func TestAmountRefusals(t *testing.T) {
	for _, c := range []struct {
		text     string
		decimals int
		why      Reason
		external string
	}{
		{"+1.00", 2, ReasonAmountSyntax, "AM12"},
		{"-1.00", 2, ReasonAmountSyntax, "AM12"},
		{"-0", 2, ReasonAmountSyntax, "AM12"},
		{"1e3", 2, ReasonAmountSyntax, "AM12"},
		{"1E3", 2, ReasonAmountSyntax, "AM12"},
		{"", 2, ReasonAmountSyntax, "AM12"},
		{" ", 2, ReasonAmountSyntax, "AM12"},
		{".", 2, ReasonAmountSyntax, "AM12"},
		{"1,00", 2, ReasonAmountSyntax, "AM12"},
		{"1.0.0", 2, ReasonAmountSyntax, "AM12"},
		{"1 000", 2, ReasonAmountSyntax, "AM12"},
		{"0x10", 2, ReasonAmountSyntax, "AM12"},
		{"Inf", 2, ReasonAmountSyntax, "AM12"},
		{"1.001", 2, ReasonAmountDecimals, "CH20"},
		{"0.001", 2, ReasonAmountDecimals, "CH20"},
		{"1.5", 0, ReasonAmountDecimals, "CH20"},
		{"1.0001", 3, ReasonAmountDecimals, "CH20"},
		{"1.00001", 4, ReasonAmountDecimals, "CH20"},
		{"0", 2, ReasonAmountZero, "AM01"},
		{"0.00", 2, ReasonAmountZero, "AM01"},
		{"0.000", 2, ReasonAmountZero, "AM01"},
		{"1000000000000000", 2, ReasonAmountDigits, "AM12"},
		{"1000000000000000", 0, ReasonAmountDigits, "AM12"},
		{"100000000000000", 4, ReasonAmountDigits, "AM12"},
		{"999999999999999", 4, ReasonAmountDigits, "AM12"},
		{"99999999999999999999999999", 2, ReasonAmountDigits, "AM12"},
	} {
		if minor, why := ParseAmount([]byte(c.text), c.decimals); minor != 0 || why != c.why || why.External() != c.external {
			t.Errorf("%q with %d decimals: %d, %v (%s), want %v", c.text, c.decimals, minor, why, why.External(), c.why)
		}
	}
}

func TestAmountLargest(t *testing.T) {
	for decimals, want := range []string{"999999999999999", "999999999999999.9", "999999999999999.99", "999999999999999.999", "99999999999999.9999"} {
		text := AppendAmount(nil, amountMax(decimals)-1, decimals)
		if minor, why := ParseAmount(text, decimals); string(text) != want || minor != amountMax(decimals)-1 || why != ReasonNone {
			t.Errorf("%s, %d, %v, want %s", text, minor, why, want)
		}
	}
}

func TestAppendAmountRefusesNegative(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	AppendAmount(nil, -1, 2)
}
