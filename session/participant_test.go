package session

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Other timers count on links that are up; what was counted stays counted.
func TestOptionsChange(t *testing.T) {
	p := NewParticipant(Options{Idle: 30 * time.Second, SignOnsMax: 1})
	a := p.Open(0)
	if a.Request(0, CodeSignOn).Change != SignedOn || a.Tick(10*sec) != None {
		t.Fatal("not signed on, or an echo before its time")
	}
	p.Set(Options{Idle: 5 * time.Second, EchoTimeout: time.Second})
	if a.Tick(10*sec) != Echo || a.Tick(11*sec-1) != None {
		t.Error("the silence is longer than Idle is now")
	}
	if got := p.Open(12*sec).Request(12*sec, CodeSignOn); got.Change != HeldOff {
		t.Errorf("a second sign-on within a minute: %v", got)
	}
}

// Whatever the links of a participant do, no minute has more sign-ons than it may
// have; and none is lost for ever: a link that was held off signs on in the end.
func TestSignOnsOfAnyMinuteAreBounded(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 7))
		most := 1 + r.IntN(10)
		p := NewParticipant(Options{SignOnsMax: most})
		var ups []int64
		held := 0
		for now := int64(0); now < 600*sec; now += 1 + r.Int64N(2*sec) {
			a := p.Open(now)
			if got := a.Request(now, CodeSignOn); got.Change == SignedOn {
				ups = append(ups, now)
				continue
			}
			held++
			at := a.HeldUntil()
			a.Traffic(at - 1)
			if a.Tick(at-1) != None || a.Tick(at) != SignOn {
				t.Fatalf("seed %d: a link held until %v does not sign on then", seed, time.Duration(at))
			}
			if r.IntN(2) == 0 && a.Response(at, CodeSignOn, true) == SignedOn {
				ups = append(ups, at)
				now = max(now, at) // time does not go back
			}
		}
		slices.Sort(ups)
		for i := most; i < len(ups); i++ {
			if ups[i]-ups[i-most] < 60*sec {
				t.Fatalf("seed %d: more than %d sign-ons within a minute", seed, most)
			}
		}
		if held == 0 || len(ups) < 9*most {
			t.Errorf("seed %d: %d sign-ons, %d held off: the bound is not what was tested", seed, len(ups), held)
		}
	}
}

// A cut-over is told once, on however many links and however often the peer says
// it; the next day's is another one.
func TestCutOverIsToldOnce(t *testing.T) {
	p := NewParticipant(Options{})
	var links []*Automaton
	for range 3 {
		a := p.Open(0)
		a.Request(0, CodeSignOn)
		links = append(links, a)
	}
	for day := range int64(3) {
		told := 0
		for minute := range int64(50) {
			got := links[minute%3].Request(day*86400*sec+minute*60*sec, CodeCutOver)
			if got.Code != "00" {
				t.Fatalf("answer %s", got.Code)
			}
			if got.Change == DayCut {
				told++
			}
		}
		if told != 1 {
			t.Errorf("day %d was told %d times", day, told)
		}
	}
}

// An offer of a key belongs to its link; when that is gone the next one may come
// after the time for an answer, and two links never change the key at once.
func TestKeyOffersOfManyLinks(t *testing.T) {
	p := NewParticipant(Options{Keys: true})
	a, b := p.Open(0), p.Open(0)
	a.Request(0, CodeSignOn)
	b.Request(0, CodeSignOn)
	if got := a.Request(0, CodeKeyChange); got != (Answer{Change: KeyOffered}) {
		t.Fatalf("offer: %v", got)
	}
	if got := b.ChangeKey(sec); got != None {
		t.Errorf("a second offer beside the first: %v", got)
	}
	if got := b.KeySettled(sec, KeyVerdict{Code: "00"}); got != (Answer{}) {
		t.Errorf("another link settles the offer: %v", got)
	}
	// a is gone without a word. Its offer does not stand for ever.
	if got := b.ChangeKey(5 * sec); got != OfferKey {
		t.Errorf("our offer after the lapsed one: %v", got)
	}
	if got := a.KeySettled(6*sec, KeyVerdict{Code: "00"}); got != (Answer{}) {
		t.Errorf("a verdict about a lapsed offer: %v", got)
	}
	if got := b.Response(7*sec, CodeKeyChange, true); got != KeyChanged {
		t.Errorf("our key taken: %v", got)
	}
	// The key before is retired by whichever link looks, once.
	c := p.Open(126 * sec)
	if got := []Action{c.Tick(127*sec - 1), c.Tick(127 * sec), c.Tick(128 * sec)}; !slices.Equal(got, []Action{None, RetireKey, None}) {
		t.Errorf("retiring: %v", got)
	}
}

// Our sign-on is tried again when it was refused, and given up with the link when
// it is never answered.
func TestOurSignOnIsRepeated(t *testing.T) {
	a := New(Options{}, 0)
	if a.SignOn(0) != SignOn {
		t.Fatal("no sign-on")
	}
	a.Response(sec, CodeSignOn, false)
	var at []int64
	for now := 2 * sec; a.State() != Closed; now += sec {
		a.Traffic(now) // it lives, and says nothing about signing on
		if a.Tick(now) == SignOn {
			at = append(at, now/sec)
		}
	}
	if want := []int64{31, 36, 41}; !slices.Equal(at, want) {
		t.Errorf("sign-ons at %v, want %v", at, want)
	}
}

// A key that the peer brings again, because its answer was lost, is in place: nothing
// changes, and the time of the key before goes on as it was.
func TestKeyOfferedAgain(t *testing.T) {
	p := NewParticipant(Options{Keys: true, KeyOverlap: 60 * time.Second})
	a := p.Open(0)
	a.Request(0, CodeSignOn)
	a.Request(0, CodeKeyChange)
	a.KeySettled(0, KeyVerdict{Code: "00"})
	a.Request(30*sec, CodeKeyChange)
	if got := a.KeySettled(30*sec, KeyVerdict{Code: "00", Again: true}); got != (Answer{Code: "00"}) {
		t.Errorf("again: %v", got)
	}
	a.Traffic(60 * sec)
	if got := a.Tick(60 * sec); got != RetireKey {
		t.Errorf("at the end of the overlap: %v", got)
	}
}
