package ingress

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"switchd/switch/logtext"
	"switchd/switch/payment"
)

// shown is the value of a metric, gauges and sums of histograms included.
func (r *rig) shown(name string, labels ...string) (value float64) {
	r.t.Helper()
	families, err := r.own.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var has []string
			for _, l := range m.GetLabel() {
				has = append(has, l.GetValue())
			}
			if f.GetName() == name && strings.Join(has, " ") == strings.Join(labels, " ") {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetHistogram().GetSampleSum()
			}
		}
	}
	r.t.Errorf("there is no %s %q", name, labels)
	return 0
}

// TestLinksAreShown: where the links of a participant stand, what comes on them and how
// long it takes to answer an echo is counted; of one that is watched it is in the log.
func TestLinksAreShown(t *testing.T) {
	ahead, said := &ahead{}, &logtext.Text{}
	r := newRigOf(t, 100, Participant{}, func(o *Options) {
		o.Clock, o.Log = ahead.now, slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Watched = func(id string) bool { return id == "BANKA" }
	})
	r.network("301", "00") // it is answered, and so the link is there
	if up, on := r.shown("switchd_participant_links", "BANKA", "connected"), r.shown("switchd_participant_links", "BANKA", "signed_on"); up != 1 || on != 0 {
		t.Errorf("%v connected, %v signed on", up, on)
	}
	r.network("001", "00")
	r.expect(payment.LinkUp)
	if up, on := r.shown("switchd_participant_links", "BANKA", "connected"), r.shown("switchd_participant_links", "BANKA", "signed_on"); up != 0 || on != 1 {
		t.Errorf("%v connected, %v signed on", up, on)
	}
	ahead.by.Add(int64(30 * time.Second))
	echo := r.receive()
	if echo.MTI() != 0x0800 || string(echo.Value(70)) != "301" {
		t.Fatalf("got %v DE70 %s, want an echo", echo.MTI(), echo.Value(70))
	}
	ahead.by.Add(int64(time.Second))
	answer := network("301")
	answer[7], answer[11], answer[39] = string(echo.Value(7)), string(echo.Value(11)), "00"
	r.send(r.message(0x0810, answer))
	r.network("301", "00") // it comes behind the answer
	if took := r.shown("switchd_link_echo_duration_seconds"); took < 1 {
		t.Errorf("the echo took %v s, want a second or more", took)
	}
	if n := r.shown("switchd_messages_total", "network", "in", "BANKA"); n < 4 {
		t.Errorf("%v messages", n)
	}
	for text, least := range map[string]int{"event=message.in participant=BANKA link=1 class=network code=301": 2, "event=link.asked participant=BANKA link=1 for=Echo": 1} {
		if n := said.Count(text); n < least {
			t.Errorf("%d of %q in %s", n, text, said)
		}
	}
	if err := r.conn.Close(); err != nil {
		t.Fatal(err)
	}
	r.expect(payment.LinkDown)
	r.until("nobody is there", func() bool {
		return r.shown("switchd_participant_links", "BANKA", "signed_on")+r.shown("switchd_participant_links", "BANKA", "signed_off") == 0
	})
}
