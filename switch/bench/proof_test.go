package bench

import (
	"bytes"
	"crypto/des"
	"encoding/hex"
	"testing"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
)

// folded is a code that any change of one byte changes, without a key.
type folded struct{}

func (folded) Sum(dst, message []byte) []byte {
	var code [codeBytes]byte
	for i, c := range message {
		code[i%codeBytes] = code[i%codeBytes]*31 + c
	}
	return append(dst, code[:]...)
}

// provenLink gives all participants of a link's run codes and PINs.
func provenLink(t testing.TB, number int) *link {
	l := newLink(t, 2, number)
	key, err := des.NewTripleDESCipher([]byte("0123456789ABCDEF01234567"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range l.run.stations {
		s.Proof = Proof{MAC: folded{}, PIN: key}
	}
	return l
}

// coded is a message of the switch with its code.
func coded(t testing.TB, spec *iso8583.Spec, plain []byte) []byte {
	t.Helper()
	var m iso8583.Message
	if err := m.Parse(spec, plain); err != nil {
		t.Fatal(err)
	}
	var w iso8583.Writer
	w.Relay(&m, nil, m.MTI())
	covered, err := w.MACInput()
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.FinishMAC(folded{}.Sum(nil, covered))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// debitOf is a debit of account 7 with a PIN block, in both dialects.
func debitOf(t testing.TB, l *link, ref, block string) []byte {
	fields := map[int]string{
		3: "401000", 4: "000000012345", 7: "0203040506", 11: "000042", 32: "100001", 33: "999999", 37: ref, 49: "356", 52: block,
		102: string(l.at.account(nil, 7)), 103: "1000020000009",
	}
	return coded(t, l.at.Dialect, compose(t, l.at.Dialect, mtiPosting, fields, map[int]string{1: "DEBIT"}))
}

// TestProof: codes are made and checked both ways, and a debit wants the right PIN.
func TestProof(t *testing.T) {
	for number, name := range []string{"iso87-npci", "iso87-ascii"} {
		t.Run(name, func(t *testing.T) {
			l := provenLink(t, number)
			var s sealer
			right := string(s.block(&l.at.Proof, l.at.account(nil, 7), pinOf(7)))
			wrong := string(s.block(&l.at.Proof, l.at.account(nil, 7), pinOf(8)))
			for _, c := range []struct{ ref, block, code string }{
				{"0000000000D1", right, "00"}, {"0000000000D2", wrong, "55"}, {"0000000000D3", "", "55"}, {"0000000000D2", wrong, "55"},
			} {
				l.take(debitOf(t, l, c.ref, c.block), 0)
				if m := l.reads(t); string(m.Value(39)) != c.code || !s.proven(&l.at.Proof, m) {
					t.Errorf("%s: answered %s, or without a code", c.ref, m.Value(39))
				}
			}
			if net, conflicts := l.at.book.state(); net != -12345 || conflicts != 0 {
				t.Errorf("the book moved by %d, %d conflicts", net, conflicts)
			}
			debit := debitOf(t, l, "0000000000D9", right)
			changed := bytes.Replace(debit, []byte("12345"), []byte("12346"), 1)
			l.take(changed, 0)
			l.take(compose(t, l.at.Dialect, mtiPosting, map[int]string{3: "401000"}, nil), 0)
			if len(l.answers) != 0 || l.tally.unproven != 2 {
				t.Errorf("%d are seen to be without proof, want 2", l.tally.unproven)
			}
			l.take(compose(t, l.at.Dialect, mtiNetwork, map[int]string{7: "0203040506", 11: "000042", 70: "301"}, nil), 0)
			if m := l.reads(t); m.MTI() != 0x0810 {
				t.Error("an echo needs no code")
			}
			sp := newSpeaker(l.at)
			b, err := sp.pay(nil, "ABC", "356", &request{order: order{payerAccount: 7, payeeAccount: 3, amount: 5, byAddress: true}, number: 1, payee: l.run.stations[1-number]})
			if err != nil {
				t.Fatal(err)
			}
			body, _, err := l.at.Framing.Next(b, frame.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var m iso8583.Message
			if err := m.Parse(l.at.Dialect, body); err != nil || !s.proven(&l.at.Proof, &m) || string(m.Value(pinBlock)) != right {
				t.Errorf("a request without code or PIN: %v", err)
			}
		})
	}
}

// TestPINBlock: the clear block is that of ISO 9564 format 0 for the account.
func TestPINBlock(t *testing.T) {
	l := provenLink(t, 0)
	var s sealer
	block := bytes.Clone(s.block(&l.at.Proof, []byte("9123456789012"), 4321))
	l.at.Proof.PIN.Decrypt(block, block)
	// The last 12 digits are 123456789012; the last of them is not bound.
	if got := hex.EncodeToString(block); got != "044320dcba9876fe" {
		t.Errorf("clear block %s", got)
	}
}

// TestProofAllocs: codes and PIN blocks allocate nothing, in neither direction.
func TestProofAllocs(t *testing.T) {
	l := provenLink(t, 0)
	var s sealer
	right := string(s.block(&l.at.Proof, l.at.account(nil, 7), pinOf(7)))
	debit := debitOf(t, l, "0000000000D1", right)
	none(t, "a debit again", func() {
		l.answers = l.answers[:0]
		l.take(debit, 1)
	})
	sp, out := newSpeaker(l.at), []byte(nil)
	r := request{order: order{payerAccount: 7, payeeAccount: 3, amount: 5, byAddress: true}, number: 1, payee: l.run.stations[1]}
	none(t, "request", func() {
		b, err := sp.pay(out[:0], "ABC", "356", &r)
		if err != nil {
			t.Fatal(err)
		}
		out = b
	})
	if l.tally.unproven != 0 {
		t.Error("the debit was not taken")
	}
}
