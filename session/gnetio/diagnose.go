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

// Diagnose says in the log, once for each link, what framing and dialect the
// first bytes of the link have. The Handler calls it inside Frame, when it cannot
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
	result := diagnosisNone
	log := o.Log.With("participant", l.participant, "link", l.id, "framing", l.wire.Framing.String())
	switch {
	case best.Fit == frame.FitForeign:
		result = diagnosisProtocol
		log.Warn("link speaks another protocol", "protocol", best.Name)
	case best.MTI == "" || best.Fit < frame.FitPart:
		log.Warn("link cannot be diagnosed: no framing shows a message")
	default:
		fits, dialect := alike(all), ""
		if o.DialectOf != nil {
			dialect = o.DialectOf(best.Charset, best.Bitmap)
		}
		if slices.Contains(fits, l.wire.Framing.String()) && dialect == l.wire.Dialect {
			result = diagnosisSame
			break
		}
		result = diagnosisOther
		log.Warn("link does not speak as configured", "dialect", l.wire.Dialect,
			"fits", strings.Join(fits[:min(len(fits), fitsShown)], ","), "fits_dialect", dialect,
			"charset", best.Charset.String(), "bitmap", best.Bitmap.String())
	}
	l.server.metrics.diagnoses[result].Inc()
}

// alike lists the framings that fit as well as the best, which comes first.
func alike(all []frame.Finding) (names []string) {
	best := &all[0]
	for i := range all {
		if f := &all[i]; f.Fit == best.Fit && f.MTI == best.MTI && f.Charset == best.Charset && f.Bitmap == best.Bitmap && f.Frames == best.Frames {
			names = append(names, f.Name)
		}
	}
	return names
}
