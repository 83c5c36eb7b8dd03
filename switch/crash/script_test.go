package crash

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// The participants, by what they can do.
const (
	plain     route.Participant = iota // requests, debits, credits, reversals and advices
	checking                           // also answers status enquiries and fences
	receipted                          // also takes updates and acknowledges what it is told
	confirmed                          // also posts a credit only when the switch confirms it
	participants
)

const (
	currency = 356
	epoch    = int64(1_700_000_000_000_000_000) // when every script begins, UTC ns
	stepTime = int64(250 * time.Millisecond)    // of the script's clock
	tickGap  = int64(6 * time.Millisecond)      // a little more than the engine lets pass between two Ticks
	lateBy   = 12                               // steps; more than any timer of an answer
)

// config is the scheme of all scripts.
func config() payment.Config {
	c := payment.Config{Currency: currency, OpenMax: 100_000}
	for i := range participants {
		p := payment.Profile{
			ID: fmt.Sprintf("BANK%c", 'A'+i), Institution: fmt.Sprint(100_001 + int(i)), Handles: []string{fmt.Sprintf("bank%c", 'a'+i)},
			IFSCPrefixes: []string{fmt.Sprintf("BNK%c", 'A'+i)}, NetDebitCap: 1 << 40,
			Checks: i >= checking, Receipts: i >= receipted, Updates: i >= receipted,
			Timers: payment.Timers{
				Total: 20 * time.Second, Resolve: time.Second, Debit: time.Second, Credit: time.Second, CreditUnknown: 4 * time.Second,
				Reversal: time.Second, BackoffMin: time.Second, BackoffMax: 4 * time.Second, GiveUp: time.Hour,
			},
		}
		if i == confirmed {
			p.Posting = payment.PostOnConfirm
		}
		c.Participants = append(c.Participants, p)
	}
	return c
}

// way is what a participant does about a message that moves money.
type way uint8

const (
	acts    way = iota // and says so
	refuses            // and says so
	silent             // acts and never says so
	misses             // never sees the message
	lateWay            // acts and says so when nobody waits any more
	twice              // acts and says so twice
	unsure             // acts and says that it does not know
	ways
)

// plan is one payment as its sender and the banks will have it.
type plan struct {
	request       payment.Event
	debit, credit way
	resolves      bool  // the payee's PSP answers
	repeats       []int // steps after the first try at which the sender tries again, whatever it has heard
	conflicts     bool  // the second of them has other content
}

// script is what happens outside the switch: a function of its seed.
type script struct {
	seed  uint64
	plans []plan
}

func newScript(seed uint64, payments int) *script {
	s := &script{seed: seed, plans: make([]plan, payments)}
	for i := range s.plans {
		s.plans[i] = s.plan(i)
	}
	return s
}

// chance is a number below n that belongs to the seed and to what is asked for.
func (s *script) chance(n uint64, what string, about uint64) uint64 {
	h := fnv.New64a()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], s.seed)
	binary.LittleEndian.PutUint64(b[8:], about)
	h.Write(b[:])
	h.Write([]byte(what))
	return h.Sum64() % n
}

// plan makes payment i. Two of three end as everybody hopes.
func (s *script) plan(i int) plan {
	n := uint64(i)
	from := route.Participant(s.chance(uint64(participants), "from", n))
	to := route.Participant(s.chance(uint64(participants), "to", n))
	p := plan{resolves: s.chance(12, "resolves", n) > 0}
	if s.chance(6, "trouble at the debit", n) == 0 {
		p.debit = way(s.chance(uint64(ways), "debit", n))
	}
	if s.chance(5, "trouble at the credit", n) == 0 {
		p.credit = way(s.chance(uint64(ways), "credit", n))
	}
	if s.chance(8, "repeats", n) == 0 {
		p.repeats = []int{1, 2, 3 + int(s.chance(30, "again", n))}
		p.conflicts = s.chance(2, "conflicts", n) == 0
	}
	e := &p.request
	e.Kind, e.From = payment.RequestArrived, from
	e.Request.Key = payment.RequestKey{From: from, STAN: uint32(i + 1), Transmitted: 1_114_221_320, Acquirer: 100_001 + uint64(from)}
	copy(e.Request.Key.RRN[:], fmt.Sprintf("%012d", i))
	e.Request.Echo = payment.Echo{Transmitted: e.Request.Key.Transmitted, STAN: uint32(i + 1), RRN: e.Request.Key.RRN}
	e.Request.Hash = 1 + s.chance(1<<62, "hash", n)
	e.Request.Amount.Minor, e.Request.Amount.Currency = int64(1+s.chance(1_000_000, "amount", n)), currency
	e.Request.Merchant = s.chance(10, "merchant", n) == 0
	s.parties(i, e, to)
	s.identity(i, e)
	return p
}

// parties says whose accounts they are: some payees are named by address, and some
// by one that nobody serves.
func (s *script) parties(i int, e *payment.Event, to route.Participant) {
	n := uint64(i)
	e.Text.Set(payment.PayerAccount, fmt.Appendf(nil, "40%010d", s.chance(500, "payer", n)))
	e.Text.Set(payment.PayerName, []byte("Asha Rao"))
	e.Text.Set(payment.Note, []byte("rent for november"))
	switch s.chance(20, "addressed", n) {
	case 0:
		e.Text.Set(payment.PayeeVPA, []byte("nobody@nowhere"))
	case 1, 2, 3, 4:
		e.Text.Set(payment.PayeeVPA, fmt.Appendf(nil, "user%d@bank%c", s.chance(500, "payee", n), 'a'+to))
	default:
		e.Text.Set(payment.PayeeAccount, fmt.Appendf(nil, "50%010d", s.chance(500, "payee", n)))
		e.Text.Set(payment.PayeeIFSC, fmt.Appendf(nil, "BNK%c0000001", 'A'+to))
	}
}

// identity gives the requests of ISO 20022 senders their ids and business
// identity. One in twenty is an earlier payment again under another message.
func (s *script) identity(i int, e *payment.Event) {
	if e.From < receipted {
		return
	}
	of := uint64(i)
	if i > 0 && s.chance(20, "duplicates", of) == 0 {
		if prior := s.chance(uint64(i), "of", of); s.plans[prior].request.From == e.From {
			of = prior
		}
	}
	e.Text.Set(payment.MsgID, fmt.Appendf(nil, "MSG%08d", i))
	e.Text.Set(payment.TransactionID, fmt.Appendf(nil, "TX%08d", of))
	binary.LittleEndian.PutUint64(e.Request.Business[:], 1+s.chance(1<<62, "business", of))
	e.Request.Business[15] = byte(e.From) + 1
}

// planOf is the payment of a request key.
func (s *script) planOf(k *payment.RequestKey) (int, bool) {
	i := int(k.STAN) - 1
	if i < 0 || i >= len(s.plans) || s.plans[i].request.Request.Key != *k {
		return 0, false
	}
	return i, true
}

// again is the request of a payment as its sender repeats it.
func (s *script) again(i int, conflict bool) payment.Event {
	e := s.plans[i].request
	e.Request.Repeat = true
	if conflict {
		e.Request.Hash++
	}
	return e
}
