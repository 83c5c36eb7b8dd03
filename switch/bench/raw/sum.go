package raw

// Payment is what a payment by address would cost the switch if nothing but the limits
// counted: messagesOfPayment echoes, eventsOfPayment events in the journal, the machine,
// and the codec. What is not in it is what a switch adds: hand-overs, its state store,
// checks, metrics.
type Payment struct {
	Dialect string   `json:"dialect"`
	Burst   int      `json:"burst"`  // messages that share a TLS record
	Events  int      `json:"events"` // events that share an fsync
	Links   *float64 `json:"links_us"`
	Journal *float64 `json:"journal_us"`
	Machine float64  `json:"machine_us"`
	Codec   float64  `json:"codec_us"`
	CPU     *float64 `json:"cpu_us"` // all four
	// What the disk would allow: the events of a second over those of a payment.
	PerSecond float64 `json:"per_second_of_fsync"`
}

// A payment by address has a request, three answers of participants, and as many messages
// to them: four in, four out. Those that come are events.
const (
	messagesOfPayment = 4
	eventsOfPayment   = 4
)

// batches are the sizes that go together: what shares a record and what shares an fsync.
var batches = [...]struct{ burst, events int }{{1, 1}, {16, 64}, {64, 256}}

func sums(l *Limits) (all []Payment) {
	for _, c := range l.Codec {
		for _, b := range batches {
			p := Payment{Dialect: c.Dialect, Burst: b.burst, Events: b.events, Machine: l.Step.PaymentCPU, Codec: c.PaymentCPU}
			for _, e := range l.Echo {
				if e.Burst == b.burst {
					p.Links = times(e.SwitchCPU, messagesOfPayment)
				}
			}
			for _, f := range l.Fsync {
				if f.Events == b.events {
					p.Journal, p.PerSecond = times(f.CPU, eventsOfPayment), f.PerSecond/eventsOfPayment
				}
			}
			if p.Links != nil && p.Journal != nil {
				sum := *p.Links + *p.Journal + p.Machine + p.Codec
				p.CPU = &sum
			}
			all = append(all, p)
		}
	}
	return all
}

func times(v *float64, n float64) *float64 {
	if v == nil {
		return nil
	}
	product := *v * n
	return &product
}

// Nearest is the sum for a dialect whose groups are nearest to so many events, by their
// ratio; nil: there is none.
func (l *Limits) Nearest(dialect string, events float64) *Payment {
	var best *Payment
	far := 0.0
	for i := range l.Payment {
		p := &l.Payment[i]
		ratio := max(float64(p.Events), events) / max(min(float64(p.Events), events), 0.01)
		if p.Dialect == dialect && (best == nil || ratio < far) {
			best, far = p, ratio
		}
	}
	return best
}

// Group is the group commit nearest to so many events; nil: there is none.
func (l *Limits) Group(events float64) *Fsync {
	var best *Fsync
	far := 0.0
	for i := range l.Fsync {
		f := &l.Fsync[i]
		ratio := max(float64(f.Events), events) / max(min(float64(f.Events), events), 0.01)
		if best == nil || ratio < far {
			best, far = f, ratio
		}
	}
	return best
}
