package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// sweepLooks is how many looks pass between two sweeps when nothing has changed. A
// link that was shaken with what counted before a change may come up behind the
// sweep of that change: the next one finds it.
const sweepLooks = 3

// Trust is the certificates at work: our own, the authorities, their revocation
// lists, and what is asked of each participant. All of it can change while links
// are up. All methods but Run are safe for concurrent use.
type Trust struct {
	o       Options
	metrics *metrics
	now     atomic.Pointer[material]
	peers   atomic.Pointer[peers]
	dirty   atomic.Bool // links have to be looked at again
	expiry  expiry
	refused refusals

	mu          sync.Mutex // guards the rest: Run and Reload look at the files
	sources     []*source
	own         *tls.Certificate
	authorities []*x509.Certificate
	lists       []*revocations // by file; nil: not read yet
	idle        int            // looks since the last sweep
}

// New reads all files and refuses to begin with one that is not good.
func New(o Options) (*Trust, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	t := &Trust{o: o, lists: make([]*revocations, len(o.CRLs))}
	if err := t.SetPeers(o.Peers); err != nil {
		return nil, err
	}
	t.sources = append(t.sources,
		&source{what: "authorities", files: []string{o.CA}, max: pemBytesMax, take: t.takeAuthorities},
		&source{what: "own certificate", files: []string{o.Cert, o.Key}, max: pemBytesMax, take: t.takeOwn})
	for i, file := range o.CRLs {
		t.sources = append(t.sources, &source{what: "revocation list", files: []string{file}, max: crlBytesMax,
			take: func(files [][]byte) error { return t.takeList(i, file, files[0]) }})
	}
	var faults []error
	for _, s := range t.sources {
		if _, _, err := s.look(true); err != nil {
			faults = append(faults, err)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	t.swap()
	var err error
	if t.metrics, err = newMetrics(o.Registry, &t.expiry); err != nil {
		return nil, fmt.Errorf("certificates: metrics: %w", err)
	}
	t.warn()
	return t, nil
}

// SetPeers changes who is known and what is asked of each, from the next handshake
// on. Links that are up and would not be let in any more are closed by the next
// sweep of Run.
func (t *Trust) SetPeers(byID map[string]Peer) error {
	p, err := newPeers(byID)
	if err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	t.peers.Store(p)
	t.expiry.keep(p)
	t.dirty.Store(true)
	return nil
}

// Watched is a certificate of another use, such as signatures, and what the metric and
// the log call it.
type Watched struct {
	// Label is one of a fixed set, such as a participant's id with what it is for.
	Label string
	// Certificate is what ends.
	Certificate *x509.Certificate
}

// Watch has other certificates told of as well before they end; those that it was told
// before count no more.
func (t *Trust) Watch(all []Watched) {
	var things []*thing
	known := map[thing]bool{}
	for _, w := range all {
		if h := newThing(w.Label, w.Certificate); !known[*h] { // once, however often it is used
			known[*h] = true
			things = append(things, h)
		}
	}
	t.expiry.watch(things)
	t.warn()
}

// Run looks at the files until ctx ends. sweep has Reject called for every link
// that is up, then or soon (gnetio: Server.CloseLinks): at once after a change, and
// every third look.
func (t *Trust) Run(ctx context.Context, sweep func()) error {
	tick := time.NewTicker(t.o.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			t.turn(sweep)
		}
	}
}

// turn is one tick of Run.
func (t *Trust) turn(sweep func()) {
	_ = t.look(false) // what is refused has been told
	t.warn()
	t.mu.Lock()
	t.idle++
	due := t.dirty.Swap(false) || t.idle >= sweepLooks
	if due {
		t.idle = 0
	}
	t.mu.Unlock()
	if due {
		t.expiry.begin()
		sweep()
	}
}

// Reload takes what has changed in the files at once, and says what of it is
// refused; that stays as it was. Run sweeps at its next look.
func (t *Trust) Reload() error { return t.look(true) }

// look looks at all files. Each source counts alone: a list that cannot be read
// does not keep a renewed certificate out.
func (t *Trust) look(force bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var faults []error
	changed, bad := false, 0
	for _, s := range t.sources {
		taken, again, err := s.look(force)
		switch {
		case err != nil:
			faults = append(faults, err)
			if !again {
				t.metrics.refused.Inc()
				t.o.Log.Error("certificate files not taken, the old ones stay", "event", "certificate.files.refused", "what", s.what, "error", err)
			}
		case taken:
			changed = true
			t.metrics.taken.Inc()
			t.o.Log.Info("certificate files taken", "event", "certificate.files.taken", "what", s.what, "files", s.files)
		}
		if s.told != "" {
			bad++
		}
	}
	t.metrics.bad.Set(float64(bad))
	if changed {
		t.swap()
		t.dirty.Store(true)
	}
	return errors.Join(faults...)
}

func (t *Trust) takeAuthorities(files [][]byte) error {
	all, err := readAuthorities(t.o.CA, files[0])
	if err == nil {
		t.authorities = all
	}
	return err
}

func (t *Trust) takeOwn(files [][]byte) error {
	own, err := readOwn(t.o.Paths, files[0], files[1], t.o.ID, t.time())
	if err == nil {
		t.own = own
	}
	return err
}

func (t *Trust) takeList(i int, file string, data []byte) error {
	l, err := readList(file, data, t.authorities)
	if err == nil {
		err = l.follows(t.lists[i], t.authorities)
	}
	if err == nil {
		t.lists[i] = l
	}
	return err
}

// swap publishes what was read. t.mu is held, or nobody else has t yet.
func (t *Trust) swap() {
	m := newMaterial(t.own, t.authorities, t.lists, t.o.CRLGrace)
	m.strict = t.serverSettings(m, tls.VersionTLS13)
	m.older = t.serverSettings(m, tls.VersionTLS12)
	t.now.Store(m)
	t.expiry.hold(m)
	if names := m.unlisted(); len(t.o.CRLs) > 0 && len(names) > 0 {
		t.o.Log.Warn("authorities without a revocation list: their certificates cannot be revoked", "event", "certificate.unlisted", "authorities", names)
	}
}

// time is the clock as a time.
func (t *Trust) time() time.Time { return time.Unix(0, t.o.Clock()) }
