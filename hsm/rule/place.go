package rule

import (
	"fmt"
	"slices"
	"time"

	"switchd/hsm"
)

// PastMax is how many destroyed keys of a name are remembered by their check values, so
// that none of them is taken for a new one. Of more the oldest are forgotten.
const PastMax = 64

// Arrival is a key that comes to a name.
type Arrival struct {
	// Key is the new key, as far as it is known. One that the module has made
	// (hsm.OriginGenerated) was not there before, and of one without a check value nobody
	// knows whether it was.
	Key *hsm.KeyInfo
	// At is now, in UTC nanoseconds.
	At int64
	// Replace and Overlap are as in hsm.Import.
	Replace bool
	Overlap time.Duration
	// Past is the check values of the keys of the name that are destroyed.
	Past []hsm.KCV
	// Same tells whether the bytes of the new key are those of the n-th of the ring. It
	// is nil where bytes are not seen: check values are compared then.
	Same func(n int) bool
	// Linked says that a key's end is kept with the next newer one (HoldsEnd): of those
	// that are over, the ones that hold an end stay until it has come.
	Linked bool
}

// Placement is what becomes of a name when a key comes to it.
type Placement struct {
	// Again says that the active key has come once more. Nothing changes.
	Again bool
	// Version is the new key's.
	Version uint32
	// Over are the places in the ring of the keys that are destroyed with the change.
	Over []int
	// Past is Arrival.Past with those.
	Past []hsm.KCV
}

// Place decides as the contract says it of hsm.Import. The ring is the keys of the name,
// the newest first, with their states of the moment at which each was changed.
func Place(a *Arrival, ring []*hsm.KeyInfo) (Placement, error) {
	var p Placement
	k := a.Key
	taken := len(ring) > 0 && ring[0].State == hsm.StateActive
	switch {
	case taken && !a.Replace:
		return p, fmt.Errorf("%w: there is a key %s already", hsm.ErrDenied, k.Ref)
	case !taken && a.Replace:
		return p, fmt.Errorf("%w: there is no key %s to be replaced", hsm.ErrKey, k.Ref)
	case a.Overlap < 0 || a.Overlap > OverlapMax:
		return p, fmt.Errorf("%w: an overlap is up to %d days", hsm.ErrDenied, OverlapMax/(24*time.Hour))
	}
	if taken {
		if err := MayReplace(k, ring[0]); err != nil {
			return p, err
		}
	}
	again, err := a.known(ring, taken)
	if again || err != nil {
		return Placement{Again: again}, err
	}
	if p.Over, err = a.over(ring); err != nil {
		return p, err
	}
	p.Version = 1
	if len(ring) > 0 {
		p.Version = ring[0].Version + 1
	}
	p.Past = a.Past
	for _, n := range slices.Backward(p.Over) { // the oldest first
		p.Past = Remember(p.Past, ring[n])
	}
	return p, nil
}

// known tells whether the active key has come again, and refuses one that the name had
// before: whoever has an old key block must not bring its key back. Keys that were made
// here, and pairs, are not looked at.
func (a *Arrival) known(ring []*hsm.KeyInfo, taken bool) (again bool, err error) {
	k := a.Key
	if k.Origin == hsm.OriginGenerated || !secret(k.Algorithm) {
		return false, nil
	}
	for n, b := range ring {
		switch {
		case !a.is(b, n):
		case n > 0 || !taken:
			return false, hadBefore(k.Ref)
		case k.Algorithm != b.Algorithm || k.Mode != b.Mode || k.Export != b.Export || k.Expires != 0 && k.Expires != b.Expires:
			return false, fmt.Errorf("%w: %s is that key already, with other limits", hsm.ErrDenied, k.Ref)
		case b.Expires != 0 && a.At >= b.Expires:
			return false, fmt.Errorf("%w: %s is that key already, and has expired", hsm.ErrDenied, k.Ref)
		default:
			return true, nil
		}
	}
	if slices.ContainsFunc(a.Past, k.KCV.Matches) {
		return false, hadBefore(k.Ref)
	}
	return false, nil
}

func hadBefore(ref hsm.KeyRef) error {
	return fmt.Errorf("%w: %s had that key before, or one of the same check value: a new one is needed", hsm.ErrDenied, ref)
}

// is tells whether the new key is one of the ring, whatever that was for.
func (a *Arrival) is(b *hsm.KeyInfo, n int) bool {
	if a.Same != nil {
		return a.Same(n)
	}
	return a.Key.KCV.Matches(b.KCV)
}

// over are the places of the keys that end with the change: those whose overlap is
// over, and where the name would have too many, the oldest that are retired. What keys
// for data at rest have sealed is lost without them, so they are never among these.
func (a *Arrival) over(ring []*hsm.KeyInfo) ([]int, error) {
	var over []int
	kept := 1
	for n, b := range ring {
		if b.State == hsm.StateOld && StateAt(b, a.At) == hsm.StateRetired {
			over = append(over, n)
		} else {
			kept++
		}
	}
	for n := len(ring) - 1; n >= 0 && kept > hsm.KeyVersionsMax; n-- {
		if b := ring[n]; b.State == hsm.StateRetired && b.Usage != hsm.DataEncryption {
			over = append(over, n)
			kept--
		}
	}
	if kept > hsm.KeyVersionsMax {
		return nil, fmt.Errorf("%w: %s has %d keys, none of which may be destroyed for a new one: retire and delete some", hsm.ErrDenied, a.Key.Ref, kept-1)
	}
	slices.Sort(over)
	if a.Linked { // which is no reason to refuse what others take
		over = slices.DeleteFunc(over, func(n int) bool { return HoldsEnd(ring, n, a.At) })
	}
	return over, nil
}

// HoldsEnd tells whether the key after the n-th still reads for a time. Where a key's end
// is kept with the next newer one, that one must not go before it.
func HoldsEnd(ring []*hsm.KeyInfo, n int, now int64) bool {
	return n+1 < len(ring) && ring[n+1].Until != 0 && StateAt(ring[n+1], now) == hsm.StateOld
}

// Remember is what is known of the destroyed keys of a name when one more is destroyed.
func Remember(past []hsm.KCV, k *hsm.KeyInfo) []hsm.KCV {
	if !secret(k.Algorithm) || k.KCV == (hsm.KCV{}) {
		return past
	}
	past = append(slices.Clip(past), k.KCV)
	return past[max(0, len(past)-PastMax):]
}

func secret(a hsm.Algorithm) bool { return a != hsm.ECDSA && a != hsm.RSA }
