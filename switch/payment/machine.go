package payment

import (
	"fmt"

	"switchd/ledger"
	"switchd/switch/route"
)

// Store is what the machine reads beyond its own memory. Its content must be
// exactly the effect of all events before the current one, up to the last Flush.
type Store interface {
	// FindRequest appends the row of the payment with this key to row, or reports
	// false when there is none. A key is what PutKey was given.
	FindRequest(key *RequestKey, row []byte) ([]byte, bool)
	// FindBusiness names the latest payment with this business identity.
	FindBusiness(business *Business) (ID, bool)
	// FindPayment appends the row of the payment with this number. Payments that are
	// open need not be found by any of the three: they are in memory.
	FindPayment(id ID, row []byte) ([]byte, bool)
	// FindLimit returns what PutLimit has stored; false, and nothing used, when there
	// is none.
	FindLimit(key *LimitKey) (LimitUse, bool)
}

// Totals counts payments by the states they have ever entered.
type Totals [stateCount]uint64

// Machine is the payment machine of one cell. It is owned by one goroutine;
// nothing here is safe for concurrent use.
type Machine struct {
	config       *Config
	routes       *route.Table
	book         *ledger.Book
	participants []participant
	store        Store

	open       map[ID]*Payment   // and the finished ones that are not flushed yet
	active     int               // of them that are open: what OpenMax bounds, whenever the flushes come
	keys       map[RequestKey]ID // of the payments in memory
	business   map[Business]ID   // of those of them that have one, the latest
	traces     map[trace]traced  // of the payments in memory: legs of participants whose answers carry no reference
	lines      map[lineKey]line  // owed messages by the account that they change
	currencies []ledger.Currency // that payments may be in, the switch's own first
	due        deadlines
	totals     Totals
	lastAt     int64 // time of the last event
	load       Load
	limits     map[LimitKey]LimitUse // changed since the last Flush
	limitDay   uint32                // day of the last Flush that dropped old counters; 0: none yet
	known      ID                    // finished payments below it are forgotten (forget.go)
	canaries   bool                  // there are some
	standing   standing              // what has not come to rest, counted

	// Scratch of the current Step.
	now   int64
	seq   uint64
	out   []Effect
	notes []LegNote

	dirty       []*Payment // changed since the last Flush, each once
	configDirty bool
	changes     []Change // since the last Flush
	free        []*Payment
	row         []byte
	stored      Payment // a payment read back from the store
	refusal     Payment // a request that is refused without becoming a payment
}

// freeMax bounds the payments kept for reuse.
const freeMax = 4096

// New returns an empty machine. It does nothing useful before a ConfigChanged
// event or a Restore.
func New(store Store) *Machine {
	routes, _ := route.New(nil)
	return &Machine{
		config: &Config{}, routes: routes, book: ledger.NewBook(), store: store,
		open: map[ID]*Payment{}, keys: map[RequestKey]ID{}, business: map[Business]ID{}, traces: map[trace]traced{},
		lines: map[lineKey]line{}, limits: map[LimitKey]LimitUse{},
	}
}

// Step applies e and appends what must happen next to out. It reads only e, the
// machine and the store; equal states and events give equal effects. Payments in
// the effects are views that end with the next Step.
func (m *Machine) Step(e *Event, out []Effect) []Effect {
	if e.At < m.lastAt {
		panic(fmt.Sprintf("payment: event %d goes back in time", e.Seq))
	}
	m.now, m.seq, m.lastAt, m.out, m.notes = e.At, e.Seq, e.At, out, m.notes[:0]
	switch e.Kind {
	case RequestArrived:
		m.request(e)
	case AnswerArrived:
		m.answer(e)
	case SendFailed:
		m.sendFailed(e)
	case Tick:
		m.tick()
	case LinkUp:
		m.linkUp(e.From)
	case LinkDown:
		m.linkDown(e.From)
	case ConfigChanged:
		m.configure(e.Config)
		m.logged(e, false)
	case Recovered:
		m.recovered()
	case EnquiryArrived:
		m.enquiry(e)
	case CommandGiven:
		m.command(e)
	case LoadChanged:
		m.loadChanged(e.Load)
	default:
		panic(fmt.Sprintf("payment: event %d has unknown kind %d", e.Seq, e.Kind))
	}
	out, m.out = m.out, nil
	return out
}

// NextDeadline is the time at which the driver must log a Tick; false: none.
func (m *Machine) NextDeadline() (int64, bool) {
	if len(m.due) == 0 {
		return 0, false
	}
	return m.due[0].at, true
}

// OpenCount is the number of payments that wait for an outcome or a repair.
func (m *Machine) OpenCount() int { return m.active }

// Totals returns how many payments have ever entered each state.
func (m *Machine) Totals() Totals { return m.totals }

// Of returns the count of one state.
func (t *Totals) Of(s State) uint64 { return t[s] }

// Position returns the ledger position of a participant in the switch's own
// currency.
func (m *Machine) Position(n route.Participant) ledger.Position {
	return m.PositionIn(n, m.config.Currency)
}

// PositionIn returns the ledger position of a participant in a currency.
func (m *Machine) PositionIn(n route.Participant, c ledger.Currency) ledger.Position {
	return m.book.Position(n, c)
}

// PositionSum adds all positions up, in all currencies: zero, always. Each sum is
// zero by itself, and that of the canaries alone as well, so that none can hide another.
func (m *Machine) PositionSum() int64 {
	for _, c := range m.book.Currencies() {
		if sum := m.book.Sum(c); sum != 0 {
			return sum
		}
		canaries := int64(0)
		for n := range m.participants {
			if p := &m.participants[n]; p.profile.Canary {
				canaries += m.book.Position(route.Participant(n), c).Posted
			}
		}
		if canaries != 0 {
			return canaries
		}
	}
	return 0
}

// Config returns the configuration in force. Read it, never change it.
func (m *Machine) Config() *Config { return m.config }

// Profile is that of a participant; it is read only.
func (m *Machine) Profile(n route.Participant) *Profile { return &m.at(n).profile }

// LinkCount is the number of signed-on links of a participant.
func (m *Machine) LinkCount(n route.Participant) int {
	if int(n) >= len(m.participants) {
		return 0
	}
	return int(m.participants[n].links)
}

// take gets a payment to fill.
func (m *Machine) take() *Payment {
	if n := len(m.free); n > 0 {
		p := m.free[n-1]
		m.free = m.free[:n-1]
		return p
	}
	return &Payment{heapAt: -1}
}

// touch remembers that p must be written at the next Flush.
func (m *Machine) touch(p *Payment) {
	if !p.dirty {
		p.dirty = true
		m.dirty = append(m.dirty, p)
	}
}

// send appends the message of a leg. The caller has recorded the leg.
func (m *Machine) send(p *Payment, leg Leg, repeat bool, notAfter int64) {
	ef := Effect{
		Send: true, To: p.Target(leg), Leg: leg, Repeat: repeat, NotAfter: notAfter, At: m.now,
		State: p.State, Payment: p,
	}
	switch leg {
	case LegRequest:
		ef.Outcome, ef.Code = p.Reply, p.ReplyCode
	case LegConfirm, LegUpdate:
		ef.Outcome, ef.Code = p.Result()
	}
	m.out = append(m.out, ef)
	m.noteSend(ef.To, p, leg)
}

// start records the first send of a leg and sends it.
func (m *Machine) start(p *Payment, leg Leg, notAfter int64) {
	m.number(p, leg)
	p.Legs[leg].owed = isSent
	m.send(p, leg, false, notAfter)
}

// number gives a leg the numbers that its message and every repeat of it bear. An
// answer to a request bears those of the request.
func (m *Machine) number(p *Payment, leg Leg) {
	if leg == LegRequest {
		p.Legs[leg] = LegState{SentAt: m.now}
		return
	}
	p.Legs[leg] = LegState{SentAt: m.now, STAN: m.nextSTAN(p.Target(leg)), Transmitted: Transmitted(m.now)}
	m.follow(p, leg)
}
