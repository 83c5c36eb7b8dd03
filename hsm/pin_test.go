package hsm_test

import (
	"errors"
	"strings"
	"testing"

	"switchd/hsm"
)

// TestAllowTranslation is the whole table of domain rules: which format may become
// which, between zones and from a device.
func TestAllowTranslation(t *testing.T) {
	formats := []hsm.PINFormat{hsm.ISO0, hsm.ISO1, hsm.ISO3, hsm.ISO4}
	// Rows are From, columns To: 0, 1, 3, 4.
	zones := []string{
		"yes no yes yes",
		"no no no no",
		"yes no yes yes",
		"no no no yes",
	}
	device := []string{
		"yes no yes yes",
		"yes no yes yes",
		"yes no yes yes",
		"no no no yes",
	}
	for i, from := range formats {
		for j, to := range formats {
			for fromDevice, table := range map[bool][]string{false: zones, true: device} {
				err := hsm.AllowTranslation(hsm.FormatChange{From: from, To: to, Device: fromDevice})
				if want := strings.Fields(table[i])[j] == "yes"; (err == nil) != want {
					t.Errorf("%s to %s, device %t: %v", from, to, fromDevice, err)
				}
				if err != nil && (!errors.Is(err, hsm.ErrDenied) || !hsm.NotDone(err)) {
					t.Errorf("%v is not ErrDenied", err)
				}
			}
		}
	}
	for f := range 16 {
		known := f == 0 || f == 1 || f == 3 || f == 4
		for _, c := range []hsm.FormatChange{{From: hsm.PINFormat(f), To: hsm.ISO4, Device: true}, {From: hsm.ISO0, To: hsm.PINFormat(f), Device: true}} {
			if err := hsm.AllowTranslation(c); !known && !errors.Is(err, hsm.ErrDenied) {
				t.Errorf("format %d is not refused: %v", f, err)
			}
		}
		if hsm.PINFormat(f).Known() != known {
			t.Errorf("format %d: known %t", f, !known)
		}
	}
}

func TestPINFormat(t *testing.T) {
	if hsm.ISO4.Size() != 16 || hsm.ISO4.Algorithm() != hsm.AES || hsm.ISO4.String() != "ISO-4" {
		t.Error("ISO-4")
	}
	if hsm.ISO0.Size() != 8 || hsm.ISO3.Algorithm() != hsm.TDES || hsm.ISO0.String() != "ISO-0" {
		t.Error("ISO-0, ISO-3")
	}
}
