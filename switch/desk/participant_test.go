package desk

import (
	"testing"

	"switchd/session/gnetio"
)

// TestEarliestCertificate: links without a certificate have none that ends.
func TestEarliestCertificate(t *testing.T) {
	links := []gnetio.LinkInfo{{Participant: "BANKA", Expires: 9}, {Participant: "BANKA"}, {Participant: "BANKA", Expires: 7}, {Participant: "BANKB", Expires: 1}, {Participant: "BANKC"}}
	for id, want := range map[string]int64{"BANKA": 7, "BANKB": 1, "BANKC": 0} {
		if got := earliest(links, id); got != want {
			t.Errorf("%s: %d, want %d", id, got, want)
		}
	}
}
