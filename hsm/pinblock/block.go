package pinblock

import (
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"io"
	"sync"

	"switchd/hsm"
)

// errBlock is the one error for whatever is malformed inside a block: which part it
// was would help to guess what is in it.
var errBlock = fmt.Errorf("%w: the PIN block is not one of this format, key and account", hsm.ErrBlock)

// work is where clear blocks are while they are made and read. It is on the heap,
// since the interface of a cipher takes it there, so it is wiped by hand, and used again.
type work struct {
	field   [16]byte // the PIN's part
	account [16]byte
}

// works are wiped ones, of *work.
var works = sync.Pool{New: func() any { return new(work) }}

// wipe gives it back.
func (w *work) wipe() {
	*w = work{}
	works.Put(w)
}

// Binding is what a block is made or read with.
type Binding struct {
	// Format of the block.
	Format hsm.PINFormat
	// Key is the cipher: TDES for formats 0, 1 and 3, AES for format 4.
	Key cipher.Block
	// Account that the block is bound to; format 1 has none.
	Account Account
}

// check refuses a cipher whose blocks are not those of the format, and a format that
// needs an account and has none.
func (b *Binding) check() error {
	switch {
	case !b.Format.Known():
		return fmt.Errorf("%w: %s is not known", hsm.ErrDenied, b.Format)
	case b.Key == nil || b.Key.BlockSize() != b.Format.Size():
		return fmt.Errorf("%w: %s needs a key for %s", hsm.ErrKey, b.Format, b.Format.Algorithm())
	case b.Format != hsm.ISO1 && b.Account.n == 0:
		return fmt.Errorf("%w: %s needs an account", hsm.ErrBlock, b.Format)
	}
	return nil
}

// Encrypt writes the encrypted block of a PIN over dst, which must be of the format's
// size. Formats 1, 3 and 4 take random bytes.
func Encrypt(dst []byte, p *PIN, b Binding, random io.Reader) error {
	if err := b.check(); err != nil {
		return err
	}
	if len(dst) != b.Format.Size() || p.n == 0 {
		return fmt.Errorf("%w: %d bytes for %s, or no PIN", hsm.ErrBlock, len(dst), b.Format)
	}
	w := works.Get().(*work)
	defer w.wipe()
	if err := w.fill(p, b.Format, random); err != nil {
		return err
	}
	if b.Format == hsm.ISO4 {
		b.Account.field16(&w.account)
		b.Key.Encrypt(w.field[:], w.field[:])
		subtle.XORBytes(w.field[:], w.field[:], w.account[:])
		b.Key.Encrypt(dst, w.field[:])
		return nil
	}
	w.bind(&b)
	b.Key.Encrypt(dst, w.field[:8])
	return nil
}

// Decrypt reads the PIN of an encrypted block into p.
func Decrypt(p *PIN, block []byte, b Binding) error {
	p.Wipe()
	if err := b.check(); err != nil {
		return err
	}
	if len(block) != b.Format.Size() {
		return fmt.Errorf("%w: %s has %d bytes, not %d", hsm.ErrBlock, b.Format, b.Format.Size(), len(block))
	}
	w := works.Get().(*work)
	defer w.wipe()
	if b.Format == hsm.ISO4 {
		b.Account.field16(&w.account)
		b.Key.Decrypt(w.field[:], block)
		subtle.XORBytes(w.field[:], w.field[:], w.account[:])
		b.Key.Decrypt(w.field[:], w.field[:])
		return w.read(p, b.Format)
	}
	b.Key.Decrypt(w.field[:8], block)
	w.bind(&b)
	return w.read(p, b.Format)
}

// Encode writes the clear block of formats 0, 1 and 3 over dst. It is for devices and
// tests: dst holds a PIN, and the caller wipes it.
func Encode(dst *[8]byte, f hsm.PINFormat, p *PIN, a Account, random io.Reader) error {
	b := Binding{Format: f, Key: clearText{}, Account: a}
	return Encrypt(dst[:], p, b, random)
}

// Decode reads the clear block of formats 0, 1 and 3.
func Decode(p *PIN, block *[8]byte, f hsm.PINFormat, a Account) error {
	return Decrypt(p, block[:], Binding{Format: f, Key: clearText{}, Account: a})
}

// clearText is the cipher that changes nothing, for clear blocks of 8 bytes.
type clearText struct{}

func (clearText) BlockSize() int          { return 8 }
func (clearText) Encrypt(dst, src []byte) { copy(dst, src[:8]) }
func (clearText) Decrypt(dst, src []byte) { copy(dst, src[:8]) }

// bind adds the account to a field of formats 0 and 3, or takes it away.
func (w *work) bind(b *Binding) {
	if b.Format == hsm.ISO1 {
		return
	}
	b.Account.field8((*[8]byte)(w.account[:8]))
	subtle.XORBytes(w.field[:8], w.field[:8], w.account[:8])
}

// fill makes the PIN's field: control, length, digits, and what follows them.
func (w *work) fill(p *PIN, f hsm.PINFormat, random io.Reader) error {
	if f != hsm.ISO0 && random == nil {
		return fmt.Errorf("%w: %s needs random bytes", hsm.ErrDenied, f)
	}
	if err := w.scatter(f, random); err != nil {
		return fmt.Errorf("hsm: random bytes for a PIN block: %w", err)
	}
	w.put(0, byte(f))
	w.put(1, p.n)
	for i := range 14 {
		switch {
		case i < int(p.n):
			w.put(2+i, p.digits[i])
		case f == hsm.ISO0:
			w.put(2+i, 0xF)
		case f == hsm.ISO4:
			w.put(2+i, 0xA)
		}
	}
	return nil
}

// scatter puts the random part of a format over the whole field.
func (w *work) scatter(f hsm.PINFormat, random io.Reader) error {
	switch f {
	case hsm.ISO1, hsm.ISO4:
		_, err := io.ReadFull(random, w.field[:])
		return err
	case hsm.ISO3:
		return w.letters(random)
	}
	return nil
}

// letters makes all nibbles random letters, A to F, each as likely: of 16 values 12
// give two of each, and the others are passed over.
func (w *work) letters(random io.Reader) error {
	drawn := w.account[:] // free until the account is bound
	for at := 0; at < 16; {
		if _, err := io.ReadFull(random, drawn); err != nil {
			return err
		}
		for i := 0; i < 2*len(drawn) && at < 16; i++ {
			if v := drawn[i/2] >> (4 * (i & 1)) & 0xF; v < 12 {
				w.put(at, 0xA+v%6)
				at++
			}
		}
	}
	return nil
}

// put sets a nibble of the PIN's field.
func (w *work) put(at int, v byte) {
	shift := 4 * (1 - at&1)
	w.field[at/2] = w.field[at/2]&^(0xF<<shift) | v<<shift
}

func (w *work) nibble(at int) byte { return w.field[at/2] >> (4 * (1 - at&1)) & 0xF }

// read takes the PIN out of its field. It looks at every nibble whatever it finds, and
// says only at the end whether all were right.
func (w *work) read(p *PIN, f hsm.PINFormat) error {
	n := w.nibble(1)
	bad := w.nibble(0) ^ byte(f) | above(n, pinMax) | above(pinMin, n)
	for i := range byte(14) {
		v := w.nibble(int(2 + i))
		fill := above(i+1, n) // 0xFF beyond the digits
		bad |= above(v, 9) &^ fill
		switch f {
		case hsm.ISO0:
			bad |= (v ^ 0xF) & fill
		case hsm.ISO3:
			bad |= above(0xA, v) & fill
		case hsm.ISO4:
			bad |= (v ^ 0xA) & fill
		}
		if i < pinMax {
			p.digits[i] = v &^ fill
		}
	}
	p.n = n
	if bad != 0 {
		p.Wipe()
		return errBlock
	}
	return nil
}
