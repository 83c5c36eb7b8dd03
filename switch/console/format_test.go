package console

import (
	"math"
	"strings"
	"testing"
	"time"

	"switchd/switch/view"
)

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		minor    int64
		exponent int
		want     string
	}{
		{0, 2, "0.00"}, {5, 2, "0.05"}, {-5, 2, "-0.05"}, {123456, 2, "1,234.56"}, {100, 2, "1.00"}, {99999999, 2, "999,999.99"}, {100000000, 2, "1,000,000.00"},
		{1234, 0, "1,234"}, {-1234567, 3, "-1,234.567"}, {math.MinInt64, 2, "-92,233,720,368,547,758.08"},
	} {
		if got := (currency{exponent: c.exponent}).text(c.minor); got != c.want {
			t.Errorf("%d with %d decimals is %q, want %q", c.minor, c.exponent, got, c.want)
		}
	}
}

// TestMoneyOfAPayment: an amount is written as its own currency has it.
func TestMoneyOfAPayment(t *testing.T) {
	rupees := currency{"INR", 2}
	for want, h := range map[string]view.Head{
		"12.34 INR": {Minor: 1234}, "1,234 JPY": {Minor: 1234, Code: "JPY"}, "-1.234 BHD": {Minor: -1234, Code: "BHD", Exponent: 3},
		"92,233,720,368,547,758.07 INR": {Minor: math.MaxInt64, Code: "INR", Exponent: 2},
	} {
		if row := paymentRowOf(h, rupees); row.Amount+" "+row.Code != want {
			t.Errorf("%s %s, want %s", row.Amount, row.Code, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		percent(1): "100 %", percent(0.99999): ">99.99 %", percent(0.99967): "99.96 %", percent(0.9): "90.0 %", percent(0.0001): "<0.1 %", percent(0): "0 %", percent(math.NaN()): none,
		rate(0): "0", rate(3.14159): "3.1", rate(12345.6): "12,346", millis(0): none, millis(0.4): "400 µs", millis(31.54): "31.5 ms", millis(412.4): "412 ms", millis(4310): "4.31 s",
		whole(-1234): "-1,234", whole(uint64(999)): "999", bytesOf(2048): "2.0 KiB", bytesOf(3 << 20): "3.0 MiB",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", 180 * time.Microsecond: "180 µs", 13300 * time.Microsecond: "13.3 ms", 284 * time.Millisecond: "284 ms", 5 * time.Second: "5.00 s", 15 * time.Second: "15.0 s",
		time.Minute: "1 min", 125 * time.Second: "2 min 5 s", 3*time.Hour + 12*time.Minute: "3 h 12 min", 50 * time.Hour: "2 d 2 h", -time.Second: "-1.00 s", math.MinInt64: "-106751 d 23 h",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%d is %q, want %q", d, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	for got, want := range map[string]string{
		stamp("2026-11-23T12:53:12.5+02:00"): "2026-11-23 10:53:12", stamp(""): none, stamp("never"): "never", clock("2026-11-23T10:53:12.0015Z"): "10:53:12.001",
		between("2026-11-23T10:00:00Z", "2026-11-23T10:11:04Z"): "11 min 4 s", between("", "2026-11-23T10:11:04Z"): "", between("2026-11-23T10:11:04Z", "2026-11-23T10:00:00Z"): "",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestScale places moments: truly while that shows them, with long waits shortened when
// one of them would hide the rest.
func TestScale(t *testing.T) {
	legs := func(ends ...int64) scale {
		var v view.Timeline
		for _, end := range ends {
			v.Legs = append(v.Legs, view.Leg{EndMicros: end})
		}
		return scaleOf(v)
	}
	s := legs(250, 1000)
	if s.Short || s.place(0) != 0 || s.place(250) != 250 || s.place(500) != 500 || s.place(5000) != drawing || s.place(-1) != 0 || s.when(500) != 500 {
		t.Errorf("%+v", s)
	}
	long := legs(10_000, 30_000, 172_800_000_000)
	if !long.Short || long.place(10_000) < 50 || long.place(30_000) <= long.place(10_000) || long.place(172_800_000_000) != drawing {
		t.Errorf("%+v", long)
	}
	if labels := long.axis().Labels; labels[0] != "0" || labels[len(labels)-1] != "2 d" || !long.axis().Short {
		t.Error(labels)
	}
	for _, s := range []scale{legs(), legs(0), legs(-5)} {
		if labels := s.axis().Labels; len(labels) != 5 || math.IsNaN(s.place(1)) {
			t.Errorf("nothing has happened: %v", labels)
		}
	}
}

func TestSpark(t *testing.T) {
	s := sparkOf([]float64{1, 0.5, -1, 0.2, 1}, []float64{0, 10, 5, 0, 0})
	if s.Line != "M0.0 1.0L30.0 23.0M90.0 23.0L120.0 1.0" || !strings.HasPrefix(s.Area, "M0.0 24.0L0.0 24.0L30.0 2.0") || s.Text != "success 100 %, lowest 20.0 % in the latest minutes" {
		t.Errorf("%+v", s)
	}
	for _, s := range []spark{sparkOf(nil, nil), sparkOf([]float64{-1, -1}, []float64{0, 0}), sparkOf([]float64{math.NaN()}, []float64{math.Inf(1)})} {
		if s.Line != "" || s.Area != "" || !strings.HasPrefix(s.Text, "no traffic") {
			t.Errorf("%+v", s)
		}
	}
}

func TestProse(t *testing.T) {
	for text, want := range map[string]string{
		"Look with `switchd top`, then `<b>`.": "Look with <code>switchd top</code>, then <code>&lt;b&gt;</code>.",
		"<i>one ` alone":                       "&lt;i&gt;one ` alone",
		"":                                     "",
	} {
		if got := prose(text); string(got) != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestSentence(t *testing.T) {
	for _, c := range []struct{ err, want string }{{"refused: no reason", "No reason."}, {"no reason: refused", "No reason."}, {"what now?", "What now?"}, {"", ""}} {
		if got := sentence(plain{c.err, view.ErrRefused}); got != c.want {
			t.Errorf("%q becomes %q", c.err, got)
		}
	}
}

// TestRefusedAnswersAreAmber: an answer that is no yes looks in what happened as it does among the legs.
func TestRefusedAnswersAreAmber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m    view.Moment
		want string
	}{
		{view.Moment{Kind: "answer", Outcome: "OK"}, "ok"}, {view.Moment{Kind: "answer", Outcome: "LIMIT_AMOUNT"}, "warn"},
		{view.Moment{Kind: "answer"}, "ok"}, {view.Moment{Kind: "message", Outcome: "LIMIT_AMOUNT"}, "open"},
	} {
		if got := momentLevel(&c.m); got != c.want {
			t.Errorf("%+v is %q, want %q", c.m, got, c.want)
		}
	}
}
