package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"switchd/switch/config"
	"switchd/switch/view"
)

// reload has somebody have the file read.
func (o *office) reload(name, reason string, dry bool) (r reloaded) {
	o.t.Helper()
	status, answer := o.ask(name, http.MethodPost, "/api/v1/reload", reloadOrder{Reason: reason, DryRun: dry})
	if err := json.Unmarshal(answer, &r); status != http.StatusOK || err != nil {
		o.t.Errorf("a reload by %s: %d %s", name, status, answer)
	}
	return r
}

// latest is the latest deed of the audit.
func (o *office) latest() view.Change {
	o.t.Helper()
	_, body := o.ask("ada", http.MethodGet, "/api/v1/audit", nil)
	var deeds view.Changes
	if err := json.Unmarshal(body, &deeds); err != nil {
		o.t.Fatal(err)
	}
	for _, d := range deeds.Changes {
		if d.Kind != "config" {
			return d
		}
	}
	return view.Change{}
}

// caps: a file with another cap takes two persons, who both mean that file; a signal takes
// whoever may send one, and the audit says so.
func (o *office) caps(t *testing.T) {
	before := capOfOffice(o)
	o.edit(`net_debit_cap: "10000000.00"`, `net_debit_cap: "88.00"`)
	if r := o.reload("sam", "a test", true); !r.TwoPerson || r.Approval != 0 {
		t.Errorf("a dry run: %+v", r)
	}
	r := o.reload("omar", "88 is enough", false)
	if r.Applied || r.Approval == 0 || !r.TwoPerson || capOfOffice(o) != before {
		t.Fatalf("one person has changed a cap by the file: %+v, it is %d", r, capOfOffice(o))
	}
	o.order("omar", view.Order{Command: "approve", Approval: r.Approval}, http.StatusForbidden)
	o.order("olga", view.Order{Command: "approve", Approval: r.Approval}, http.StatusForbidden)
	o.edit(`net_debit_cap: "88.00"`, `net_debit_cap: "99.00"`)
	o.order("sam", view.Order{Command: "approve", Approval: r.Approval}, http.StatusConflict)
	if got := capOfOffice(o); got != before {
		t.Errorf("what nobody has approved is in force: a cap of %d", got)
	}
	r = o.reload("omar", "99 is enough", false)
	if v := o.order("sam", view.Order{Command: "approve", Approval: r.Approval}, http.StatusOK); !v.Done || capOfOffice(o) != 9900 {
		t.Errorf("two persons: %+v, a cap of %d", v, capOfOffice(o))
	}
	if d := o.latest(); d.Kind != "reload" || d.Operator != "omar" || d.Approver != "sam" || !strings.HasSuffix(d.Text, "; caps BANKA 10000000.00 INR -> 99.00 INR.") {
		t.Errorf("the audit: %+v", d)
	}
	o.edit(`net_debit_cap: "99.00"`, `net_debit_cap: "10000000.00"`)
	o.process.signal(syscall.SIGHUP)
	until(t, patience, "the reload by a signal", func() bool { return capOfOffice(o) == 1_000_000_000 })
	if d := o.latest(); d.Operator != "SIGHUP" || !strings.Contains(d.Text, ", by one person (a signal): changes 1; caps BANKA 99.00 INR -> ") {
		t.Errorf("the audit of a signal: %+v", d)
	}
}

// TestTakeNoted: a file of users with a fault leaves no deed that says otherwise, and what
// fails behind its deed has another.
func TestTakeNoted(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	for _, c := range []struct {
		people, apply error
		want          string
	}{
		{nil, nil, "people reload reload apply"},
		{wrong, nil, "people"},
		{nil, wrong, "people reload reload apply reload-failed"},
	} {
		var done []string
		does := func(what string, err error) error {
			done = append(done, what)
			return err
		}
		err := takeNoted(func(kind, _ string) error { return does(kind, nil) }, []string{"one", "two"},
			func() error { return does("people", c.people) }, func() error { return does("apply", c.apply) })
		if got := strings.Join(done, " "); got != c.want || errors.Is(err, wrong) != (c.people != nil || c.apply != nil) {
			t.Errorf("%s, %v; want %s", got, err, c.want)
		}
	}
}

// TestReloadDeeds: all caps that a file changes are in deeds that fit their records.
func TestReloadDeeds(t *testing.T) {
	t.Parallel()
	old, next := &config.Config{Currency: "INR"}, &config.Config{Currency: "INR"}
	for i := range 50 {
		p := config.Participant{ID: fmt.Sprintf("PARTICIPANT%03d", i), NetDebitCap: int64(i)}
		if i%2 == 0 {
			old.Participants = append(old.Participants, p)
		}
		p.NetDebitCap = 1_000_000_000
		next.Participants = append(next.Participants, p)
	}
	n := &node{cfg: &config.Config{}}
	n.conf.file = "/etc/switchd/switchd.yml"
	all := ""
	caps := capsChanged(old, next)
	deeds := n.reloadDeeds(&reloaded{}, new(reloading), caps)
	for _, d := range deeds {
		if all += d + "\n"; len(d) > deedBytes {
			t.Errorf("%d bytes: %s", len(d), d)
		}
	}
	for i := range 50 {
		from := "none"
		if i%2 == 0 {
			from = config.AmountText(int64(i), 356)
		}
		if want := fmt.Sprintf("PARTICIPANT%03d %s -> 10000000.00 INR", i, from); !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if words := n.reloadWords(&reloaded{}, new(reloading), caps); !strings.HasSuffix(words, ", and 30 more") {
		t.Error(words)
	}
}
