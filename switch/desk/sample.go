package desk

import (
	"context"
	"time"

	"switchd/switch/alert"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/view"
)

// What is kept of the past.
const (
	samplesMax = 900 // of the whole, a second each
	pointsMax  = 60  // of a participant
	pointLooks = 10  // looks in one of them
)

// watcher is Run at work: it alone remembers what was before.
type watcher struct {
	d       *Desk
	looked  int64 // when; 0: not yet
	looks   int
	pay     counts
	commits latency
	budget  budget
	past    map[route.Participant]*past

	marked   int64 // when the objectives were last looked at
	notReady int64 // for how long the switch was not ready, ns
}

// taken are counts and when they were.
type taken struct {
	counts
	at int64
}

// seconds is how long ago that was; otherwise, where the clock shows no time in between.
func (t *taken) seconds(now int64, otherwise float64) float64 {
	if now <= t.at {
		return otherwise
	}
	return float64(now-t.at) / float64(time.Second)
}

// past is what a participant has shown so far.
type past struct {
	looks []taken // the latest ones, the oldest first
	trend []float64
	tps   []float64
	point taken // when the latest point was made
	state string
	since int64
}

func newWatcher(d *Desk) *watcher {
	return &watcher{d: d, past: map[route.Participant]*past{}}
}

// inside is what a look takes from the machine, in one turn of the writer.
type inside struct {
	standing     payment.Standing
	open         int
	sum          int64
	participants []insideParticipant
}

type insideParticipant struct {
	*payment.Profile
	links    int
	drained  bool
	untold   payment.Untold
	position view.Position
	health   []payment.Health // by class
}

// inspectMax is how long a look waits for the writer.
const inspectMax = time.Second

// inside asks the machine. The profiles are of a configuration that does not change.
func (d *Desk) inside(ctx context.Context, classes []payment.Class) (in inside, err error) {
	ctx, cancel := context.WithTimeout(ctx, inspectMax)
	defer cancel()
	err = d.o.Engine.Inspect(ctx, func(m *payment.Machine) {
		in.standing, in.open, in.sum = m.Standing(), m.OpenCount(), m.PositionSum()
		all := m.Config().Participants
		in.participants = make([]insideParticipant, 0, len(all))
		for i := range all {
			if all[i].Canary { // nobody whom one could call
				continue
			}
			in.participants = append(in.participants, insideParticipant{Profile: &all[i]})
			p := &in.participants[len(in.participants)-1]
			p.links, p.drained, p.position = m.LinkCount(p.Number), m.Drained(p.Number), positionOf(p.ID, m.Position(p.Number))
			p.untold = m.Untold(p.Number)
			p.health = make([]payment.Health, len(classes))
			for k, c := range classes {
				p.health[k] = m.Health(p.Number, c)
			}
		}
	})
	return in, err
}

// look makes the next picture. A writer that does not answer leaves the one before, but
// for its checks and alerts: its time says how old it is.
func (w *watcher) look(ctx context.Context) {
	d, classes := w.d, payment.Classes()
	d.showing.Lock()
	defer d.showing.Unlock()
	in, err := d.inside(ctx, classes)
	now := d.o.Clock()
	if err != nil {
		w.stuck(now)
		return
	}
	seconds := lookEvery.Seconds()
	if w.looked != 0 && now > w.looked {
		seconds = float64(now-w.looked) / float64(time.Second)
	}
	next := &picture{}
	w.participants(next, &in, now, seconds, classes, d.o.Links.Links())
	w.whole(next, &in, now, seconds)
	next.limits = d.limitsOf(&in)
	d.alarm(next, now)
	w.looked = now
	w.looks++
	d.show(next)
}

// stuck is the picture of before when the writer does not answer, with what can be known
// without it: just then the checks and the alerts must speak.
func (w *watcher) stuck(now int64) {
	was := w.d.latest.Load()
	if was == nil {
		return
	}
	next := *was
	w.d.check(&next.overview)
	w.objectives(&next.overview, now)
	w.d.alarm(&next, now)
	w.d.show(&next)
}

// alarm fills in what fires.
func (d *Desk) alarm(next *picture, now int64) {
	next.alerts = d.o.Alerts(now, &next.overview, next.participants.Participants, next.limits.Limits)
	if next.alerts.Firing == nil {
		next.alerts.Firing = []view.Alert{}
	}
	if next.alerts.Ended == nil {
		next.alerts.Ended = []view.Ended{}
	}
	next.overview.Alerts = next.alerts.Firing
}

// check fills in whether the switch is ready.
func (d *Desk) check(o *view.Overview) {
	o.Checks, o.Ready = append([]view.Check{}, d.o.Checks()...), true
	for _, c := range o.Checks {
		o.Ready = o.Ready && c.OK
	}
}

// whole fills in what is about the whole switch.
func (w *watcher) whole(next *picture, in *inside, now int64, seconds float64) {
	d := w.d
	force := d.o.Force()
	money := force.Money()
	tally, commit := d.o.Engine.PaymentTally(), d.o.Engine.CommitTally()
	pay := paymentCounts(&tally)
	if w.looked == 0 {
		w.pay, w.commits = pay, commit.Latency
	}
	lately := pay.minus(&w.pay)
	s := lately.sample(now, seconds)
	commits := between(&w.commits, &commit.Latency)
	load := d.o.Engine.Load()
	s.Open, s.InDoubt, s.InFlight = in.open, in.standing.Doubtful, in.standing.MovingMinor
	s.CommitP99, s.LoadStep = quantile(&commits, 0.99), int(load)
	w.pay, w.commits = pay, commit.Latency

	o := &next.overview
	*o = view.Overview{
		At: stamp(now), StartedAt: stamp(d.started), Version: d.o.Version, Commit: d.o.Commit,
		Currency: money.Code, Exponent: money.Exponent,
		Secured: d.o.Secured, TwoPerson: d.o.Secured && d.o.TwoPerson, Latest: s,
		LoadStep: int(load), LoadSheds: loadWords[load], Open: in.open,
		InDoubt: in.standing.Doubtful, InDoubtMinor: in.standing.DoubtfulMinor, DeadLetters: in.standing.DeadLetters, PositionsSum: in.sum,
	}
	d.check(o)
	if in.standing.Oldest != 0 {
		o.OldestInDoubt = max(0, float64(now-in.standing.Oldest)/float64(time.Second))
	}
	for i := range next.participants.Participants {
		p := &next.participants.Participants[i]
		o.LinksUp += p.LinksUp
		o.LinksWanted += p.LinksWanted
	}
	w.objectives(o, now)
	w.series(next, s)
}

// loadWords say what each step of the brown-out sheds.
var loadWords = [...]string{
	payment.LoadNormal:      "nothing",
	payment.LoadNoEnquiries: "enquiries, and what one payer sends in a hurry",
	payment.LoadNoCollects:  "enquiries and collects",
	payment.LoadSmallOnly:   "enquiries, collects and payments that are not small",
	payment.LoadNoPayments:  "all new payments",
}

// objectives takes the mark of a look, and fills in what the marks say. What was between
// it and the one before was as it is now.
func (w *watcher) objectives(o *view.Overview, now int64) {
	if !o.Ready && w.marked != 0 {
		w.notReady += max(0, now-w.marked)
	}
	w.marked = now
	slow, counted := above(&w.pay.latency, alert.SlowPayment)
	m := mark{at: now, ends: w.pay.ends, slow: slow, counted: counted, refused: w.d.o.Refused(), notReady: w.notReady}
	w.budget.add(m)
	o.Objectives, o.Minute = w.budget.burns(&m, o.PositionsSum), w.budget.lastMinute(&m)
	o.TurnedAway = w.budget.turnedAway(&m)
}

// series adds a sample. What readers hold is never written to: each picture has its own.
func (w *watcher) series(next *picture, s view.Sample) {
	var before []view.Sample
	if was := w.d.latest.Load(); was != nil {
		before = was.series
	}
	if len(before) == samplesMax {
		before = before[1:]
	}
	next.series = append(append(make([]view.Sample, 0, len(before)+1), before...), s)
}
