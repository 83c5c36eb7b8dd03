package console

import (
	"fmt"
	"strings"
	"testing"

	"switchd/switch/verdict"
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

// TestOneVerdict: the overview begins with the words of the commands, also for what no
// check and no state of a participant says, and names nobody whom they do not.
func TestOneVerdict(t *testing.T) {
	const began = "2026-11-23T10:00:00Z"
	o := view.Overview{At: "2026-11-23T10:00:01Z", StartedAt: began, Minute: view.Minute{Payments: 50, Failed: 0.8, Ours: 0.8},
		Alerts: []view.Alert{{Name: "SwitchdModuleRefusesKey", Severity: "page", Summary: "The module refuses a key."}}}
	all := view.Participants{Participants: []view.Participant{{ID: "BANKA", State: "down", Since: began}, {ID: "BANKB", State: "up", LinksUp: 1}}}
	v := overviewOf(o, all)
	if want := verdict.Judge(&o, all.Participants); v.Verdict.Text != want.Text || v.Verdict.Level != "bad" || len(v.Faults) != 0 || len(v.Banks) != 2 {
		t.Errorf("%+v", v)
	}
	var page strings.Builder
	_, fragments := templates()
	if err := fragments.ExecuteTemplate(&page, "live-overview", v); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "It is the switch: 80.0% of the payments of the last minute failed by its own fault; The module refuses a key.") {
		t.Error(page.String())
	}
}

// TestTurnedAwayTile: success alone does not hide that requests are refused at the rim.
func TestTurnedAwayTile(t *testing.T) {
	if v := overviewOf(view.Overview{TurnedAway: 42}, view.Participants{}); v.Tiles[0].Note != "42.0 requests a second are turned away" || v.Tiles[0].Level != "bad" {
		t.Errorf("%+v", v.Tiles[0])
	}
}
