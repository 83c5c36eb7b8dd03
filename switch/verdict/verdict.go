package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"switchd/switch/screen"
	"switchd/switch/view"
)

// Verdict is whose fault it is, if anything is wrong.
type Verdict struct {
	// Whose is nobody, participant, switch, or both.
	Whose string `json:"whose"`
	// Participants are those in trouble, the worst first.
	Participants []string `json:"participants"`
	// Since is when the worst of it began, if it is known.
	Since string `json:"since,omitempty"`
	// Text says it in one sentence.
	Text string `json:"text"`
	// Level is ok, warn (payments go well, and yet somebody should look) or bad.
	Level string `json:"level"`
}

// fault is one thing that is wrong.
type fault struct {
	who   string // a participant; empty: the switch
	text  string // what, without its time
	since string
	why   string
	rank  int // 0 is the worst
}

// Judge says whether it is the switch or a participant: by its checks, by the states of
// participants, by what became of the payments of the last minute, and by the alerts that
// fire. What a participant that is drained or removed does is somebody's decision, and
// nobody's fault.
func Judge(o *view.Overview, all []view.Participant) Verdict {
	r := newRise(o, all)
	ours, theirs, waits := faultsOf(o, r.others(all))
	v := Verdict{Whose: "nobody", Participants: []string{}, Text: calm(o, all, r, waits), Level: "bad"}
	for _, f := range theirs {
		if f.who != "" {
			v.Participants = append(v.Participants, f.who)
		}
	}
	switch {
	case len(ours) > 0 && len(theirs) > 0:
		v.Whose, v.Since, v.Text = "both", ours[0].since, "It is the switch: "+told(ours)+". And "+worst(theirs)
	case len(ours) > 0:
		v.Whose, v.Since, v.Text = "switch", ours[0].since, "It is the switch: "+told(ours)+"."
	case len(theirs) > 0:
		v.Whose, v.Since, v.Text = "participant", theirs[0].since, "It is "+worst(theirs)
	case v.Text == wellText:
		v.Level = "ok"
	default:
		v.Level = "warn"
	}
	return v
}

// faultsOf sorts what is wrong: of the switch, of participants, and what fires and waits
// for somebody while payments go well.
func faultsOf(o *view.Overview, all []view.Participant) (ours, theirs, waits []fault) {
	ours, waits, said := checkFaults(o)
	ours, theirs = append(ours, switchFaults(o)...), participantFaults(all)
	known := map[string]bool{} // that need no alert: told already, or away by somebody's decision, or awaited
	for i := range all {
		known[all[i].ID] = all[i].State != "up"
	}
	for i := range o.Alerts {
		a := &o.Alerts[i]
		f := fault{who: a.Participant, text: strings.TrimSuffix(a.Summary, "."), since: a.Since, rank: 1}
		switch {
		case a.Severity == "info" || saidAlready[a.Name] || said[i]:
		case known[a.Participant]:
		case a.Participant != "":
			theirs = append(theirs, f)
			known[a.Participant] = true
		case a.Severity == "page":
			ours = append(ours, f)
		default:
			waits = append(waits, f)
		}
	}
	if failed := lastMinute(o, all, theirs); failed.text != "" && failed.rank == 0 {
		ours = append([]fault{failed}, ours...)
	} else if failed.text != "" { // theirs is empty
		theirs = []fault{failed}
	}
	return ours, theirs, waits
}

// saidAlready are alerts of what checkFaults and switchFaults say.
var saidAlready = map[string]bool{
	"SwitchdNotReady": true, "SwitchdMoneyNotBalanced": true, "SwitchdLoadShed": true, "SwitchdAllPaymentsShed": true,
}

// What is too much of the last minute: what the switch has promised, of enough payments.
const (
	failedShare  = 0.01
	enoughEnded  = 20
	mostDeclined = 0.5
)

// lastMinute is what its payments say, if too many of them have failed and nobody who is
// in trouble explains it. Its rank is 0 when it is the switch.
func lastMinute(o *view.Overview, all []view.Participant, theirs []fault) fault {
	m := &o.Minute
	says := func(share float64) string {
		return fmt.Sprintf("%s of the payments of the last minute failed", screen.Share(share))
	}
	switch {
	case m.Payments < enoughEnded:
	case m.Ours >= failedShare:
		return fault{text: says(m.Ours) + " by its own fault"}
	case m.Failed < failedShare || len(theirs) > 0 || slices.ContainsFunc(all, func(p view.Participant) bool { return p.State == stateAwaited }):
	default:
		failing := failingNow(all)
		if len(failing) == 0 {
			return fault{text: "participants, none of which stands out: " + says(m.Failed) + ", and not by the switch", rank: 1}
		}
		if most := failing[0]; most.ofAll >= clearMajority {
			return fault{who: most.id, text: fmt.Sprintf("%s of the messages to it fail, and %s", screen.Share(most.share), says(m.Failed)), rank: 1}
		}
		slices.SortFunc(failing, func(a, b failure) int { return strings.Compare(a.id, b.id) }) // who is worse is chance
		var ids []string
		for i := range failing {
			ids = append(ids, failing[i].id)
		}
		return fault{text: "several participants: " + named(ids) + ": " + says(m.Failed) + ". Look for what they share", rank: 1}
	}
	return fault{}
}

// clearMajority is the share of all failures from which on they are one participant's.
// With less the worst of some is chance, and another one a second later.
const clearMajority = 2.0 / 3

// failure is how much fails now at a participant.
type failure struct {
	id    string
	share float64 // of the messages to it
	ofAll float64 // of what fails at anybody
}

// failingNow are the participants to which too many messages fail now, the worst first.
func failingNow(all []view.Participant) (failing []failure) {
	sum := 0.0
	for i := range all {
		s := &all[i].Latest
		sum += s.Failed * s.PerSecond
		if s.Failed >= failedShare && s.PerSecond > 0 {
			failing = append(failing, failure{id: all[i].ID, share: s.Failed, ofAll: s.Failed * s.PerSecond})
		}
	}
	for i := range failing {
		failing[i].ofAll /= sum
	}
	slices.SortStableFunc(failing, func(a, b failure) int { return cmp.Compare(b.ofAll, a.ofAll) })
	return failing
}

// wellText is said when nothing is wrong at all.
const wellText = "Nothing is wrong."

// calm is what is said when nobody's payments suffer.
func calm(o *view.Overview, all []view.Participant, r *rise, waits []fault) string {
	text := wellText
	if awaited := r.text(); awaited != "" {
		text = awaited
	} else if len(all) == 0 {
		text = "No participant is configured: add one to the configuration file, and reload."
	} else if m := &o.Minute; m.Payments >= enoughEnded && m.Declined >= mostDeclined {
		text = fmt.Sprintf("Nothing has failed, and %s of the payments of the last minute were declined for a reason.", screen.Share(m.Declined))
	}
	if len(waits) > 0 {
		text = strings.Replace(text, wellText, "Payments go well.", 1) + " For the working day: " + told(waits) + "."
	}
	return text
}

// Rank puts the worst state of a participant first.
func Rank(state string) int {
	return map[string]int{"down": 0, "degraded": 1, "drained": 2, "up": 3}[state]
}

// switchFaults is what is wrong with the switch itself, beyond its checks.
func switchFaults(o *view.Overview) (faults []fault) {
	since := map[string]string{}
	for i := range o.Alerts {
		since[o.Alerts[i].Name] = o.Alerts[i].Since
	}
	if o.PositionsSum != 0 {
		faults = append(faults, fault{text: "the positions do not sum up to 0", since: since["SwitchdMoneyNotBalanced"]})
	}
	if o.LoadStep > 0 {
		faults = append(faults, fault{text: "it sheds load: " + o.LoadSheds, since: cmp.Or(since["SwitchdAllPaymentsShed"], since["SwitchdLoadShed"])})
	}
	return faults
}

// participantFaults are the participants in trouble, the worst first.
func participantFaults(all []view.Participant) (faults []fault) {
	for i := range all {
		p := &all[i]
		if p.State != "down" && p.State != "degraded" {
			continue
		}
		faults = append(faults, fault{who: p.ID, text: p.State, since: p.Since, why: strings.TrimSuffix(p.Why, "."), rank: Rank(p.State)})
	}
	slices.SortStableFunc(faults, func(a, b fault) int { return a.rank - b.rank })
	return faults
}

// told is faults with their times.
func told(faults []fault) string {
	var all []string
	for i := range faults {
		all = append(all, faults[i].told())
	}
	return strings.Join(all, "; ")
}

// told is a fault with its time, and why.
func (f *fault) told() string {
	text := f.text
	if f.since != "" {
		text += " since " + screen.Clock(f.since) + " UTC"
	}
	if f.why != "" {
		text += ", " + f.why
	}
	return text
}

// worst says who is in trouble, the worst with its reason; of several that are equally bad
// none more than the others: it is to be asked what they share.
func worst(faults []fault) string {
	var equal []string
	for i := range faults {
		if f := &faults[i]; f.who != "" && f.rank == faults[0].rank && f.text == faults[0].text {
			equal = append(equal, f.who)
		}
	}
	if len(equal) >= severalAre {
		text := "several participants: " + named(equal) + ": " + faults[0].text
		if more := len(faults) - len(equal); more > 0 {
			text += fmt.Sprintf("; and %d more", more)
		}
		return text + ". Look for what they share."
	}
	text := faults[0].told()
	if faults[0].who != "" {
		text = faults[0].who + ": " + text
	}
	switch more := len(faults) - 1; {
	case more == 1:
		text += "; and " + faults[1].who + ": " + faults[1].text
	case more > 1:
		text += fmt.Sprintf("; and %d more", more)
	}
	return text + "."
}

// severalAre is how many participants with the same fault make it unlikely that it is theirs.
const severalAre = 3

// namedMax is how many of several participants are named.
const namedMax = 5

// named are the names of participants, as many as fit a sentence.
func named(ids []string) string {
	text := strings.Join(ids[:min(len(ids), namedMax)], ", ")
	if more := len(ids) - namedMax; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
