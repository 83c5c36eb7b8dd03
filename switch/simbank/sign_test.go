package simbank

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"switchd/switch/guard/signer"
	"switchd/switch/guard/specimen"
)

// identity is a new key and its certificate, which is valid now.
func identity(t testing.TB, name string) specimen.Identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return specimen.Issue(key, name, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Unix(0, wall()).Add(-time.Hour), time.Unix(0, wall()).Add(time.Hour)
	})
}

// newSignedSwitch gives both sides signatures.
func newSignedSwitch(t testing.TB, kind string) (*xmlSwitch, Options) {
	t.Helper()
	s := newXMLSwitch(t)
	ours, theirs := identity(t, "BANKA"), identity(t, "switch")
	var err error
	s.speech.signing, err = newSigning(Signing{Kind: kind, Key: theirs.Signer, Own: theirs.Certificate, Theirs: ours.Certificate}, wall)
	must(t, err)
	o := s.options()
	o.Signing = Signing{Kind: kind, Key: ours.Signer, Own: ours.Certificate, Theirs: theirs.Certificate}
	return s, o
}

// TestSignedMessages: all that it sends is signed, sign-on, repeats and answers too, and
// what comes is taken only signed.
func TestSignedMessages(t *testing.T) {
	for _, kind := range []string{kindJWS, kindXML} {
		t.Run(kind, func(t *testing.T) {
			s, o := newSignedSwitch(t, kind)
			b, _ := start(t, o)
			s.put(s.credit("1", "CREDIT", 500))
			if got := summary(s.got()); got != "pacs.002 ACCC 000001" {
				t.Error(got)
			}
			result := send(b, Order{PayeeVPA: "user2@bankb", Amount: 5, Twice: true, Model: ModelA})
			first, again := s.got(), s.got()
			if first.head.PssblDplct != "" || again.head.PssblDplct != "true" {
				t.Errorf("%q, then %q", first.head.PssblDplct, again.head.PssblDplct)
			}
			s.told(first, "Q", "ACSC", "")
			if got := s.wait(result); got.err != nil || got.r.Outcome != outcomeSuccess {
				t.Errorf("%+v", got)
			}
			for n, how := range []proof{bare, forged} {
				s.how = how
				s.put(s.debit("2", 700))
				eventually(t, "it is counted", func() bool { return b.Stats().Unproven == int64(n)+1 })
			}
			s.how = agreed
			s.echoed("000007")
			if st := b.Stats(); b.Book().Net() != 500 || st.Debits != 0 || len(s.docs) != 0 || len(s.unsigned) != 0 {
				t.Errorf("net %d, %d answers, %d unsigned, stats %+v", b.Book().Net(), len(s.docs), len(s.unsigned), st)
			}
		})
	}
}

// TestForgedLooksSigned: all of a forged message is as it should be but for what the
// signature was made of, so that only the last check refuses it.
func TestForgedLooksSigned(t *testing.T) {
	for _, kind := range []string{kindJWS, kindXML} {
		ours := identity(t, "BANKA")
		s, err := newSigning(Signing{Kind: kind, Key: ours.Signer, Own: ours.Certificate, Theirs: ours.Certificate}, wall)
		must(t, err)
		message := []byte(strings.Replace(trial, "></Document>", ">x</Document>", 1))
		body, err := s.seal(message, forged)
		must(t, err)
		if _, err := s.verify(body, ours.Certificate, wall()); !errors.Is(err, signer.ErrSignature) {
			t.Errorf("%s: a forged message is refused with %v", kind, err)
		}
		if body, err = s.seal(message, agreed); err != nil {
			t.Fatal(err)
		}
		if got, err := s.verify(body, ours.Certificate, wall()); err != nil || !bytes.Equal(got, message) {
			t.Errorf("%s: %v, %s", kind, err, got)
		}
	}
}

// TestForgedSignatures: a forged payment comes again signed; told no for the first and
// no for the second in other words is no fault of the switch.
func TestForgedSignatures(t *testing.T) {
	s, o := newSignedSwitch(t, kindJWS)
	b, _ := start(t, o)
	result := send(b, Order{PayeeVPA: "user2@bankb", Amount: 5, Forged: true, Model: ModelB})
	var body []byte
	select {
	case body = <-s.unsigned:
	case <-time.After(patience):
		t.Fatal("nothing came that is not signed")
	}
	_, doc, bad := readEnvelope(bytes.TrimSpace(body[max(bytes.IndexByte(body[:len(body)-1], '\n'), -1)+1:]))
	if bad != nil {
		t.Fatal(bad)
	}
	s.told(docIn{doc: doc}, "Q", "RJCT", "NARR")
	if got := s.wait(result); got.r.Outcome != outcomeDeclined {
		t.Errorf("%+v", got)
	}
	again := s.got()
	if again.head.PssblDplct != "true" {
		t.Errorf("%+v", again.head)
	}
	s.told(again, "R", "RJCT", "AB02")
	s.echoed("000008")
	if st := b.Stats(); b.Book().Net() != 0 || st.Mismatches != 0 || st.Forged != 1 || st.Malformed != 0 {
		t.Errorf("net %d, %+v", b.Book().Net(), st)
	}
}

func TestSigningWithTheWrongKey(t *testing.T) {
	s := newXMLSwitch(t)
	one, other := identity(t, "one"), identity(t, "other")
	for name, o := range map[string]Signing{
		"kind":        {Kind: "pgp", Key: one.Signer, Own: one.Certificate, Theirs: other.Certificate},
		"certificate": {Kind: kindJWS, Key: one.Signer, Own: other.Certificate, Theirs: other.Certificate},
		"theirs":      {Kind: kindJWS, Key: one.Signer, Own: one.Certificate},
	} {
		options := s.options()
		options.Signing = o
		if _, err := New(options); err == nil {
			t.Errorf("a wrong %s is taken", name)
		}
	}
	fields := s.fakeSwitch.options()
	fields.Signing = Signing{Kind: kindJWS, Key: one.Signer, Own: one.Certificate, Theirs: other.Certificate}
	if _, err := New(fields); err == nil {
		t.Error("signatures of ISO 8583 are taken")
	}
}
