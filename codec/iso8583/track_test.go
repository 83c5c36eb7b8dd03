package iso8583_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"switchd/codec/iso8583"
)

// TestTrackIsNotSeen: a track that is printed or marshalled does not show the card.
func TestTrackIsNotSeen(t *testing.T) {
	track, ok := iso8583.ParseTrack2([]byte("4539148803436467=29121010000"))
	if !ok || string(track.PAN) != "4539148803436467" {
		t.Fatal("not parsed")
	}
	for _, v := range []any{track, &track, []iso8583.Track{track}, struct{ T iso8583.Track }{track}} {
		for _, form := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			if got := fmt.Sprintf(form, v); !strings.Contains(got, "(secret)") || strings.Contains(got, "45") {
				t.Errorf("%s: %s", form, got)
			}
		}
		if got, err := json.Marshal(v); err != nil || !strings.Contains(string(got), "(secret)") || strings.Contains(string(got), "NDUz") {
			t.Errorf("JSON: %s, %v", got, err)
		}
	}
}
