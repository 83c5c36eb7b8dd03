package rule_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/rule"
)

const now = int64(time.Hour)

// number is a check value that a number tells.
func number(n int) hsm.KCV {
	v, err := hsm.NewKCV([]byte{1, byte(n >> 8), byte(n)})
	if err != nil {
		panic(err)
	}
	return v
}

// held is a key of the name: its version is its check value's number.
func held(version int, state hsm.KeyState, until int64) *hsm.KeyInfo {
	return &hsm.KeyInfo{
		Ref: "a", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Mode: hsm.MACBothWays, Export: hsm.Exportable, Bits: 128,
		KCV: number(version), Version: uint32(version), State: state, Until: until,
	}
}

// with is a key that is changed.
func with(k *hsm.KeyInfo, f func(*hsm.KeyInfo)) *hsm.KeyInfo {
	f(k)
	return k
}

// ringOf is so many keys, the newest active, those before it as they are told.
func ringOf(n int, state hsm.KeyState, until int64) []*hsm.KeyInfo {
	ring := []*hsm.KeyInfo{held(n, hsm.StateActive, 0)}
	for v := n - 1; v > 0; v-- {
		ring = append(ring, held(v, state, until))
	}
	return ring
}

// atRest has all keys be for data at rest.
func atRest(ring []*hsm.KeyInfo) []*hsm.KeyInfo {
	for _, k := range ring {
		k.Usage, k.Mode = hsm.DataEncryption, hsm.BothWays
	}
	return ring
}

// TestPlace: what becomes of a name when key 99 comes to it, unless another comes.
func TestPlace(t *testing.T) {
	fresh := func(f func(*hsm.KeyInfo)) *hsm.KeyInfo { return with(held(99, 0, 0), f) }
	expires := func(at int64) func(*hsm.KeyInfo) { return func(k *hsm.KeyInfo) { k.Expires = at } }
	is := func(n int) func(*hsm.KeyInfo) { return func(k *hsm.KeyInfo) { k.KCV = number(n) } }
	data := func(k *hsm.KeyInfo) { k.Usage, k.Mode = hsm.DataEncryption, hsm.BothWays }
	two := []*hsm.KeyInfo{held(2, hsm.StateActive, 0), held(1, hsm.StateOld, now+1)}
	most := hsm.KeyVersionsMax
	for name, c := range map[string]struct {
		key     *hsm.KeyInfo // nil: a fresh one
		ring    []*hsm.KeyInfo
		first   bool // does not replace
		linked  bool
		overlap time.Duration
		past    []hsm.KCV
		same    func(int) bool
		kind    error
		again   bool
		version uint32
		over    []int
	}{
		"the first":                     {first: true, version: 1},
		"the first, that replaces":      {kind: hsm.ErrKey},
		"a name that is taken":          {ring: two, first: true, kind: hsm.ErrDenied},
		"in the place of one":           {ring: two, version: 3},
		"after one that is retired":     {ring: []*hsm.KeyInfo{held(4, hsm.StateRetired, 0)}, first: true, version: 5},
		"in the place of a retired one": {ring: []*hsm.KeyInfo{held(4, hsm.StateRetired, 0)}, kind: hsm.ErrKey},
		"less than no overlap":          {ring: two, overlap: -1, kind: hsm.ErrDenied},
		"the longest overlap":           {ring: two, overlap: rule.OverlapMax, version: 3},
		"a longer overlap":              {ring: two, overlap: rule.OverlapMax + 1, kind: hsm.ErrDenied},
		"another usage":                 {key: fresh(data), ring: two, kind: hsm.ErrDenied},

		"again":                       {key: fresh(is(2)), ring: two, again: true},
		"again, with a longer value":  {key: fresh(func(k *hsm.KeyInfo) { k.KCV, _ = hsm.NewKCV([]byte{1, 0, 2, 7, 7}) }), ring: two, again: true},
		"again, without replacing":    {key: fresh(is(2)), ring: two, first: true, kind: hsm.ErrDenied},
		"again, of another algorithm": {key: fresh(func(k *hsm.KeyInfo) { is(2)(k); k.Algorithm = hsm.TDES }), ring: two, kind: hsm.ErrDenied},
		"again, with another mode":    {key: fresh(func(k *hsm.KeyInfo) { is(2)(k); k.Mode = hsm.MACVerify }), ring: two, kind: hsm.ErrDenied},
		"again, with another export":  {key: fresh(func(k *hsm.KeyInfo) { is(2)(k); k.Export = hsm.NotExportable }), ring: two, kind: hsm.ErrDenied},
		"again, with an end":          {key: fresh(func(k *hsm.KeyInfo) { is(2)(k); k.Expires = now + 1 }), ring: two, kind: hsm.ErrDenied},
		"again, with the same end":    {key: fresh(func(k *hsm.KeyInfo) { is(2)(k); k.Expires = now + 1 }), ring: []*hsm.KeyInfo{with(held(2, hsm.StateActive, 0), expires(now+1))}, again: true},
		"again, without the end":      {key: fresh(is(2)), ring: []*hsm.KeyInfo{with(held(2, hsm.StateActive, 0), expires(now+1))}, again: true},
		"again, after its end":        {key: fresh(is(2)), ring: []*hsm.KeyInfo{with(held(2, hsm.StateActive, 0), expires(now))}, kind: hsm.ErrDenied},
		"again, by its bytes":         {ring: two, same: func(n int) bool { return n == 0 }, again: true},
		"the same value, other bytes": {key: fresh(is(2)), ring: two, same: func(int) bool { return false }, version: 3},
		"made here, the same value":   {key: fresh(func(k *hsm.KeyInfo) { is(2)(k); k.Origin = hsm.OriginGenerated }), ring: two, version: 3},
		"of no known value":           {key: fresh(func(k *hsm.KeyInfo) { k.KCV = hsm.KCV{} }), ring: []*hsm.KeyInfo{with(held(2, hsm.StateActive, 0), func(k *hsm.KeyInfo) { k.KCV = hsm.KCV{} })}, version: 3},
		"a pair, the same value": {
			key: fresh(func(k *hsm.KeyInfo) {
				is(2)(k)
				k.Usage, k.Algorithm, k.Mode = hsm.SignaturePair, hsm.ECDSA, hsm.SignMode
			}),
			ring: []*hsm.KeyInfo{with(held(2, hsm.StateActive, 0), func(k *hsm.KeyInfo) { k.Usage, k.Algorithm, k.Mode = hsm.SignaturePair, hsm.ECDSA, hsm.SignMode })}, version: 3,
		},

		"the one before":                    {key: fresh(is(1)), ring: two, kind: hsm.ErrDenied},
		"the one before, by its bytes":      {ring: two, same: func(n int) bool { return n == 1 }, kind: hsm.ErrDenied},
		"the retired one once more":         {key: fresh(is(4)), ring: []*hsm.KeyInfo{held(4, hsm.StateRetired, 0)}, first: true, kind: hsm.ErrDenied},
		"one that is destroyed":             {key: fresh(is(7)), ring: two, past: []hsm.KCV{number(6), number(7)}, kind: hsm.ErrDenied},
		"one that is destroyed, made again": {key: fresh(func(k *hsm.KeyInfo) { is(7)(k); k.Origin = hsm.OriginGenerated }), ring: two, past: []hsm.KCV{number(7)}, version: 3},

		"over":                           {ring: []*hsm.KeyInfo{held(3, hsm.StateActive, 0), held(2, hsm.StateOld, now), held(1, hsm.StateOld, now+1)}, version: 4, over: []int{1}},
		"all are over":                   {ring: ringOf(4, hsm.StateOld, now), version: 5, over: []int{1, 2, 3}},
		"retired, with room":             {ring: ringOf(4, hsm.StateRetired, 0), version: 5},
		"linked: over, and holds an end": {ring: []*hsm.KeyInfo{held(3, hsm.StateActive, 0), held(2, hsm.StateOld, now), held(1, hsm.StateOld, now+1)}, linked: true, version: 4},
		"linked: over, before one without an end": {ring: []*hsm.KeyInfo{held(3, hsm.StateActive, 0), held(2, hsm.StateOld, now), held(1, hsm.StateOld, 0)}, linked: true, version: 4, over: []int{1}},
		"linked: all are over":                    {ring: ringOf(4, hsm.StateOld, now), linked: true, version: 5, over: []int{1, 2, 3}},
		"linked: over, one holds an end": {
			ring:   []*hsm.KeyInfo{held(5, hsm.StateActive, 0), held(4, hsm.StateOld, now), held(3, hsm.StateOld, now), held(2, hsm.StateOld, now+1), held(1, hsm.StateOld, now)},
			linked: true, version: 6, over: []int{1, 4},
		},
		"linked: full, retired, and holds an end": {
			ring:   append(append(ringOf(most, hsm.StateRetired, 0)[:most-2], held(2, hsm.StateRetired, 0)), held(1, hsm.StateOld, now+1)),
			linked: true, version: uint32(most + 1),
		},

		"full, all read":                {ring: ringOf(most, hsm.StateOld, now+1), kind: hsm.ErrDenied},
		"one less, all read":            {ring: ringOf(most-1, hsm.StateOld, now+1), version: uint32(most)},
		"full, the oldest retired goes": {ring: ringOf(most, hsm.StateRetired, 0), version: uint32(most + 1), over: []int{most - 1}},
		"more than full":                {ring: ringOf(most+2, hsm.StateRetired, 0), version: uint32(most + 3), over: []int{most - 1, most, most + 1}},
		"full, one retired in between":  {ring: append(append(ringOf(most, hsm.StateOld, now+1)[:5], held(most-5, hsm.StateRetired, 0)), ringOf(most-5, hsm.StateOld, now+1)[1:]...), version: uint32(most + 1), over: []int{5}},
		"full, one over gives room":     {ring: append(ringOf(most, hsm.StateOld, now+1)[:most-1], held(1, hsm.StateOld, now)), version: uint32(most + 1), over: []int{most - 1}},
		"full of keys for data":         {key: fresh(data), ring: atRest(ringOf(most, hsm.StateOld, 0)), kind: hsm.ErrDenied},
		"full of retired keys for data": {key: fresh(data), ring: atRest(ringOf(most, hsm.StateRetired, 0)), kind: hsm.ErrDenied},
		"one less of keys for data":     {key: fresh(data), ring: atRest(ringOf(most-1, hsm.StateRetired, 0)), version: uint32(most)},
		"keys for data have no overlap": {key: fresh(data), ring: atRest(ringOf(3, hsm.StateOld, 0)), version: 4},
	} {
		a := rule.Arrival{Key: c.key, At: now, Replace: !c.first, Overlap: c.overlap, Past: c.past, Same: c.same, Linked: c.linked}
		if a.Key == nil {
			a.Key = held(99, 0, 0)
		}
		p, err := rule.Place(&a, c.ring)
		if !errors.Is(err, c.kind) || p.Again != c.again || p.Version != c.version || !slices.Equal(p.Over, c.over) {
			t.Errorf("%s: %+v, %v", name, p, err)
			continue
		}
		want := c.past
		for _, n := range slices.Backward(c.over) {
			want = append(slices.Clip(want), c.ring[n].KCV)
		}
		if err == nil && !p.Again && !slices.Equal(p.Past, want) {
			t.Errorf("%s: remembers %v, not %v", name, p.Past, want)
		}
	}
}

// TestPastIsBounded: of more than are remembered the oldest are forgotten, and only they
// may come again.
func TestPastIsBounded(t *testing.T) {
	var past []hsm.KCV
	for n := 1; n <= rule.PastMax; n++ {
		past = rule.Remember(past, held(n, 0, 0))
	}
	if len(past) != rule.PastMax || past[0] != number(1) {
		t.Fatalf("%d: %v", len(past), past)
	}
	past = append(make([]hsm.KCV, 0, 2*rule.PastMax), past...)
	was := slices.Clone(past[:cap(past)])
	ring := []*hsm.KeyInfo{held(102, hsm.StateActive, 0), held(101, hsm.StateOld, now), held(100, hsm.StateOld, now)}
	p, err := rule.Place(&rule.Arrival{Key: held(103, 0, 0), At: now, Replace: true, Past: past}, ring)
	if err != nil || len(p.Past) != rule.PastMax || p.Past[0] != number(3) || !slices.Equal(p.Past[rule.PastMax-2:], []hsm.KCV{number(100), number(101)}) {
		t.Errorf("%+v, %v", p, err)
	}
	if !slices.Equal(past[:cap(past)], was) {
		t.Error("what was handed in is changed")
	}
	for n, kind := range map[int]error{1: nil, 2: nil, 3: hsm.ErrDenied, 64: hsm.ErrDenied, 101: hsm.ErrDenied} {
		_, err := rule.Place(&rule.Arrival{Key: held(n, 0, 0), At: now, Replace: true, Past: p.Past}, ring[:1])
		if !errors.Is(err, kind) {
			t.Errorf("key %d: %v", n, err)
		}
	}
	none := []*hsm.KeyInfo{
		with(held(1, 0, 0), func(k *hsm.KeyInfo) { k.KCV = hsm.KCV{} }),
		with(held(1, 0, 0), func(k *hsm.KeyInfo) { k.Algorithm = hsm.RSA }),
	}
	for _, k := range none {
		if got := rule.Remember(nil, k); got != nil {
			t.Errorf("%+v: %v", k, got)
		}
	}
}

// TestRank: what a key is replaced by counts by its bytes where they are known, else by
// its length.
func TestRank(t *testing.T) {
	key := func(a hsm.Algorithm, bits int, b ...byte) *hsm.KeyInfo {
		k := &hsm.KeyInfo{Ref: "a", Usage: hsm.PINEncryption, Algorithm: a, Mode: hsm.BothWays, Bits: bits}
		if len(b) > 0 { // each stands for eight
			var whole []byte
			for _, c := range b {
				whole = append(whole, bytes.Repeat([]byte{c}, 8)...)
			}
			i := *k
			i.Export = hsm.Exportable
			if err := rule.AdmitBytes(&i, whole); err != nil {
				t.Fatal(err)
			}
			k.Bits, k.Rank = 8*len(whole), rankOf(a, whole)
		}
		return k
	}
	for name, c := range map[string]struct {
		fresh, was *hsm.KeyInfo
		kind       error
	}{
		"two for two":                   {key(hsm.TDES, 128), key(hsm.TDES, 128), nil},
		"three for two":                 {key(hsm.TDES, 192), key(hsm.TDES, 128), nil},
		"two for three":                 {key(hsm.TDES, 128), key(hsm.TDES, 192), hsm.ErrDenied},
		"three that are two, for three": {key(hsm.TDES, 0, 1, 2, 1), key(hsm.TDES, 0, 1, 2, 4), hsm.ErrDenied},
		"the same but for parity":       {key(hsm.TDES, 0, 2, 4, 3), key(hsm.TDES, 192), hsm.ErrDenied},
		"two for three that are two":    {key(hsm.TDES, 128), key(hsm.TDES, 0, 1, 2, 1), nil},
		"three for three that are two":  {key(hsm.TDES, 0, 1, 2, 4), key(hsm.TDES, 0, 1, 2, 1), nil},
		"AES for TDES":                  {key(hsm.AES, 128), key(hsm.TDES, 192), nil},
		"TDES for AES":                  {key(hsm.TDES, 192), key(hsm.AES, 128), hsm.ErrDenied},
		"a shorter one of AES":          {key(hsm.AES, 192), key(hsm.AES, 256), hsm.ErrDenied},
		"a shorter one of HMAC":         {key(hsm.HMAC, 128), key(hsm.HMAC, 256), hsm.ErrDenied},
		"a longer one of HMAC":          {key(hsm.HMAC, 256), key(hsm.HMAC, 128), nil},
	} {
		if err := rule.MayReplace(c.fresh, c.was); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
