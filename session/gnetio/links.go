package gnetio

import (
	"cmp"
	"crypto/tls"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// LinkInfo is a link that is up, at one moment, for people.
type LinkInfo struct {
	ID          uint64
	Participant string
	Remote      string // address of the peer
	Standing    string // what the Handler has said last (Link.Stand); empty: nothing yet
	Dialed      bool
	Group       int
	Since       int64  // UTC nanoseconds, as the next ones
	LastIn      int64  // when the latest message came; 0: none has
	Expires     int64  // the certificate of the peer
	TLS         string // version and cipher suite
	FramesIn    uint64
	FramesOut   uint64
	OutboxBytes int // that wait to leave
}

// roll has the links that are up.
type roll struct {
	mu    sync.Mutex // guards links: loops add and remove, anybody looks
	links map[uint64]*Link
}

// seen is what a link shows of itself to others than its loop.
type seen struct {
	since, expires int64  // constant once the link is on the roll
	speech         string // likewise: version and cipher suite of TLS
	standing       atomic.Pointer[string]
	lastIn         atomic.Int64
	in, out        atomic.Uint64
	dismissed      atomic.Bool // somebody wants the link to end in good order
}

// enrol puts a link that is up on the roll. On the loop.
func (l *Link) enrol() {
	s, state := l.server, l.tls.State()
	l.seen.since = s.opt.Clock()
	l.seen.speech = tls.VersionName(state.Version) + ", " + tls.CipherSuiteName(state.CipherSuite)
	if len(state.PeerCertificates) > 0 {
		l.seen.expires = state.PeerCertificates[0].NotAfter.UnixNano()
	}
	s.roll.mu.Lock()
	defer s.roll.mu.Unlock()
	if s.roll.links == nil {
		s.roll.links = map[uint64]*Link{}
	}
	s.roll.links[l.id] = l
}

// strike takes it off again. On the loop.
func (l *Link) strike() {
	l.server.roll.mu.Lock()
	defer l.server.roll.mu.Unlock()
	delete(l.server.roll.links, l.id)
}

// heard notes messages that have come. On the loop.
func (l *Link) heard(frames int) {
	l.seen.in.Add(uint64(frames))
	l.seen.lastIn.Store(l.server.opt.Clock())
}

// Stand says where the link stands, in a word or two for people. Safe for concurrent
// use.
func (l *Link) Stand(standing string) { l.seen.standing.Store(&standing) }

// Links are the links that are up, by participant and number. Safe for concurrent use.
func (s *Server) Links() []LinkInfo {
	s.roll.mu.Lock()
	all := make([]LinkInfo, 0, len(s.roll.links))
	for _, l := range s.roll.links {
		all = append(all, l.info())
	}
	s.roll.mu.Unlock()
	slices.SortFunc(all, func(a, b LinkInfo) int {
		return cmp.Or(cmp.Compare(a.Participant, b.Participant), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// info is the link now. Safe for concurrent use while it is on the roll.
func (l *Link) info() LinkInfo {
	v := LinkInfo{
		ID: l.id, Participant: l.participant, Remote: l.remote, Dialed: l.Dialed(), Group: l.group,
		Since: l.seen.since, Expires: l.seen.expires, TLS: l.seen.speech,
		LastIn: l.seen.lastIn.Load(), FramesIn: l.seen.in.Load(), FramesOut: l.seen.out.Load(),
	}
	if standing := l.seen.standing.Load(); standing != nil {
		v.Standing = *standing
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.OutboxBytes = l.unsent; l.outbox != nil {
		v.OutboxBytes += len(l.outbox.b)
	}
	return v
}

// Dismiss has the Handler end a link in good order, soon (Link.Unwanted); false: there
// is none with this number. Safe for concurrent use.
func (s *Server) Dismiss(id uint64) bool {
	s.roll.mu.Lock()
	defer s.roll.mu.Unlock()
	l := s.roll.links[id]
	if l != nil {
		l.seen.dismissed.Store(true)
	}
	return l != nil
}

// dismiss lets the loop know of Dismiss. On the loop.
func (l *Link) dismiss(now int64) {
	if l.unwanted == 0 && l.seen.dismissed.Load() {
		l.unwanted = now
	}
}

// Dismissed says that the link is Unwanted because somebody has it end, not because of
// the configuration. On the loop only.
func (l *Link) Dismissed() bool { return l.seen.dismissed.Load() }

// Usage is how much of what is bounded is in use.
type Usage struct{ Links, LinksMax, HalfOpen, HalfOpenMax int }

// Usage says how many links and connections there are. Safe for concurrent use.
func (s *Server) Usage() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Usage{
		Links: s.up, LinksMax: s.opt.LinksMax,
		HalfOpen: int(s.strangers.open.Load() + s.familiar.open.Load()), HalfOpenMax: 2 * s.opt.HalfOpenMax,
	}
}

// fullest is how many bytes wait on the link on which the most wait.
func (s *Server) fullest() float64 {
	s.roll.mu.Lock()
	links := slices.Collect(maps.Values(s.roll.links))
	s.roll.mu.Unlock()
	most := 0
	for _, l := range links {
		l.mu.Lock()
		n := l.unsent
		if l.outbox != nil {
			n += len(l.outbox.b)
		}
		l.mu.Unlock()
		most = max(most, n)
	}
	return float64(most)
}
