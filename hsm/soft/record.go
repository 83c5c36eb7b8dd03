package soft

import (
	"encoding/binary"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/rule"
)

// The content of a key file, before it is sealed: a number of keys in the order of
// lists, each as below. Numbers are big-endian, times in UTC nanoseconds.
//
//	format 2 = 2 | keys 4
//	name 1+n | version 4 | usage 2 | algorithm 1 | mode 1 | export 1 | state 1 | origin 1 | form 1
//	created 8 | expires 8 | until 8 | bytes 2+n | past 1 | each: check value 1+n
//
// Past are the destroyed keys of the name, with its newest key. Format 1 has none.
const (
	contentFormat   = 2
	contentWithout  = 1
	contentHead     = 6
	keyFixed        = 1 + 4 + 2 + 6 + 24 + 2 + 1 // of a key, without name, bytes and past
	pastBytesMax    = 1 + 5                      // of one of the past
	keyBytesMax     = 4096                       // of a key: a pair of RSA with 4096 bits has 2400
	nameBytesMax    = 64
	contentBytesMax = 16 << 20
)

// encode writes the content. It has the keys in the clear: the caller wipes it. It is
// made in one piece, so that no part of it is left where a slice grew.
func (t table) encode() ([]byte, error) {
	all := t.sorted()
	size := contentHead
	for _, k := range all {
		if k.bytes.Len() > keyBytesMax {
			return nil, fmt.Errorf("%w: %s has more than %d bytes", hsm.ErrDenied, k.Ref, keyBytesMax)
		}
		size += keyFixed + len(k.Ref) + k.bytes.Len() + pastBytesMax*len(k.past)
	}
	if size > contentBytesMax {
		return nil, fmt.Errorf("%w: the keys would not fit into a file of %d bytes", hsm.ErrDenied, contentBytesMax)
	}
	b := make([]byte, 0, size)
	b = binary.BigEndian.AppendUint16(b, contentFormat)
	b = binary.BigEndian.AppendUint32(b, uint32(len(all)))
	for _, k := range all {
		b = append(b, byte(len(k.Ref)))
		b = append(b, k.Ref...)
		b = binary.BigEndian.AppendUint32(b, k.Version)
		b = append(b, k.Usage...)
		b = append(b, byte(k.Algorithm), byte(k.Mode), byte(k.Export), byte(k.State), byte(k.Origin), byte(k.form))
		for _, at := range []int64{k.Created, k.Expires, k.Until} {
			b = binary.BigEndian.AppendUint64(b, uint64(at))
		}
		b = binary.BigEndian.AppendUint16(b, uint16(k.bytes.Len()))
		b = append(b, k.bytes.Reveal()...)
		b = append(b, byte(len(k.past)))
		for _, v := range k.past {
			b = append(b, byte(len(v.Bytes())))
			b = append(b, v.Bytes()...)
		}
	}
	return b, nil
}

// reader takes content apart. After the first thing that is not there, all is empty.
type reader struct {
	left []byte
	bad  bool
	past bool // keys are followed by those before them
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.left) {
		r.bad = true
		return make([]byte, min(n, 8)) // enough for a number
	}
	b := r.left[:n]
	r.left = r.left[n:]
	return b
}

func (r *reader) one() byte   { return r.take(1)[0] }
func (r *reader) time() int64 { return int64(binary.BigEndian.Uint64(r.take(8))) }

// decode reads the content, and takes nothing that encode would not write. What it
// gives is its own; the caller wipes b.
func decode(b []byte, keysMax int) (table, error) {
	r := &reader{left: b}
	format, count := binary.BigEndian.Uint16(r.take(2)), binary.BigEndian.Uint32(r.take(4))
	switch {
	case r.bad || format != contentFormat && format != contentWithout:
		return nil, fmt.Errorf("%w: its content has a format of another version", hsm.ErrBlock)
	case uint64(count) > uint64(keysMax):
		return nil, fmt.Errorf("%w: it has %d keys, above %d", hsm.ErrBlock, count, keysMax)
	}
	r.past = format == contentFormat
	t := table{}
	var last *key
	for i := range count {
		k, err := r.key()
		if err == nil && last != nil {
			err = last.follows(k)
		}
		if err != nil {
			t.wipe(nil)
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		t[k.Ref] = append(t[k.Ref], k)
		last = k
	}
	if len(r.left) > 0 {
		t.wipe(nil)
		return nil, fmt.Errorf("%w: there is something after the last key", hsm.ErrBlock)
	}
	return t, nil
}

// key reads one key.
func (r *reader) key() (*key, error) {
	var i hsm.KeyInfo
	i.Ref = hsm.KeyRef(r.take(int(r.one())))
	i.Version = binary.BigEndian.Uint32(r.take(4))
	i.Usage = hsm.Usage(r.take(2)[:2])
	i.Algorithm, i.Mode, i.Export = hsm.Algorithm(r.one()), hsm.Mode(r.one()), hsm.Export(r.one())
	i.State, i.Origin = hsm.KeyState(r.one()), hsm.Origin(r.one())
	f := form(r.one())
	i.Created, i.Expires, i.Until = r.time(), r.time(), r.time()
	b := r.take(int(binary.BigEndian.Uint16(r.take(2))))
	past, err := r.values()
	if err != nil {
		return nil, err
	}
	switch {
	case r.bad:
		return nil, fmt.Errorf("%w: it ends early", hsm.ErrBlock)
	case i.Version == 0, i.State < hsm.StateActive || i.State > hsm.StateRetired, i.Origin < hsm.OriginGenerated || i.Origin > hsm.OriginFile,
		f < formSymmetric || f > formPublic, len(b) > keyBytesMax:
		return nil, fmt.Errorf("%w: a number in it is none of its own", hsm.ErrBlock)
	}
	k, err := newKey(i, f, hsm.CopySecret(b))
	if err == nil {
		k.past = past
	}
	return k, err
}

// values are the check values of a name's destroyed keys.
func (r *reader) values() ([]hsm.KCV, error) {
	if !r.past {
		return nil, nil
	}
	var all []hsm.KCV
	n := int(r.one())
	if n > rule.PastMax {
		return nil, fmt.Errorf("%w: it has %d destroyed keys", hsm.ErrBlock, n)
	}
	for range n {
		b := r.take(int(r.one()))
		if r.bad {
			return nil, fmt.Errorf("%w: it ends early", hsm.ErrBlock)
		}
		v, err := hsm.NewKCV(b)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// follows refuses a next key that is out of order: names go up, versions of one name
// down, and only the first of them can be active, and knows of those before them.
func (k *key) follows(next *key) error {
	inOrder := k.Ref < next.Ref || k.Ref == next.Ref && k.Version > next.Version && next.State != hsm.StateActive && len(next.past) == 0
	if !inOrder {
		next.bytes.Wipe()
		return fmt.Errorf("%w: it is out of order", hsm.ErrBlock)
	}
	return nil
}
