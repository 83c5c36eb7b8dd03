package engine

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"switchd/switch/payment"
)

// collector makes metrics of what is counted anyway: what it costs, it costs who asks.
type collector struct {
	e *Engine

	mu     sync.Mutex // held by a collection; guards ledger
	ledger []ledgerLine
	sum    int64
	known  bool // ledger has been read
}

// ledgerLine is what the ledger and the machine say of a participant.
type ledgerLine struct {
	id      string
	used    float64 // of its cap, 0 to 1 and above
	capped  bool
	drained bool
}

var (
	paymentsTotal = prometheus.NewDesc("switchd_payments_total",
		"Payments that have ended: success, declined (by a bank, a rule or a person), failed (for a technical reason), deemed (never confirmed, settles as success), reversed (the debit was taken back); and by whose fault, if it did not end as it should: nobody, participant, switch.", []string{"type", "result", "fault"}, nil)
	paymentDuration = prometheus.NewDesc("switchd_payment_duration_seconds",
		"From the commit of a request, or the approval of a collect, to the final state of its payment.", []string{"type"}, nil)
	legDuration = prometheus.NewDesc("switchd_leg_duration_seconds",
		"From the first send of a message to a participant to its answer; none of messages that were sent several times.", []string{"class"}, nil)
	legsTotal = prometheus.NewDesc("switchd_legs_total",
		"Messages to participants by what became of them: approved, declined, failed (not sent, or an answer about the participant, or one that proves nothing), unanswered.", []string{"participant", "class", "result"}, nil)
	legsSlow = prometheus.NewDesc("switchd_legs_slow_total",
		"Answers of participants that took longer than a second; none of messages that were sent several times.", []string{"participant", "class"}, nil)
	commitDuration = prometheus.NewDesc("switchd_commit_duration_seconds",
		"From the append of a group to its durability.", nil, nil)
	inDoubt = prometheus.NewDesc("switchd_payments_in_doubt",
		"Payments of which no bank has said in time where the money is: credits in doubt, and debits that are being reversed.", nil, nil)
	inDoubtOldest = prometheus.NewDesc("switchd_payments_in_doubt_oldest_seconds",
		"Age of the oldest payment in doubt; 0 when there is none.", nil, nil)
	inFlight = prometheus.NewDesc("switchd_payments_in_flight_minor",
		"Money that is, or may be, on its way, in minor units of the switch's currency.", nil, nil)
	deadLetters = prometheus.NewDesc("switchd_dead_letters",
		"Payments about which a person must decide now.", nil, nil)
	positionUsed = prometheus.NewDesc("switchd_position_used_ratio",
		"Share of its net debit cap that a participant has used.", []string{"participant"}, nil)
	positionsSum = prometheus.NewDesc("switchd_positions_net_minor",
		"Sum of all positions in minor units; anything but 0 is a fault of the switch.", nil, nil)
	drained = prometheus.NewDesc("switchd_drained",
		"1 for a participant that takes part in no new payment, because an operator has drained it.", []string{"participant"}, nil)
)

// Describe names all metrics.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{
		paymentsTotal, paymentDuration, legDuration, legsTotal, legsSlow, commitDuration, inDoubt, inDoubtOldest, inFlight,
		deadLetters, positionUsed, positionsSum, drained,
	} {
		to <- d
	}
}

// Collect reads the counters, and the ledger in one turn of the writer.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.payments(to)
	c.messages(to)
	c.standing(to)
	c.positions(to)
}

func gauge(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func counter(d *prometheus.Desc, v uint64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

func (c *collector) payments(to chan<- prometheus.Metric) {
	t := &c.e.tallies
	for kind := range paymentTypes {
		name := payment.Type(kind).String()
		for end := range payment.EndCount {
			for fault := range payment.FaultCount {
				if end.Faults(fault) {
					to <- counter(paymentsTotal, t.ended[kind][end][fault].Load(), name, end.String(), fault.String())
				}
			}
		}
		h := &histogram{desc: paymentDuration, label: &dto.LabelPair{Name: new("type"), Value: &name}, from: &t.payments[kind]}
		to <- t.exemplars.on(h, int(kind))
	}
}

// firstSlow is the first bucket of a tally with times of more than a second, which is the
// bound of the one before.
var firstSlow = bucketOf(stepOf(int64(time.Second))) + 1

// messages tells of those participants and classes that were ever asked. The canaries are
// nobody whom one could call: they have metrics of their own.
func (c *collector) messages(to chan<- prometheus.Metric) {
	t := &c.e.tallies
	participants := c.e.Config().Participants
	for _, class := range payment.Classes() {
		name := class.String()
		to <- &histogram{desc: legDuration, label: &dto.LabelPair{Name: new("class"), Value: &name}, from: &t.legs[class]}
		for i := range participants {
			of := t.participants[participants[i].Number].Load()
			if participants[i].Canary || of == nil || of[class].results[payment.LegAsked].Load() == 0 {
				continue
			}
			for r := payment.LegApproved; r < payment.LegResultCount; r++ {
				to <- counter(legsTotal, of[class].results[r].Load(), participants[i].ID, name, r.String())
			}
			slow := uint64(0)
			for b := firstSlow; b < LatencyBuckets; b++ {
				slow += of[class].latency[b].Load()
			}
			to <- counter(legsSlow, slow, participants[i].ID, name)
		}
	}
	to <- &histogram{desc: commitDuration, from: &t.commits}
}

func (c *collector) standing(to chan<- prometheus.Metric) {
	s, age := c.e.Standing(), int64(0)
	if s.Oldest != 0 {
		age = max(0, c.e.now()-s.Oldest)
	}
	to <- gauge(inDoubt, float64(s.Doubtful))
	to <- gauge(inDoubtOldest, seconds(age))
	to <- gauge(inFlight, float64(s.MovingMinor))
	to <- gauge(deadLetters, float64(s.DeadLetters))
}

// ledgerWait is how long a collection waits for the writer, which a disk may keep:
// what was read before is told then.
const ledgerWait = 250 * time.Millisecond

func (c *collector) positions(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), ledgerWait)
	defer cancel()
	_ = c.e.Inspect(ctx, c.read)
	if !c.known {
		return
	}
	to <- gauge(positionsSum, float64(c.sum))
	for _, l := range c.ledger {
		if l.capped {
			to <- gauge(positionUsed, l.used, l.id)
		}
		v := 0.0
		if l.drained {
			v = 1
		}
		to <- gauge(drained, v, l.id)
	}
}

// read runs on the writer's goroutine.
func (c *collector) read(m *payment.Machine) {
	c.ledger, c.known = c.ledger[:0], true
	c.sum = m.PositionSum()
	participants := m.Config().Participants
	for i := range participants {
		p := &participants[i]
		if !p.Listed() || p.Canary {
			continue
		}
		at := m.Position(p.Number)
		c.ledger = append(c.ledger, ledgerLine{
			id: p.ID, used: max(0, float64(at.Used())/float64(max(at.Cap, 1))), capped: at.Cap > 0,
			drained: m.Drained(p.Number),
		})
	}
}
