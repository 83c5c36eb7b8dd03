package payshield

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchd/hsm"
	"switchd/hsm/rule"
)

// errUnknown is a name that the table has no key of.
var errUnknown = fmt.Errorf("%w: the key table has no such key", hsm.ErrKey)

// errTableFull is a table that takes no more keys.
var errTableFull = fmt.Errorf("%w: the key table is full", hsm.ErrDenied)

// find gives the active key of a name.
func (t *table) find(ref hsm.KeyRef) (*entry, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if ring := t.keys[ref]; len(ring) > 0 {
		return ring[0], nil
	}
	return nil, errUnknown
}

// ring is all keys of a name, the active one first.
func (t *table) ring(ref hsm.KeyRef) []*entry {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.keys[ref]
}

// learn keeps the check value of a key that the file does not say; the file has it with
// the next key. Entries are never changed, since calls use them: another takes its place.
func (t *table) learn(k *entry, kcv hsm.KCV) {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	ring := slices.Clone(t.keys[k.Name])
	if i := slices.Index(ring, k); i >= 0 {
		known := *k
		known.KCV = kcv.String()
		ring[i] = &known
		t.keys[k.Name] = ring
	}
}

// right is which keys may do something.
type right struct {
	usages []hsm.Usage
	modes  string
}

// refuses tells why a key may not, nil if it may.
func (k *entry) refuses(r *right) error {
	switch {
	case !slices.Contains(r.usages, k.Usage):
		return fmt.Errorf("%w: %s is a key for another use", hsm.ErrKey, k.Name)
	case !strings.Contains(r.modes, k.Mode):
		return fmt.Errorf("%w: the mode of %s does not allow it", hsm.ErrKey, k.Name)
	}
	return nil
}

// maker is the active key of a name, if it may.
func (t *table) maker(ref hsm.KeyRef, r *right) (*entry, error) {
	k, err := t.find(ref)
	if err == nil {
		err = k.refuses(r)
	}
	return k, err
}

// readers are the keys of a name that may read: the active one, and those before it
// until their end. Entries that are one key count once: a block would fit both. There is
// one at least, or an error.
func (t *table) readers(ref hsm.KeyRef, r *right) ([]*entry, error) {
	now := t.clock()
	t.mu.RLock()
	defer t.mu.RUnlock()
	var ks []*entry
	why := errUnknown
	for i, k := range t.keys[ref] {
		refused := k.refuses(r)
		switch {
		case i > 0 && now >= k.Until: // its end has come
		case refused != nil && i == 0:
			why = refused
		case refused == nil && !slices.ContainsFunc(ks, k.same):
			ks = append(ks, k)
		}
	}
	if len(ks) == 0 {
		return nil, why
	}
	return ks, nil
}

// same tells whether two entries are one key, by what can be seen of it.
func (k *entry) same(b *entry) bool {
	mine, _ := k.check() // were looked at when the entries were made
	other, _ := b.check()
	return mine.Matches(other) && k.Usage == b.Usage && k.Algorithm == b.Algorithm && (k.bits() == 0 || b.bits() == 0 || k.bits() == b.bits())
}

// placing is how a new key comes to its name.
type placing struct {
	as      hsm.KeyRef
	origin  hsm.Origin
	replace bool
	overlap time.Duration
}

// reserve keeps a name for a key that is being made, until release.
func (t *table) reserve(p placing) (release func(), err error) {
	t.writing.Lock()
	defer t.writing.Unlock()
	if err := t.settle(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := len(t.keys[p.as]) > 0
	switch {
	case !p.as.Valid():
		return nil, fmt.Errorf("%w: the name of the new key is malformed", hsm.ErrKey)
	case taken && !p.replace || t.reserved[p.as]:
		return nil, fmt.Errorf("%w: there is a key %s already, or it is being made", hsm.ErrDenied, p.as)
	case !taken && p.replace:
		return nil, fmt.Errorf("%w: there is no key %s to be replaced", hsm.ErrKey, p.as)
	case p.overlap < 0 || p.overlap > rule.OverlapMax:
		return nil, fmt.Errorf("%w: an overlap is up to %d days", hsm.ErrDenied, rule.OverlapMax/(24*time.Hour))
	case !p.replace && t.count()+len(t.reserved) >= keysMax: // a key that replaces another may end one, which add finds out
		return nil, errTableFull
	}
	t.reserved[p.as] = true
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.reserved, p.as)
	}, nil
}

// count is how many keys there are; t.mu is held.
func (t *table) count() (n int) {
	for _, ring := range t.keys {
		n += len(ring)
	}
	return n
}

// mayReplace refuses another usage and a weaker key, as far as lengths are known: of two
// key blocks the length of the block says it, up to a block of the cipher; of a key block
// and a key of another scheme nothing may.
func (k *entry) mayReplace(b *entry) error {
	strength := func(k *entry) int { return strings.Index("DTA", k.Algorithm) }
	weaker := strength(k) < strength(b)
	if strength(k) == strength(b) {
		sizes := [2]int{k.bits(), b.bits()}
		if sizes[0] == 0 || sizes[1] == 0 {
			sizes = [2]int{len(k.Key), len(b.Key)}
		}
		weaker = sizes[0] < sizes[1] && (k.Key[0] == b.Key[0] || k.bits() != 0 && b.bits() != 0)
	}
	switch {
	case k.Usage != b.Usage:
		return fmt.Errorf("%w: %s is a key for %s", hsm.ErrDenied, b.Name, b.Usage.Text())
	case weaker:
		return fmt.Errorf("%w: the key is weaker than the one that it replaces", hsm.ErrDenied)
	}
	return nil
}

// seen is what the rule about the keys of a name looks at. Lengths are not in it, since
// they are not known of all keys: mayReplace compares what can be.
func (k *entry) seen() *hsm.KeyInfo {
	i := k.info()
	i.Bits, i.Until = 0, k.Until
	if k.Until != 0 {
		i.State = hsm.StateOld
	}
	return &i
}

// place is the ring of a name with a new key in it, as the contract says it of
// hsm.Import; nil if it is the active one already.
func (k *entry) place(ring []*entry, p placing, now int64) ([]*entry, error) {
	a := rule.Arrival{Key: k.seen(), At: now, Replace: p.replace, Overlap: p.overlap}
	a.Key.Origin = p.origin
	var held []*hsm.KeyInfo
	for _, b := range ring {
		held = append(held, b.seen())
	}
	if len(ring) > 0 {
		if err := k.mayReplace(ring[0]); err != nil {
			return nil, err
		}
		a.Past, _ = ring[0].past() // was looked at when the entry was made
	}
	done, err := rule.Place(&a, held)
	if err != nil || done.Again {
		return nil, err
	}
	k.Version = done.Version
	k.remember(done.Past)
	fresh := []*entry{k}
	for n, b := range ring {
		switch {
		case slices.Contains(done.Over, n):
		case n == 0:
			was := *b
			was.Version, was.Until, was.Past = max(1, was.Version), max(1, now+int64(p.overlap)), ""
			fresh = append(fresh, &was)
		default:
			fresh = append(fresh, b)
		}
	}
	return fresh, nil
}

// past is the check values of the destroyed keys of the name.
func (k *entry) past() (all []hsm.KCV, err error) {
	for _, text := range strings.Fields(k.Past) {
		b, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		v, err := hsm.NewKCV(b)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// remember keeps them, in one text since there can be many.
func (k *entry) remember(past []hsm.KCV) {
	var all []string
	for _, v := range past {
		all = append(all, v.String())
	}
	k.Past = strings.Join(all, " ")
}
