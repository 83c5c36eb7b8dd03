package console

import (
	"fmt"
	"testing"

	"switchd/switch/view"
)

// TestManyInTrouble: when many participants are in trouble the page names the worst of
// them and counts the rest, and none is named twice.
func TestManyInTrouble(t *testing.T) {
	var all view.Participants
	for i := range faultsShownMax + 4 {
		p := view.Participant{ID: fmt.Sprintf("BANK%02d", i), State: "degraded"}
		if i == faultsShownMax+3 {
			p.State = "down"
		}
		all.Participants = append(all.Participants, p)
	}
	all.Participants = append(all.Participants, view.Participant{ID: "WELL", State: "up"})
	v := overviewOf(view.Overview{}, all)
	if len(v.Faults) != faultsShownMax || v.More != 4 || v.Faults[0].Level != "bad" || v.Faults[0].Whose != "BANK11" {
		t.Errorf("%d faults and %d more: %+v", len(v.Faults), v.More, v.Faults)
	}
	named := map[string]bool{}
	for _, f := range v.Faults {
		named[f.Whose] = true
	}
	for _, b := range v.Banks {
		if named[b.ID] {
			t.Errorf("%s is named twice", b.ID)
		}
	}
	if len(v.Banks) != 5 {
		t.Errorf("chips: %+v", v.Banks)
	}
}
