package iso8583

import (
	"context"
	"errors"
	"fmt"

	codec "switchd/codec/iso8583"
	"switchd/hsm"
	"switchd/switch/guard"
)

// Options of a Scheme.
type Options struct {
	Spec *codec.Spec
	MAC  MAC
	Zone guard.Zone // of the participant's PIN blocks
}

// MAC is how the codes of one participant are made.
type MAC struct {
	Key       hsm.KeyRef // empty: its messages have none
	Algorithm hsm.MACAlgorithm
	Padding   hsm.Padding // 0: that of the algorithm's standard
	Size      int         // bytes of the code that count, 4 to 8; the rest of DE64 is zeros
}

// codeBytes is the length of DE64 and DE128.
const codeBytes = 8

// Scheme protects the ISO 8583 messages of one participant.
type Scheme struct{ o Options }

// New checks the options: the elements must be in the spec, in their lengths.
func New(o Options) (*Scheme, error) {
	var faults []error
	if m := &o.MAC; m.Key != "" {
		if m.Algorithm.Size() == 0 || m.Size < 4 || m.Size > min(codeBytes, m.Algorithm.Size()) {
			faults = append(faults, fmt.Errorf("a code of %d bytes by %s: it has 4 to 8", m.Size, m.Algorithm))
		}
		for _, de := range []int{64, 128} {
			if !holds(o.Spec, de, codeBytes) {
				faults = append(faults, fmt.Errorf("the spec %s has no DE%d of 8 bytes for the code", o.Spec.Name(), de))
			}
		}
	}
	if z := &o.Zone; z.Key != "" {
		switch n := z.Format.Size(); {
		case !z.Format.Known() || z.Format == hsm.ISO1:
			faults = append(faults, fmt.Errorf("PIN blocks between banks are ISO-0, ISO-3 or ISO-4, not %s", z.Format))
		case !holds(o.Spec, pinBlock, n):
			faults = append(faults, fmt.Errorf("the spec %s has no DE52 of %d bytes for %s", o.Spec.Name(), n, z.Format))
		}
	}
	return &Scheme{o}, errors.Join(faults...)
}

// pinBlock is the element that holds one.
const pinBlock = 52

// holds says that a spec can write n bytes as an element.
func holds(s *codec.Spec, de, n int) bool {
	var w codec.Writer
	w.Begin(s, nil, 0x0200)
	w.Set(de, make([]byte, n))
	return w.Err() == nil
}

// Open gives a Guard for one link.
func (s *Scheme) Open() guard.Guard { return &keeper{o: s.o} }

// keeper is a Scheme at work.
type keeper struct {
	o       Options
	message codec.Message
	writer  codec.Writer
}

// networkManagement is the class of 0800 and 0810.
const networkManagement = 8

// Exempt says that a message is network management, which has no code: links stay up
// while the module does not answer.
func (s *Scheme) Exempt(message []byte) bool {
	mti, ok := s.o.Spec.TypeOf(message)
	return ok && mti.Class() == networkManagement
}

// Check verifies the code of a message.
func (k *keeper) Check(ctx context.Context, m hsm.Module, body []byte) ([]byte, error) {
	if k.o.MAC.Key == "" {
		return body, nil
	}
	err := k.message.Parse(k.o.Spec, body)
	switch {
	case err == nil && k.message.MTI().Class() == networkManagement:
		return body, nil
	case err != nil:
		return nil, fmt.Errorf("%w: no code can be found", hsm.ErrBlock) // where it is bad, the dialect says
	}
	code, ok := k.message.MAC()
	if !ok || len(code.Code) != codeBytes {
		return nil, fmt.Errorf("%w: no code", hsm.ErrVerify)
	}
	for _, b := range code.Code[k.o.MAC.Size:] {
		if b != 0 {
			return nil, fmt.Errorf("%w: more of a code than was agreed", hsm.ErrVerify)
		}
	}
	if err := m.VerifyMAC(ctx, k.input(code.Covered), code.Code[:k.o.MAC.Size]); err != nil {
		return nil, err
	}
	return body, nil
}

func (k *keeper) input(covered []byte) hsm.MACInput {
	c := &k.o.MAC
	return hsm.MACInput{By: c.Key, Algorithm: c.Algorithm, Padding: c.Padding, Size: c.Size, Message: covered}
}

// Protect appends a message with its PIN block and its code.
func (k *keeper) Protect(ctx context.Context, m hsm.Module, dst, message []byte, pin *guard.PIN) ([]byte, error) {
	if pin == nil && k.o.MAC.Key == "" {
		return append(dst, message...), nil
	}
	if err := k.message.Parse(k.o.Spec, message); err != nil {
		return dst, fmt.Errorf("%w: our own message: %v", hsm.ErrBlock, err)
	}
	mti, w := k.message.MTI(), &k.writer
	coded := k.o.MAC.Key != "" && mti.Class() != networkManagement
	w.Relay(&k.message, dst, mti)
	if pin != nil && k.o.Zone.Key != "" {
		block, err := k.translate(ctx, m, pin)
		if err != nil {
			return dst, err
		}
		w.Set(pinBlock, block.Reveal())
		block.Wipe()
	}
	if !coded {
		return w.Finish()
	}
	covered, err := w.MACInput()
	if err != nil {
		return dst, err
	}
	code, err := m.MAC(ctx, k.input(covered))
	if err != nil {
		return dst, err
	}
	var room [codeBytes]byte
	copy(room[:], code)
	return w.FinishMAC(room[:])
}

// translate makes the block of the receiver's zone. A key that is not there, or is for
// something else, is no fault of who entered the PIN: that is told as it is.
func (k *keeper) translate(ctx context.Context, m hsm.Module, pin *guard.PIN) (hsm.Secret, error) {
	block, err := m.TranslatePIN(ctx, hsm.Translation{
		In: pin.Zone.Key, Out: k.o.Zone.Key, Block: pin.Block, Account: pin.Account,
		Change: hsm.FormatChange{From: pin.Zone.Format, To: k.o.Zone.Format},
	})
	if _, down := errors.AsType[*hsm.Fault](err); err != nil && !down && !errors.Is(err, hsm.ErrKey) {
		return hsm.Secret{}, fmt.Errorf("%w: %w", guard.ErrPIN, err)
	}
	return block, err
}
