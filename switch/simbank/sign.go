package simbank

import (
	"crypto"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"switchd/switch/guard/jws"
	"switchd/switch/guard/signer"
	"switchd/switch/guard/xmldsig"
)

// Signing is how the messages of a participant of ISO 20022 are signed. Without a Kind
// they are not.
type Signing struct {
	Kind   string              // jws or xmldsig
	Key    crypto.Signer       // the participant's
	Own    *signer.Certificate // of it
	Theirs *signer.Certificate // the switch's
}

// signing signs and verifies messages.
type signing struct {
	Signing
	clock  func() int64
	sign   func(dst, message []byte, own *signer.Certificate, key crypto.Signer) ([]byte, error)
	verify func(body []byte, by *signer.Certificate, at int64) ([]byte, error)
}

// newSigning has a try of the key: that of another certificate would prove nothing.
func newSigning(o Signing, clock func() int64) (*signing, error) {
	s := &signing{Signing: o, clock: clock, sign: jws.Sign, verify: jws.Verify}
	if o.Kind == kindXML {
		s.sign, s.verify = xmldsig.Sign, xmldsig.Verify
	}
	body, err := s.sign(nil, []byte(trial), o.Own, o.Key)
	if err == nil {
		_, err = s.verify(body, o.Own, clock())
	}
	if err != nil {
		return nil, fmt.Errorf("simbank: Signing: %w", err)
	}
	return s, nil
}

// The kinds of signatures.
const (
	kindJWS = "jws"
	kindXML = "xmldsig"
)

// trial is a message that is signed for a try.
const trial = `<Message xmlns=""><AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"></AppHdr>` +
	`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:admi.004.001.02"></Document></Message>`

// validate looks at what is needed for signatures.
func (o Signing) validate(xml bool) error {
	switch {
	case o.Kind == "":
		return nil
	case !xml:
		return errors.New("simbank: Signing belongs to ISO 20022")
	case o.Kind != kindJWS && o.Kind != kindXML:
		return errors.New("simbank: Signing.Kind must be jws or xmldsig")
	case o.Key == nil || o.Own == nil || o.Theirs == nil:
		return errors.New("simbank: Signing needs Key, Own and Theirs")
	}
	return nil
}

// seal signs a message, or does what is not as agreed.
func (s *signing) seal(body []byte, how proof) ([]byte, error) {
	switch how {
	case bare:
		return body, nil
	case forged:
		return s.forge(body)
	}
	return s.sign(nil, body, s.Own, s.Key)
}

// forge gives a message with a signature in which all is as it should be, but that it
// was made of another one: what a check that stops too early takes.
func (s *signing) forge(body []byte) ([]byte, error) {
	signed, err := s.sign(nil, body, s.Own, s.Key)
	if err != nil {
		return nil, err
	}
	if s.Kind == kindJWS {
		return append(signed, '\n'), nil // one byte that was not signed
	}
	other, err := s.sign(nil, []byte(trial), s.Own, s.Key)
	if err != nil {
		return nil, err
	}
	of, from := signatureValue.FindIndex(signed), signatureValue.FindIndex(other)
	if of == nil || from == nil {
		return nil, errors.New("simbank: a signature has no value")
	}
	return slices.Concat(signed[:of[0]], other[from[0]:from[1]], signed[of[1]:]), nil
}

// signatureValue finds the value of an XML signature.
var signatureValue = regexp.MustCompile(`SignatureValue>[^<]+`)

// open gives the message of a body that the switch has signed.
func (s *signing) open(body []byte) ([]byte, *fault) {
	message, err := s.verify(body, s.Theirs, s.clock())
	if err != nil {
		return nil, &fault{"signature", "wrong or missing"}
	}
	return message, nil
}
