package verdict

import (
	"cmp"

	"switchd/switch/view"
)

// checkOf are the alerts that say the same as a check of readiness.
var checkOf = map[string]string{
	"SwitchdNothingCommitted": "commits", "SwitchdDiskBelowReserve": "disk", "SwitchdDiskLow": "disk", "SwitchdClock": "clock-jump",
	"SwitchdModuleDown": "module", "SwitchdConfigFallback": "configuration", "SwitchdCanaryFailing": "canary",
}

// checkFaults is what the checks say: those that fail, and for the working day those that
// warn. The alerts about the same are said by that, but for a page about a warning, which
// says more. That no bank is there is no fault of the switch.
func checkFaults(o *view.Overview) (ours, waits []fault, said []bool) {
	said = make([]bool, len(o.Alerts))
	notReady, _ := alertOf(o, func(a *view.Alert) bool { return a.Name == "SwitchdNotReady" })
	for i := range o.Checks {
		c := &o.Checks[i]
		a, at := alertOf(o, func(a *view.Alert) bool { return checkOf[a.Name] == c.Name })
		switch {
		case c.Name == "links" || c.OK && (c.Warning == "" || a.Severity == "page"):
			continue
		case c.OK:
			waits = append(waits, fault{text: c.Name + ": " + c.Warning, since: a.Since})
		default:
			ours = append(ours, fault{text: c.Name + ": " + c.Error, since: cmp.Or(a.Since, notReady.Since)})
		}
		if at >= 0 {
			said[at] = true
		}
	}
	return ours, waits, said
}

// alertOf is the first alert that is meant, and where; -1: there is none.
func alertOf(o *view.Overview, meant func(*view.Alert) bool) (view.Alert, int) {
	for i := range o.Alerts {
		if meant(&o.Alerts[i]) {
			return o.Alerts[i], i
		}
	}
	return view.Alert{}, -1
}
