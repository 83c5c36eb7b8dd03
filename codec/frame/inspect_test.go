package frame

import "testing"

// TestInspect: what is a message, what is none, and what cannot be told yet.
func TestInspect(t *testing.T) {
	const text = "1122101405000042"
	for _, c := range []struct {
		name, body string
		length     int // announced; 0: that of body
		message    bool
		none       bool
	}{
		{"1987", "0800" + "\x02\x20\x00\x00\x00\x00\x00\x00" + text, 0, true, false},
		{"1993", "1804" + "\x02\x20\x00\x00\x00\x00\x00\x00" + text, 0, true, false},
		{"2003 instruction", "2160" + "0220000000000000" + text, 0, true, false},
		{"private", "9100" + "0220000000000000" + text, 0, true, false},
		{"lower hex", "0800" + "02200000000000aa" + text, 0, true, false},
		{"BCD", "\x08\x00" + "\x02\x20\x00\x00\x00\x00\x00\x00" + text, 0, true, false},
		{"MTI only", "0800", 100, true, false},
		{"half a bitmap", "0800\x02\x20\x00", 100, true, false},
		{"nothing", "", 100, false, false},
		{"half an MTI", "08", 100, false, false},
		{"text", "Hello, world, how do you do?", 0, false, true},
		{"version 3", "3800" + "0220000000000000" + text, 0, false, true},
		{"class 0", "0000" + "0220000000000000" + text, 0, false, true},
		{"class 9", "0900" + "0220000000000000" + text, 0, false, true},
		{"function 6 of 1987", "0160" + "0220000000000000" + text, 0, false, true},
		{"origin 6", "0806" + "0220000000000000" + text, 0, false, true},
		{"no fields", "0800" + "0000000000000000" + text, 0, false, true},
		{"more fields than bytes", "0800" + "\x7f\xff\xff\xff\xff\xff\xff\xff" + text, 0, false, true},
		{"as many fields as bytes", "0800" + "\x00\x00\x00\x00\x00\x00\xff\xff" + text, 0, true, false},
		{"a third bitmap", "0800" + "\x82\x20\x00\x00\x00\x00\x00\x00" + "\x80\x00\x00\x00\x00\x00\x00\x00" + text, 0, false, true},
		{"a second bitmap in another way", "0800" + "8220000000000000" + "\x04\x00\x00\x00\x00\x00\x00\x00" + text + text, 0, false, true},
		{"room for one bitmap of two", "0800" + "8220000000000000" + text[:10], 30, false, true},
	} {
		length := c.length
		if length == 0 {
			length = len(c.body)
		}
		l := inspect([]byte(c.body), length)
		if (l.points > 0) != c.message || l.foreign != c.none {
			t.Errorf("%s: %d points, foreign %v", c.name, l.points, l.foreign)
		}
	}
}
