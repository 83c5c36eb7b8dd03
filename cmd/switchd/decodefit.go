package main

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// dialect is a spec with the name to give on the command line, or a profile of
// ISO 20022, whose name there is of the dialect and whose flags say the rest.
type dialect struct {
	name    string
	spec    *iso8583.Spec
	profile *iso20022.Profile
	flags   string
}

// limits bounds the frames of a dialect.
func (d dialect) limits() frame.Limits {
	if d.profile != nil {
		return frame.Limits{BodyMax: iso20022.BytesMax}
	}
	return frame.Limits{}
}

// pair is a way to read the input. Without a framing it is one message.
type pair struct {
	dialect
	framing *frame.Framing
}

func (p pair) framingName() string {
	if p.framing == nil {
		return ""
	}
	return p.framing.String()
}

// suggestion is a pair that reads what the given one does not.
type suggestion struct {
	Dialect  string   `json:"dialect"`
	Framing  string   `json:"framing,omitempty"`
	Alike    []string `json:"framing_alike,omitempty"`
	Messages int      `json:"messages"` // that it reads
	Of       int      `json:"of"`
	Command  string   `json:"command"`
	faults   int      // of the rules
}

// What is tried when a message is bad.
const (
	tryFramesMax   = 16 // as many as frame.Diagnose looks at
	suggestionsMax = 3
	unreadable     = 100 // faults that the type 0200 of another table counts for
)

// fits is what the given pair and others make of the whole input. It is worked
// out once, at the first bad message.
type fits struct {
	given    suggestion
	others   []suggestion
	foreign  string // a sentence: this is TLS
	partial  string // a framing whose first frame would not be complete
	misframe bool   // another framing shows messages and the given one does not
}

// fit counts the messages that a dialect reads.
func (d dialect) fit(bodies [][]byte) (good, faults int) {
	if d.profile != nil {
		return fitDocuments(d.profile, bodies)
	}
	var m iso8583.Message
	for _, body := range bodies {
		if m.Parse(d.spec, body) != nil {
			continue
		}
		good++
		for _, e := range d.spec.CheckAll(&m) {
			faults++
			if e.DE == 0 {
				faults += unreadable
			}
		}
	}
	m.Reset()
	return good, faults
}

// cut gives the first frames of b, and how many bytes they take.
func (d dialect) cut(f *frame.Framing, b []byte) (bodies [][]byte, used int) {
	if f == nil {
		return [][]byte{b}, len(b)
	}
	for len(bodies) < tryFramesMax {
		fr, err := f.Read(b[used:], d.limits())
		if err != nil || fr.Kind == frame.Incomplete || fr.Bytes == 0 {
			break
		}
		if used += fr.Bytes; fr.Kind == frame.Message {
			bodies = append(bodies, fr.Body)
		}
	}
	return bodies, used
}

// builtins are compiled when the first bad message asks for them.
var builtins = sync.OnceValue(func() (all []dialect) {
	for _, name := range iso8583.BuiltinNames() {
		if s, err := builtinSpec(name); err == nil {
			all = append(all, dialect{name: name, spec: s})
		}
	}
	if p, err := builtinProfile(profileDefault); err == nil {
		all = append(all, dialect{name: dialect20022, profile: p})
	}
	return all
})

// dialects are the given one and all that the binary carries.
func (d *decoder) dialects() []dialect {
	if d.known == nil {
		d.known = []dialect{d.given.dialect}
		for _, other := range builtins() {
			if other.name != d.given.name {
				d.known = append(d.known, other)
			}
		}
	}
	return d.known
}

// whole tries every framing that frame.Diagnose does not rule out, and none,
// with every dialect.
func (d *decoder) whole() *fits {
	if d.fits != nil {
		return d.fits
	}
	d.fits = &fits{}
	framings := append([]*frame.Framing{nil}, d.diagnosed()...)
	bodies, _ := d.given.cut(d.given.framing, d.input)
	d.fits.given.Messages, d.fits.given.faults = d.given.fit(bodies)
	for _, f := range framings {
		for _, other := range d.dialects() {
			if other.profile == nil {
				d.try(other, f)
			}
		}
	}
	d.tryDocuments()
	return d.fits
}

// diagnosed gives the framings that frame.Diagnose does not rule out, and notes
// what else it says.
func (d *decoder) diagnosed() (framings []*frame.Framing) {
	findings := frame.Diagnose(d.input)
	own := frame.FitNone
	if i := slices.IndexFunc(findings, func(f frame.Finding) bool { return d.given.framingName() == f.Name }); i >= 0 {
		own = findings[i].Fit
	}
	for _, f := range findings {
		if f.Fit == frame.FitForeign {
			d.fits.foreign = f.Text
			continue
		}
		if f.Frames > 0 && f.Fit >= frame.FitLength {
			framings = append(framings, &f.Framing)
		}
		// A framing without a header leaves a bare message where it is.
		moved := f.Fit > own && headerBytes(&f.Framing) != headerBytes(d.given.framing)
		if moved = moved && f.MTI != ""; moved && f.Fit == frame.FitPart && d.fits.partial == "" {
			d.fits.partial = f.Name
		}
		d.fits.misframe = d.fits.misframe || moved
	}
	return framings
}

// headerBytes is how far into a frame the message begins.
func headerBytes(f *frame.Framing) int {
	if f == nil {
		return 0
	}
	return len(f.Begin(nil))
}

// try adds a dialect in a framing if it reads more messages than the given pair
// does of its own.
func (d *decoder) try(other dialect, f *frame.Framing) {
	bodies, _ := other.cut(f, d.input)
	p := pair{dialect: other, framing: f}
	good, faults := other.fit(bodies)
	if good <= d.fits.given.Messages || p.name == d.given.name && p.framingName() == d.given.framingName() {
		return
	}
	d.fits.others = addSuggestion(d.fits.others, d.suggest(p, good, len(bodies), faults))
}

func (d *decoder) suggest(p pair, good, of, faults int) suggestion {
	command := "switchd decode --dialect " + shellWord(p.name)
	command += p.flags
	if p.framing != nil {
		command += " --framing " + p.framingName()
	}
	return suggestion{Dialect: p.name, Framing: p.framingName(), Messages: good, Of: of,
		Command: command + " " + d.name, faults: faults}
}

// addSuggestion adds s, or its framing to one that differs in nothing else: some
// framings are the same for many bytes.
func addSuggestion(all []suggestion, s suggestion) []suggestion {
	for i := range all {
		a := &all[i]
		if a.Dialect == s.Dialect && a.Messages == s.Messages && a.Of == s.Of && (a.Framing == "") == (s.Framing == "") {
			if a.Framing != s.Framing && !slices.Contains(a.Alike, s.Framing) {
				a.Alike = append(a.Alike, s.Framing)
			}
			return all
		}
	}
	return append(all, s)
}

// suggestions are for one bad message: what reads this one in the given framing
// as well as what reads more of the whole input, the best first.
func (d *decoder) suggestions(body []byte) []suggestion {
	all := slices.Clone(d.whole().others)
	if body != nil && d.given.framing != nil {
		for _, other := range d.dialects() {
			if good, faults := other.fit([][]byte{body}); good == 1 {
				s := d.suggest(pair{dialect: other, framing: d.given.framing}, 1, 1, faults)
				if !slices.ContainsFunc(all, func(a suggestion) bool { return a.Dialect == s.Dialect && a.Framing == s.Framing }) {
					all = append(all, s)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b suggestion) int {
		return cmp.Or(cmp.Compare(b.Messages*a.Of, a.Messages*b.Of), cmp.Compare(a.faults*b.Of, b.faults*a.Of))
	})
	// What breaks the rules of its type is no suggestion beside what does not.
	all = slices.DeleteFunc(all, func(s suggestion) bool {
		return s.faults >= unreadable && all[0].faults < unreadable
	})
	return all[:min(len(all), suggestionsMax)]
}

// hint says in a sentence what else is known of the input.
func (d *decoder) hint() string {
	w := d.whole()
	switch {
	case documentHint(d.input, d.given.profile == nil) != "":
		return documentHint(d.input, d.given.profile == nil)
	case w.foreign != "":
		return w.foreign
	case len(w.others) == 0 && w.partial != "" && w.partial != d.given.framingName():
		return fmt.Sprintf("framing %s would fit so far, but its first frame is not complete", w.partial)
	}
	return ""
}
