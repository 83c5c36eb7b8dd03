package ingress

import (
	"hash/maphash"
	"sync"
	"time"

	"switchd/switch/payment"
)

// repeatsMax is how long a sender may come back to a request (domain reference 1.6).
const repeatsMax = int64(24 * time.Hour)

// memory is what must be known of a participant's latest requests so that no two
// messages of one request are told different things: which were told "busy" without
// a record (a repeat of one is to be told the same, because its sender may have told
// its customer so), and which repeats went in (their original may come behind them).
// One lock for both, because a request and its repeat may come on two loops at once.
type memory struct {
	mu      sync.Mutex // guards the rest; taken for repeats and refusals only
	seed    maphash.Seed
	turned  latest
	last    int64 // when a request was turned away last; 0: none was
	repeats latest
	// Until then a repeat that is not in turned may have been forgotten there, or by a
	// restart: it counts as turned away, too. UTC ns.
	suspect int64
}

// turnAway says that a request may be told "busy" without a record, and remembers
// it. It may not if a repeat of it has come before, on another link: what the
// machine made of that is the answer to both. first says that none was for so long
// that it may not be on the disk that some are.
func (m *memory) turnAway(now int64, key *payment.RequestKey) (may, first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := maphash.Comparable(m.seed, *key)
	if m.repeats.has(sum) {
		return false, false
	}
	first = now-m.last >= repeatsMax
	m.last = now
	if at, forgot := m.turned.add(now, sum); forgot {
		m.suspect = max(m.suspect, at+repeatsMax)
	}
	return true, first
}

// doubt has repeats count as turned away until then, whatever is remembered.
func (m *memory) doubt(until int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.suspect = max(m.suspect, until)
}

// turnedLast says when a request was turned away last; 0: none was.
func (m *memory) turnedLast() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

// repeat remembers a repeat, and says that its original may have been told "busy".
func (m *memory) repeat(now int64, key *payment.RequestKey) (turned bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := maphash.Comparable(m.seed, *key)
	m.repeats.add(now, sum)
	return now < m.suspect || m.turned.has(sum)
}

// repeated says that a repeat of a request has come before it.
func (m *memory) repeated(key *payment.RequestKey) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.repeats.has(maphash.Comparable(m.seed, *key))
}

// latestMax bounds what is remembered of a participant's requests, of each kind. At
// the highest load they come and go within seconds; a sender repeats within them,
// and for later ones there is memory.suspect.
const latestMax = 8192

// latest remembers the latest keys, by their hashes. The zero value is empty.
type latest struct {
	keys map[uint64]struct{}
	ring []ask
	next int
}

// add remembers a key, and gives when the one that it forgets for that was added.
func (t *latest) add(now int64, sum uint64) (at int64, forgot bool) {
	if t.keys == nil {
		t.keys = map[uint64]struct{}{}
	}
	if t.has(sum) {
		return 0, false
	}
	t.keys[sum] = struct{}{}
	if len(t.ring) < latestMax {
		t.ring = append(t.ring, ask{sum, now})
		return 0, false
	}
	old := t.ring[t.next]
	delete(t.keys, old.about)
	t.ring[t.next] = ask{sum, now}
	t.next = (t.next + 1) % latestMax
	return old.at, true
}

func (t *latest) has(sum uint64) bool {
	_, known := t.keys[sum]
	return known
}
