package ingress

import (
	"cmp"
	"context"
	"slices"
	"time"

	"switchd/session/gnetio"
	"switchd/switch/payment"
)

// Diagnosis is what a participant's links have shown that is not as agreed, since
// the start of this process: for encoding/json. It has names, times, counts and the
// numbers of payments, never a value of a message.
type Diagnosis struct {
	Participant string           `json:"participant"`
	At          time.Time        `json:"at"`
	Speech      []SpeechNoted    `json:"speech"`    // links whose first bytes were no message as configured, the latest first
	Malformed   []MalformedNoted `json:"malformed"` // messages that could not be read, the latest first
	Unknown     []UnknownNoted   `json:"unknown"`   // fields, tags and elements that nobody knows, the latest first
	UnknownMore uint64           `json:"unknown_more,omitempty"`
	Unmatched   []UnmatchedNoted `json:"unmatched"` // answers that found no leg, the latest first
	Incomplete  string           `json:"incomplete,omitempty"`
}

// SpeechNoted is what a link looks like.
type SpeechNoted struct {
	At      time.Time `json:"at"`
	Link    uint64    `json:"link"`
	Result  string    `json:"result"` // as in switchd_link_diagnoses_total
	Framing string    `json:"framing"`
	Dialect string    `json:"dialect"`
	Fits    []string  `json:"fits,omitempty"`
	Speaks  string    `json:"speaks,omitempty"`
	Charset string    `json:"charset,omitempty"`
	Bitmap  string    `json:"bitmap,omitempty"`
}

// MalformedNoted is a message that could not be read.
type MalformedNoted struct {
	At     time.Time `json:"at"`
	Link   uint64    `json:"link"`
	Reason string    `json:"reason"`
}

// UnknownNoted is a name that the tables of the participant's format do not have.
type UnknownNoted struct {
	Name  string    `json:"name"`
	Times uint64    `json:"times"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// UnmatchedNoted is an answer that found no leg.
type UnmatchedNoted struct {
	At      time.Time     `json:"at"`
	Link    uint64        `json:"link,omitempty"` // none: the machine found it, which does not know links
	Why     string        `json:"why"`
	Carries []string      `json:"carries"` // parts of the key: "reference" (one of ours), "stan", "transmitted"
	Nearest *NearestNoted `json:"nearest,omitempty"`
}

// NearestNoted is the leg that an answer comes nearest to.
type NearestNoted struct {
	Payment payment.ID `json:"payment"`
	Leg     string     `json:"leg"`
	SentAt  *time.Time `json:"sent_at,omitempty"`  // none: it was never sent
	ToOther bool       `json:"to_other,omitempty"` // the leg is another participant's
	Agrees  []string   `json:"agrees"`
	Differs []string   `json:"differs"`
}

// nearestMax bounds the open payments that are looked at, which holds the machine
// up: some two milliseconds.
const nearestMax = 10_000

func stamp(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// Diagnose says what has been noted of a participant; false: it is not configured.
// It asks the machine, if there is Options.Inspect, which legs are nearest to
// unmatched answers. Safe for concurrent use.
func (in *Ingress) Diagnose(ctx context.Context, participant string) (*Diagnosis, bool) {
	e := in.table.Load().participants[participant]
	if e == nil {
		return nil, false
	}
	d := &Diagnosis{Participant: participant, At: stamp(in.o.Clock())}
	strays := e.standing.noted.into(d)
	if len(strays) == 0 || in.o.Inspect == nil {
		return d, true
	}
	from := e.Dialect.Participant()
	var near []payment.Near
	if err := in.o.Inspect(ctx, func(m *payment.Machine) { near = m.Nearest(from, strays, nearestMax) }); err != nil {
		d.Incomplete = "the machine does not answer: which legs are nearest is not known"
		return d, true
	}
	for i := range near {
		n := &near[i]
		if n.Payment == 0 {
			continue
		}
		shown := &NearestNoted{Payment: n.Payment, Leg: n.Leg.String(), ToOther: n.To != from, Agrees: parts(n.Agrees), Differs: parts(n.Differs)}
		if n.SentAt != 0 {
			at := stamp(n.SentAt)
			shown.SentAt = &at
		}
		d.Unmatched[i].Nearest = shown
	}
	return d, true
}

// into shows what is noted, and returns the keys of the unmatched answers as they
// stand in d.
func (n *noted) into(d *Diagnosis) (strays []payment.Answer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	d.Speech, d.Malformed, d.Unmatched, d.Unknown = []SpeechNoted{}, []MalformedNoted{}, []UnmatchedNoted{}, []UnknownNoted{} // lists also when empty
	n.speech.latest(func(s *spoken) { d.Speech = append(d.Speech, shownSpeech(s.at, s.link, &s.found)) })
	n.malformed.latest(func(f *fault) { d.Malformed = append(d.Malformed, MalformedNoted{stamp(f.at), f.link, f.why}) })
	n.unmatched.latest(func(s *stray) {
		k := &s.key
		d.Unmatched = append(d.Unmatched, UnmatchedNoted{
			At: stamp(s.at), Link: s.link, Why: s.why,
			Carries: parts(payment.Match{Reference: k.Payment != 0, STAN: k.STAN != 0, Transmitted: k.Transmitted != 0}),
		})
		strays = append(strays, *k)
	})
	for name, s := range n.unknown {
		d.Unknown = append(d.Unknown, UnknownNoted{name, s.times, stamp(s.first), stamp(s.last)})
	}
	slices.SortFunc(d.Unknown, func(a, b UnknownNoted) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Name, b.Name))
	})
	d.UnknownMore = n.more
	return strays
}

func shownSpeech(at int64, link uint64, f *gnetio.Diagnosis) SpeechNoted {
	return SpeechNoted{
		At: stamp(at), Link: link, Result: f.Result, Framing: f.Framing, Dialect: f.Dialect,
		Fits: f.Fits, Speaks: f.Speaks, Charset: f.Charset, Bitmap: f.Bitmap,
	}
}

// parts names the parts of a key.
func parts(m payment.Match) []string {
	names := []string{}
	for _, p := range [...]struct {
		there bool
		name  string
	}{{m.Reference, "reference"}, {m.STAN, "stan"}, {m.Transmitted, "transmitted"}} {
		if p.there {
			names = append(names, p.name)
		}
	}
	return names
}
