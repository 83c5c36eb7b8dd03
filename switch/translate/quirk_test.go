package translate_test

import (
	"bytes"
	"errors"
	"testing"

	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
	"switchd/switch/translate/iso8583"
)

// checkByte is a worked example of a quirk: a bank whose line once was serial ends
// each message with the exclusive or of its bytes. What comes with a wrong one is
// damaged, and is handed on whole, so that the dialect refuses it.
type checkByte struct{}

func (checkByte) Arriving(_, body []byte) []byte {
	if n := len(body) - 1; n > 0 && sumOf(body[:n]) == body[n] {
		return body[:n]
	}
	return body
}

func (checkByte) Leaving(dst []byte, start int) ([]byte, error) {
	return append(dst, sumOf(dst[start:])), nil
}

func sumOf(b []byte) (sum byte) {
	for _, c := range b {
		sum ^= c
	}
	return sum
}

func plainDialect(t *testing.T) *iso8583.Dialect {
	t.Helper()
	spec, err := codec.Builtin("iso87-npci")
	if err != nil {
		t.Fatal(err)
	}
	return &iso8583.Dialect{Spec: spec, Directory: &translate.Directory{Institution: "999999", Currency: 356, Institutions: []string{"100001"}}}
}

// TestQuirk: all that is said to a participant passes its quirk, and all that it says.
func TestQuirk(t *testing.T) {
	plain := plainDialect(t)
	d := translate.WithQuirk(plain, checkByte{})
	if d.Participant() != plain.Participant() {
		t.Fatal("another participant")
	}
	i, bare := d.Open(), plain.Open()
	front := []byte("in front")
	same := func(what string, got, want []byte, err error) {
		t.Helper()
		whole := append(append([]byte{}, front...), want...)
		if whole = append(whole, sumOf(want)); err != nil || !bytes.Equal(got, whole) {
			t.Errorf("%s: %v\n%q, want\n%q", what, err, got, whole)
		}
	}
	echo, err := bare.Network(nil, 1, 7, 301)
	if err != nil {
		t.Fatal(err)
	}
	got, err := i.Network(front, 1, 7, 301)
	same("echo", got, echo, err)

	p := &payment.Payment{ID: 7, Reply: payment.OK, Echo: payment.Echo{RRN: [12]byte([]byte("RRN000000001"))}}
	var ev payment.Event
	if in := i.Read(got[len(front):], &ev); in.Kind != translate.NetworkRequest || in.Code != 301 {
		t.Fatalf("read as %+v", in)
	}
	bare.Read(echo, &ev)
	ev.Request.Echo.RRN = p.Echo.RRN
	want, _ := bare.NetworkAnswer(nil, "00")
	got, err = i.NetworkAnswer(front, "00")
	same("answer", got, want, err)
	want, _ = bare.Refuse(nil, translate.NotSupported)
	got, ok := i.Refuse(front, translate.NotSupported)
	if !ok {
		err = errors.New("not refused")
	}
	same("refusal", got, want, err)

	ef := &payment.Effect{Leg: payment.LegRequest, Payment: p}
	if want, err = bare.Compose(nil, ef); err != nil {
		t.Fatal(err)
	}
	got, err = i.Compose(front, ef)
	same("reply", got, want, err)
	want, _ = bare.RefuseRequest(nil, &ev, translate.NotSupported)
	got, err = i.RefuseRequest(front, &ev, translate.NotSupported)
	same("refused request", got, want, err)

	damaged := append(bytes.Clone(echo), sumOf(echo)^1)
	if in := i.Read(damaged, &ev); in.Kind != translate.Malformed {
		t.Errorf("damaged: %+v", in)
	}
}

// silent cannot say anything.
type silent struct{ checkByte }

func (silent) Leaving(dst []byte, start int) ([]byte, error) {
	return append(dst[:start], "half"...), errors.New("cannot be said")
}

// TestQuirkThatFails: nothing of a message that cannot be said is left behind.
func TestQuirkThatFails(t *testing.T) {
	i := translate.WithQuirk(plainDialect(t), silent{}).Open()
	front := []byte("in front")
	if b, err := i.Network(front, 1, 7, 301); err == nil || !bytes.Equal(b, front) {
		t.Errorf("%v, %q", err, b)
	}
	echo, _ := plainDialect(t).Open().Network(nil, 1, 7, 301)
	var ev payment.Event
	i.Read(echo, &ev)
	if b, ok := i.Refuse(front, translate.NotSupported); ok || !bytes.Equal(b, front) {
		t.Errorf("%v, %q", ok, b)
	}
	if _, err := i.Compose(front, &payment.Effect{Leg: payment.LegStatus + 100, Payment: &payment.Payment{}}); err == nil {
		t.Error("the dialect's own fault is lost")
	}
}
