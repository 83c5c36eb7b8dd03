package gnetio

import (
	"slices"
	"strings"

	"switchd/codec/frame"
)

// Results of a diagnosis: the label values of switchd_link_diagnoses_total.
const (
	diagnosisOther    = "other"    // another framing or dialect fits what came
	diagnosisProtocol = "protocol" // the bytes are those of another protocol
	diagnosisSame     = "same"     // framing and dialect are as configured: it is the message
	diagnosisNone     = "none"     // nothing fits, or too little came
)

var diagnosisResults = []string{diagnosisOther, diagnosisProtocol, diagnosisSame, diagnosisNone}

// fitsShown bounds the framings that a log line names; some are the same on the
// wire for many bytes.
const fitsShown = 4

// Diagnosis is what the first bytes of a link look like, in names only.
type Diagnosis struct {
	Result  string   // "other", "protocol", "same" or "none": see switchd_link_diagnoses_total
	Framing string   // as configured
	Dialect string   // as configured
	Fits    []string // with "other" and "same": framings that fit, at most four
	Speaks  string   // with "other" and "same": the dialect that fits, if one is known; with "protocol" its name
	Charset string   // with "other" and "same": of the digits
	Bitmap  string   // with "other" and "same"
}

// Diagnose finds out, once for each link, what framing and dialect the first bytes
// of the link have, and says it in the log: a participant that comes again and again
// has one line a minute. The Handler calls it inside Frame, when it cannot
// read the first message; frames that cannot be cut, or that never end, are seen
// to here. A wrong framing or dialect is otherwise a riddle: at the other end it
// looks like a timeout.
func (l *Link) Diagnose() { l.diagnose(l.burst) }

// diagnose judges b, what came first on the link. It logs names only, never what
// stands in b.
func (l *Link) diagnose(b []byte) {
	if l.diagnosed || len(b) == 0 {
		return
	}
	l.diagnosed = true
	o, all := &l.server.opt, frame.Diagnose(b)
	best := &all[0]
	found := Diagnosis{Result: diagnosisNone, Framing: l.wire.Framing.String(), Dialect: l.wire.Dialect}
	times, due := l.server.causes.tell("speech "+best.Name+" "+l.participant, o.Clock())
	say := func(what string, more ...any) {
		if due {
			o.Log.With("event", "link.diagnosed", "participant", l.participant, "link", l.id, "framing", l.wire.Framing.String()).Warn(what, append(more, "times", times)...)
		}
	}
	switch {
	case best.Fit == frame.FitForeign:
		found.Result, found.Speaks = diagnosisProtocol, best.Name
		say("link speaks another protocol", "protocol", best.Name)
	case best.MTI == "" || best.Fit < frame.FitPart:
		say("link cannot be diagnosed: no framing shows a message")
	default:
		fits := alike(all, b)
		if o.DialectOf != nil {
			found.Speaks = o.DialectOf(best.Charset, best.Bitmap)
		}
		found.Fits, found.Charset, found.Bitmap = fits[:min(len(fits), fitsShown)], best.Charset.String(), best.Bitmap.String()
		if slices.Contains(fits, found.Framing) && found.Speaks == found.Dialect {
			found.Result = diagnosisSame
			break
		}
		found.Result = diagnosisOther
		say("link does not speak as configured", "dialect", found.Dialect,
			"fits", strings.Join(found.Fits, ","), "fits_dialect", found.Speaks,
			"charset", found.Charset, "bitmap", found.Bitmap)
	}
	l.server.metrics.diagnoses[found.Result].Inc()
	if o.Diagnosed != nil {
		o.Diagnosed(l, found)
	}
}

// alike lists the framings that see in b what the best one sees, which comes
// first: some are the same on the wire.
func alike(all []frame.Finding, b []byte) (names []string) {
	best := all[0]
	for _, f := range all {
		same := f.Fit == best.Fit && f.MTI == best.MTI && f.Frames == best.Frames && f.KeepAlives == best.KeepAlives
		if same && f.Framing != best.Framing {
			body, n, err := f.Framing.Next(b, frame.Limits{})
			first, m, _ := best.Framing.Next(b, frame.Limits{})
			same = err == nil && n == m && len(body) == len(first)
		}
		if same {
			names = append(names, f.Name)
		}
	}
	return names
}
