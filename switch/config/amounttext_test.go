package config

import (
	"math"
	"testing"
)

// TestAmountText: amounts of all sizes, also of the one that has no negative.
func TestAmountText(t *testing.T) {
	for _, c := range []struct {
		minor   int64
		numeric uint16
		want    string
	}{
		{0, 356, "0.00 INR"}, {5, 356, "0.05 INR"}, {-5, 356, "-0.05 INR"}, {-12_345, 356, "-123.45 INR"}, {-12, 392, "-12 JPY"}, {1, 48, "0.001 BHD"},
		{math.MinInt64, 356, "-92233720368547758.08 INR"}, {math.MaxInt64, 392, "9223372036854775807 JPY"},
		{math.MinInt64, 0, "-9223372036854775808 minor units"}, {-7, 998, "-7 minor units of currency 998"},
	} {
		if got := AmountText(c.minor, c.numeric); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.minor, c.numeric, got, c.want)
		}
	}
}
