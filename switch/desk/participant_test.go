package desk

import (
	"slices"
	"testing"
	"time"

	"switchd/session/gnetio"
	"switchd/switch/payment"
	"switchd/switch/view"
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

// TestRateAfterAStall: looks that are long apart, since the writer did not answer, change no
// rate, neither at that look nor later, and neither of the trend.
func TestRateAfterAStall(t *testing.T) {
	w, p := newWatcher(nil), &insideParticipant{Profile: &payment.Profile{Number: 1}}
	var all counts
	var v view.Participant
	for now := int64(1); w.looks < 4*pointLooks; w.looks++ {
		v = view.Participant{}
		w.lately(p, &v, &all, now*int64(time.Second), 1)
		if w.looks > 0 && v.Latest.PerSecond != 100 {
			t.Errorf("look %d: %v a second in the latest %v s", w.looks, v.Latest.PerSecond, v.Latest.Seconds)
		}
		seconds := int64(1)
		if w.looks == pointLooks+2 {
			seconds = 30
		}
		now += seconds
		all.good += uint64(100 * seconds)
	}
	if want := []float64{100, 100, 100}; !slices.Equal(v.TrendTPS, want) {
		t.Errorf("the trend is %v", v.TrendTPS)
	}
}
