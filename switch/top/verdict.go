package top

import (
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
	// Since is when the worst of them got into its state, if it is known.
	Since string `json:"since,omitempty"`
	// Text says it in one sentence.
	Text string `json:"text"`
}

// Judge says whether it is the switch or a participant. What a participant that is
// drained or removed does is somebody's decision, and nobody's fault.
func Judge(o *view.Overview, all []view.Participant) Verdict {
	ours := switchFaults(o)
	troubled := slices.DeleteFunc(slices.Clone(all), func(p view.Participant) bool { return p.State != "down" && p.State != "degraded" })
	slices.SortStableFunc(troubled, func(a, b view.Participant) int { return rank(a.State) - rank(b.State) })
	v := Verdict{Whose: "nobody", Participants: []string{}, Text: "Nothing is wrong."}
	for i := range troubled {
		v.Participants = append(v.Participants, troubled[i].ID)
	}
	theirs := participantFaults(troubled)
	if len(troubled) > 0 {
		v.Since = troubled[0].Since
	}
	switch {
	case len(ours) > 0 && theirs != "":
		v.Whose, v.Text = "both", "It is the switch: "+strings.Join(ours, "; ")+". And "+theirs
	case len(ours) > 0:
		v.Whose, v.Text = "switch", "It is the switch: "+strings.Join(ours, "; ")+"."
	case theirs != "":
		v.Whose, v.Text = "participant", "It is "+theirs
	}
	return v
}

// rank puts the worst first.
func rank(state string) int {
	return map[string]int{"down": 0, "degraded": 1, "drained": 2, "up": 3}[state]
}

// switchFaults is what is wrong with the switch itself. That no bank is there is not.
func switchFaults(o *view.Overview) (faults []string) {
	for _, c := range o.Checks {
		if !c.OK && c.Name != "links" {
			faults = append(faults, c.Name+": "+c.Error)
		}
	}
	if o.PositionsSum != 0 {
		faults = append(faults, "the positions do not sum up to 0")
	}
	if o.LoadStep > 0 {
		faults = append(faults, "it sheds load: "+o.LoadSheds)
	}
	return faults
}

// participantFaults says who is in trouble, the worst with its reason.
func participantFaults(troubled []view.Participant) string {
	if len(troubled) == 0 {
		return ""
	}
	worst := &troubled[0]
	text := worst.ID + ": " + worst.State
	if worst.Since != "" {
		text += " since " + screen.Clock(worst.Since) + " UTC"
	}
	if worst.Why != "" {
		text += ", " + strings.TrimSuffix(worst.Why, ".")
	}
	switch more := len(troubled) - 1; {
	case more == 1:
		text += fmt.Sprintf("; and %s: %s", troubled[1].ID, troubled[1].State)
	case more > 1:
		text += fmt.Sprintf("; and %d more", more)
	}
	return text + "."
}
