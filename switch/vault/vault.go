package vault

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
	"switchd/switch/guard"
)

// ErrFull means that there are as many blocks as there may be.
var ErrFull = errors.New("vault: full")

// TokenBytes is the length of a token, as text.
const TokenBytes = 32

// Options of a Vault; Clock is required.
type Options struct {
	Clock    func() int64          // UTC nanoseconds
	Keep     time.Duration         // how long a block waits to be taken; default 1 min
	Max      int                   // blocks at once, of one sender a quarter; default 65,536
	Registry prometheus.Registerer // default: none
}

// Vault holds PIN blocks. Safe for concurrent use.
type Vault struct {
	o       Options
	life    [TokenBytes / 4]byte // of this process: tokens of another one are unknown
	metrics *metrics

	mu    sync.Mutex // guards what follows
	last  uint64
	held  map[uint64]guard.PIN
	by    map[hsm.KeyRef]int // how many of held, by the key of their sender
	order []entry            // oldest first; those that are not held any more are passed over
}

// entry says until when a block is kept.
type entry struct {
	number uint64
	until  int64
}

// New makes an empty Vault.
func New(o Options) *Vault {
	if o.Keep <= 0 {
		o.Keep = time.Minute
	}
	if o.Max <= 0 {
		o.Max = 65_536
	}
	v := &Vault{o: o, held: map[uint64]guard.PIN{}, by: map[hsm.KeyRef]int{}}
	_, _ = rand.Read(v.life[:]) // never fails (crypto/rand)
	v.metrics = newMetrics(o.Registry, v)
	return v
}

// Put takes a block over and gives the token for it, 32 characters of printable
// ASCII that say nothing about it. Without room the block is wiped: ErrFull.
func (v *Vault) Put(p guard.PIN) ([TokenBytes]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sweep(v.o.Clock())
	if len(v.held) >= v.o.Max || v.by[p.Zone.Key] >= max(v.o.Max/4, 1) {
		p.Wipe()
		v.metrics.refused.Inc()
		return [TokenBytes]byte{}, ErrFull
	}
	v.last++
	v.held[v.last] = p
	v.by[p.Zone.Key]++
	v.order = append(v.order, entry{v.last, v.o.Clock() + int64(v.o.Keep)})
	return v.token(v.last), nil
}

// Take gives a block out, to be wiped by who has it now. false: it was taken before,
// its time is over, or the token is of another process.
func (v *Vault) Take(token []byte) (guard.PIN, bool) {
	number, ok := v.number(token)
	if !ok {
		return guard.PIN{}, false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sweep(v.o.Clock())
	p, ok := v.held[number]
	v.forget(number)
	return p, ok
}

// Drop wipes a block that nobody will take: its debit goes without it, or not at all.
func (v *Vault) Drop(token []byte) {
	if p, ok := v.Take(token); ok {
		p.Wipe()
	}
}

// Len is how many blocks there are.
func (v *Vault) Len() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.held)
}

// Run wipes what nobody takes until ctx is done, and then everything.
func (v *Vault) Run(ctx context.Context) error {
	tick := time.NewTicker(v.o.Keep / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			v.mu.Lock()
			v.sweep(v.o.Clock())
			v.mu.Unlock()
		case <-ctx.Done():
			v.mu.Lock()
			v.wipe()
			v.mu.Unlock()
			return nil
		}
	}
}

// sweep wipes what has waited too long. v.mu is held.
func (v *Vault) sweep(now int64) {
	gone := 0
	for ; gone < len(v.order) && v.order[gone].until <= now; gone++ {
		n := v.order[gone].number
		if p, ok := v.held[n]; ok {
			p.Wipe()
			v.forget(n)
			v.metrics.expired.Inc()
		}
	}
	v.order = v.order[gone:]
}

// forget takes a block out. v.mu is held.
func (v *Vault) forget(number uint64) {
	p, ok := v.held[number]
	if !ok {
		return
	}
	delete(v.held, number)
	if v.by[p.Zone.Key]--; v.by[p.Zone.Key] == 0 {
		delete(v.by, p.Zone.Key)
	}
}

// wipe wipes everything. v.mu is held.
func (v *Vault) wipe() {
	for n, p := range v.held {
		p.Wipe()
		v.forget(n)
	}
	v.order = nil
}

func (v *Vault) token(number uint64) (t [TokenBytes]byte) {
	var b [TokenBytes / 2]byte
	copy(b[:], v.life[:])
	for i := range 8 {
		b[len(v.life)+i] = byte(number >> (56 - 8*i))
	}
	hex.Encode(t[:], b[:])
	return t
}

// number undoes token.
func (v *Vault) number(token []byte) (n uint64, ok bool) {
	var b [TokenBytes / 2]byte
	if len(token) != TokenBytes {
		return 0, false
	}
	if _, err := hex.Decode(b[:], token); err != nil || [TokenBytes / 4]byte(b[:]) != v.life {
		return 0, false
	}
	for _, c := range b[len(v.life):] {
		n = n<<8 | uint64(c)
	}
	return n, true
}
