package egress

import "switchd/switch/payment"

// flightsMax bounds what is remembered of the messages to one participant that wait
// for answers; 80 bytes each, when there are as many.
const flightsMax = 1 << 18

// name is what an answer calls the message that it answers: the payment and its
// leg, or DE7 and DE11 where answers carry no reference that counts.
type name struct{ a, b uint64 }

func (l *lane) nameOf(a *payment.Answer) name {
	if l.byTrace.Load() {
		return name{uint64(a.Transmitted), uint64(a.STAN)}
	}
	return name{uint64(a.Payment), uint64(a.Leg)}
}

// flight is a message that waits for its answer.
type flight struct {
	name
	account      uint64 // that the message is about; 0: none
	outlet       *outlet
	at           int64 // when it was sent, or sent again
	counts       bool  // against the window of its link
	older, newer int32 // neighbours in time; newer also links the free ones
}

// nothing ends a row of flights.
const nothing = -1

// hold is the link that an account is held to while messages about it wait there.
type hold struct {
	outlet  *outlet
	flights int
}

// flights are the messages to one participant that wait for answers, the oldest
// first. Zero allocations once it has grown.
type flights struct {
	slab           []flight
	free           int32
	oldest, newest int32
	index          map[name]int32
	accounts       map[uint64]hold
}

func newFlights() flights {
	return flights{free: nothing, oldest: nothing, newest: nothing, index: map[name]int32{}, accounts: map[uint64]hold{}}
}

// add notes a message as the newest; one of the same name is sent again.
func (f *flights) add(now int64, n name, account uint64, o *outlet, counts bool) {
	if i, again := f.index[n]; again {
		f.remove(i)
	}
	i := f.free
	if i == nothing {
		i = int32(len(f.slab))
		f.slab = append(f.slab, flight{})
	} else {
		f.free = f.slab[i].newer
	}
	f.slab[i] = flight{name: n, account: account, outlet: o, at: now, counts: counts, older: f.newest, newer: nothing}
	if f.newest != nothing {
		f.slab[f.newest].newer = i
	} else {
		f.oldest = i
	}
	f.newest = i
	f.index[n] = i
	if account != 0 {
		h := f.accounts[account]
		if h.outlet != o { // the one before is gone, and what was on it holds nothing any more
			h = hold{outlet: o}
		}
		h.flights++
		f.accounts[account] = h
	}
	o.open++
	if counts {
		o.unanswered++
	}
}

// remove forgets a message.
func (f *flights) remove(i int32) {
	fl := &f.slab[i]
	if fl.older != nothing {
		f.slab[fl.older].newer = fl.newer
	} else {
		f.oldest = fl.newer
	}
	if fl.newer != nothing {
		f.slab[fl.newer].older = fl.older
	} else {
		f.newest = fl.older
	}
	delete(f.index, fl.name)
	if h, held := f.accounts[fl.account]; held && h.outlet == fl.outlet {
		if h.flights--; h.flights == 0 {
			delete(f.accounts, fl.account)
		} else {
			f.accounts[fl.account] = h
		}
	}
	fl.outlet.open--
	if fl.counts {
		fl.outlet.unanswered--
	}
	*fl = flight{newer: f.free}
	f.free = i
}

// landed takes the answer to a message, on whatever link it came, and says whether
// the message waited for it.
func (f *flights) landed(n name) bool {
	i, there := f.index[n]
	if there {
		f.remove(i)
	}
	return there
}

// withdraw takes back a message that was added for a link at a time and has not left.
// One of its name that was sent since, or elsewhere, is on its way.
func (f *flights) withdraw(n name, o *outlet, at int64) {
	if i, there := f.index[n]; there && f.slab[i].outlet == o && f.slab[i].at == at {
		f.remove(i)
	}
}

// expire forgets what was sent before a time.
func (f *flights) expire(before int64) {
	for f.oldest != nothing && f.slab[f.oldest].at <= before {
		f.remove(f.oldest)
	}
}
