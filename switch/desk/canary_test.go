package desk

import (
	"context"
	"net/url"
	"testing"
	"time"

	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
	"switchd/switch/view"
)

// withCanaries adds the two participants of the switch's own payments to a rig.
func (r *rig) withCanaries() {
	r.t.Helper()
	c := *r.engine.Config()
	c.Participants = append([]payment.Profile{}, c.Participants...)
	for i, id := range []string{"CANARY1", "CANARY2"} {
		p := c.Participants[0]
		p.ID, p.Institution, p.Handles, p.IFSCPrefixes, p.Canary = id, "99999999991"[:10]+string('1'+rune(i)), nil, []string{"ZZC" + string('A'+rune(i))}, true
		p.Number = route.Participant(len(c.Participants))
		c.Participants = append(c.Participants, p)
	}
	if _, err := r.engine.Reconfigure(context.Background(), c, engine.Author{Reason: "a test", Operator: "test"}); err != nil {
		r.t.Fatal(err)
	}
}

// TestCanariesAreNobody: the participants of the switch's own payments are not shown among
// those whom one could call, nobody can order about them, and their payments are found
// only by who asks for them.
func TestCanariesAreNobody(t *testing.T) {
	asked := state.Query{}
	r := newRig(t, func(o *Options) {
		o.Query = func(url.Values) (state.Query, error) { return asked, nil }
	})
	r.withCanaries()
	r.pay(1)
	own := request(2)
	own.From, own.Request.Key.From = 2, 2
	own.Text.Set(payment.PayeeIFSC, []byte("ZZCB0000001"))
	r.submit(payment.Event{Kind: payment.LinkUp, From: 2}, payment.Event{Kind: payment.LinkUp, From: 3}, own)
	r.expect(payment.LegDebit)
	r.settle()
	r.watch.look(context.Background())
	all, _ := r.Participants(context.Background())
	breakers, _ := r.Breakers(context.Background())
	positions, _ := r.Positions(context.Background())
	limits, _ := r.Limits(context.Background())
	if len(all.Participants) != 2 || len(positions.Positions) != 2 || len(breakers.Breakers) != 2*len(payment.Classes()) {
		t.Errorf("%d participants, %d positions, %d breakers", len(all.Participants), len(positions.Positions), len(breakers.Breakers))
	}
	for _, l := range limits.Limits {
		if l.Participant == "CANARY1" || l.Participant == "CANARY2" {
			t.Errorf("a limit of a canary: %+v", l)
		}
		if (l.Unit == view.UnitMinor) != (l.Name == "net debit cap") || l.Unit == "" {
			t.Errorf("%s is counted in %q", l.Name, l.Unit)
		}
	}
	if _, err := r.number("CANARY1"); err == nil {
		t.Error("a canary can be ordered about")
	}
	for _, c := range []struct {
		q    state.Query
		want int
	}{{state.Query{}, 1}, {state.Query{Participants: []route.Participant{0}}, 1}, {state.Query{Participants: []route.Participant{2}}, 1}, {state.Query{Participants: []route.Participant{0, 3}}, 2}} {
		asked = c.q
		found, err := r.Search(context.Background(), omar, nil)
		if err != nil || len(found.Payments) != c.want {
			t.Errorf("%+v finds %d, want %d: %v", c.q, len(found.Payments), c.want, err)
		}
	}
}

// TestStatesThatHoldSinceTheStart: they are said to, and reasons are no sentences.
func TestStatesThatHoldSinceTheStart(t *testing.T) {
	r := newRig(t)
	r.settle()
	r.pass(time.Hour)
	r.watch.look(context.Background())
	v, err := r.Participant(context.Background(), "BANKA")
	if err != nil || v.State != "up" || v.Since != stamp(r.started) {
		t.Errorf("%s since %q, want %q: %v", v.State, v.Since, stamp(r.started), err)
	}
	r.submit(payment.Event{Kind: payment.LinkDown, From: 0})
	r.settle()
	r.pass(time.Minute)
	r.watch.look(context.Background())
	v, err = r.Participant(context.Background(), "BANKA")
	if err != nil || v.State != "down" || v.Since != stamp(r.clock()) || v.Why != "no link of it is signed on" {
		t.Errorf("%s since %q: %q: %v", v.State, v.Since, v.Why, err)
	}
}

// stuck is an engine whose writer does not answer.
type stuck struct{ Engine }

// Inspect gets no answer.
func (stuck) Inspect(context.Context, func(*payment.Machine)) error {
	return context.DeadlineExceeded
}

// TestAlertsOfAWriterThatIsStuck: just then checks and alerts go on.
func TestAlertsOfAWriterThatIsStuck(t *testing.T) {
	looks, bad := 0, false
	r := newRig(t, func(o *Options) {
		o.Checks = func() []view.Check { return []view.Check{{Name: "writer", OK: !bad}} }
		o.Alerts = func(_ int64, v *view.Overview, _ []view.Participant, _ []view.Limit) view.Alerts {
			if looks++; v.Ready {
				return view.Alerts{}
			}
			return view.Alerts{Firing: []view.Alert{{Name: "SwitchdNotReady"}}}
		}
	})
	r.watch.look(context.Background())
	before := r.latest.Load().overview.At
	bad = true
	r.pass(time.Minute)
	r.o.Engine = stuck{r.o.Engine}
	r.watch.look(context.Background())
	v, err := r.Overview(context.Background(), omar)
	if err != nil || looks != 2 || v.Ready || v.At != before || len(v.Alerts) != 1 {
		t.Errorf("%d looks, ready %v, of %s, alerts %+v: %v", looks, v.Ready, v.At, v.Alerts, err)
	}
	if a, _ := r.Alerts(context.Background()); len(a.Firing) != 1 {
		t.Errorf("alerts %+v", a)
	}
}
