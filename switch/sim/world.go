package sim

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// epoch is when every run begins: 2023-11-14 22:13:20 UTC, so that a run crosses
// midnight sometimes.
const epoch = int64(1_700_000_000_000_000_000)

// world is one run: the switch, its disk, its participants, the networks between
// them and what is still to happen. It belongs to one goroutine.
type world struct {
	o      Options
	swarm  swarm
	rng    *rand.Rand
	now    int64 // the true time; the switch has a clock of its own
	agenda agenda
	calm   bool // nothing goes wrong any more

	file   *file // the configuration as it stands on the disk
	log    *journal.MemoryLog
	synced uint64 // sequence number up to which an fsync has covered the log
	rows   *rows
	clock  clock
	node   *node        // the process; nil while it is down
	wants  payment.Load // the step of the ladder that the load stands for
	paced  bool         // the node looks at it
	armed  armed
	banks  []*bank
	conns  []*conn

	judge  *judge
	trace  trace
	faults [faultCount]uint64
	sent   int // requests for payments so far
}

func newWorld(seed uint64, o Options) *world {
	rng := rand.New(rand.NewPCG(seed, 0x5eed))
	w := &world{
		o: o.withDefaults(), rng: rng, swarm: drawSwarm(rng), now: epoch,
		log: journal.NewMemory(), rows: newRows(true), trace: newTrace(),
	}
	w.file = w.configuration()
	for i := range w.file.Participants {
		w.banks = append(w.banks, newBank(w, route.Participant(i)))
	}
	w.judge = newJudge(w)
	return w
}

// chance throws the dice for a fault and counts it when it comes.
func (w *world) chance(f fault) bool {
	if w.calm || w.swarm.rates[f] == 0 || w.rng.Float64() >= w.swarm.rates[f] {
		return false
	}
	w.count(f)
	return true
}

func (w *world) count(f fault) {
	w.faults[f]++
	w.trace.fault(w.now, f)
}

// upTo draws a duration from 0 to d.
func (w *world) upTo(d time.Duration) int64 { return w.rng.Int64N(int64(d) + 1) }

// calmBound is how long everything may take to end once nothing goes wrong any
// more. The longest way is a reversal at its largest gap; see check_final.go.
const calmBound = 3 * time.Hour

// run is the safety phase, in which anything may happen, and the liveness phase,
// in which nothing more goes wrong and everything must end.
func (w *world) run() {
	w.do(w.boot)
	for _, b := range w.banks {
		b.begin()
	}
	for range w.o.Payments {
		w.agenda.add(w.now+w.upTo(w.swarm.window), w.request)
	}
	span := w.swarm.window + 20*time.Second
	for range w.swarm.crashes {
		w.agenda.addBackground(w.now+w.upTo(span), w.arm)
	}
	for range w.swarm.troubles {
		w.agenda.addBackground(w.now+w.upTo(span), w.trouble)
	}
	for range w.swarm.overloads {
		w.agenda.addBackground(w.now+w.upTo(span), w.overload)
	}
	for range w.swarm.edits {
		w.agenda.addBackground(w.now+w.upTo(span), w.edit)
		if w.rng.IntN(4) == 0 {
			w.agenda.addBackground(w.now+w.upTo(span), w.setCap)
		}
	}
	for range w.swarm.drains {
		w.agenda.addBackground(w.now+w.upTo(span), w.drain)
	}
	w.turn(w.now+int64(span), func() bool { return false })
	w.peace()
	w.turn(w.now+int64(calmBound), w.drained)
	w.judge.end()
}

// turn lets everything happen that is due until the given time, or until enough.
func (w *world) turn(until int64, enough func() bool) {
	for !w.judge.broken() && len(w.agenda.items) > 0 && w.agenda.items[0].at <= until {
		it := w.agenda.take()
		w.now = max(w.now, it.at)
		w.do(it.do)
		if enough() {
			return
		}
	}
	w.now = max(w.now, until)
}

// drained says that nothing is open, under way or to be asked again.
func (w *world) drained() bool {
	return w.agenda.waiting == 0 && w.node != nil && w.node.idle()
}

// peace ends all trouble: from here on everything must come to its end.
func (w *world) peace() {
	w.calm, w.wants = true, payment.LoadNormal
	w.armed = armed{}
	w.clock.thaw(w)
	for _, c := range w.conns {
		c.heal()
	}
	w.judge.peace()
	w.lists()
	w.operate()
}

// do runs f in the process that it belongs to. A crash is a panic that ends here;
// any other panic is an assertion of the code under test that did not hold.
func (w *world) do(f func()) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case crashed:
			w.crash()
		default:
			w.judge.violation("assertion", 0, "panic: %v\n%s", r, debug.Stack())
		}
	}()
	f()
}

// quiet is the log of the process: it keeps everything, so that the checker of
// secrets can read it.
func (w *world) quiet() *slog.Logger { return slog.New(slog.NewTextHandler(&w.judge.said, nil)) }

// configuration is that of all scenario texts, so that what is found here can be
// written as one.
func (w *world) configuration() *file {
	c := &file{Config: payment.Config{Currency: currency, OpenMax: w.swarm.openMax}, out: make([]bool, w.swarm.participants)}
	for i := range w.swarm.participants {
		p, t := profile(i), &w.swarm.traits[i]
		p.NetDebitCap = w.swarm.cap
		p.Checks, p.Binding, p.Updates, p.RepeatSafe = t.checks, t.binding, t.updates, t.repeatSafe
		if t.onConfirm {
			p.Posting, p.Receipts, p.Updates = payment.PostOnConfirm, true, true
		}
		switch {
		case t.xml:
			p.Receipts = p.Receipts || t.receipts
			p.Match, p.AmbiguousDebit = payment.Match{Reference: true}, ambiguous20022
		case t.byTrace:
			p.Match = payment.Match{Transmitted: true, STAN: true}
		}
		c.Participants = append(c.Participants, p)
	}
	w.swarm.bounds.apply(&c.Config)
	c.out[len(c.out)-1] = w.swarm.joins
	return c
}

const (
	currency          = 356
	currencyName      = "INR"
	switchInstitution = "999999"
)

// ambiguous20022 are the reasons that prove nothing about a debit.
var ambiguous20022 = []payment.Code{payment.CodeOf("AB05"), payment.CodeOf("AB10"), payment.CodeOf("AB11")}

// profile is testProfile of the scenario tests.
func profile(i int) payment.Profile {
	letter := string(rune('A' + i))
	return payment.Profile{
		Number: route.Participant(i), ID: "BANK" + letter, Institution: fmt.Sprint(100001 + i),
		Handles: []string{"bank" + string(rune('a'+i))}, IFSCPrefixes: []string{"BNK" + letter},
		AmbiguousDebit:  []payment.Code{payment.CodeOf("09"), payment.CodeOf("68"), payment.CodeOf("91"), payment.CodeOf("96")},
		AmbiguousCredit: []payment.Code{payment.CodeOf("09"), payment.CodeOf("68")},
		Timers: payment.Timers{
			Total: 45 * time.Second, Resolve: 10 * time.Second, Debit: 15 * time.Second, Credit: 15 * time.Second,
			CreditUnknown: 600 * time.Second, Reversal: 10 * time.Second,
			BackoffMin: 10 * time.Second, BackoffMax: 15 * time.Minute, GiveUp: 48 * time.Hour,
		},
	}
}
