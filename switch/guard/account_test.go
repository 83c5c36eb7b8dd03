package guard

import "testing"

func TestAccountDigits(t *testing.T) {
	for _, row := range []struct {
		account string
		rule    AccountRule
		want    string
	}{
		{"123456789012", Padded13, "0123456789012"},
		{"99123456789012", Padded13, "0123456789012"},
		{"77", Padded13, "0000000000077"},
		{"123456789012", Whole12, "1234567890120"},
		{"77", Whole12, "0000000000770"},
		{"", Padded13, ""}, {"12a", Padded13, ""}, {"a23456789012345", Whole12, ""},
	} {
		got, err := Account([]byte(row.account), row.rule)
		if string(got.Reveal()) != row.want || (err != nil) != (row.want == "") {
			t.Errorf("%q by rule %d: %q, %v, want %q", row.account, row.rule, got.Reveal(), err, row.want)
		}
	}
}
