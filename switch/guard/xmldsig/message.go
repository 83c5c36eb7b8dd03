package xmldsig

import (
	"bytes"
	"fmt"

	"switchd/hsm"
)

const (
	uriSignature = "http://www.w3.org/2000/09/xmldsig#"
	uriDigest    = "http://www.w3.org/2009/xmldsig11#"
)

// Why the parts of a message are refused.
var (
	errEnvelope = fmt.Errorf("%w: xmldsig: not a Message of AppHdr and Document", hsm.ErrBlock)
	errUnsigned = fmt.Errorf("%w: xmldsig: AppHdr has no Sgntr with a signature", hsm.ErrVerify)
	errPlace    = fmt.Errorf("%w: xmldsig: Sgntr is not the last element of AppHdr but for Rltd, or is there twice", hsm.ErrVerify)
	errElse     = fmt.Errorf("%w: xmldsig: an element of a signature outside of AppHdr/Sgntr", hsm.ErrVerify)
	errID       = fmt.Errorf("%w: xmldsig: an attribute that is an Id outside of KeyInfo", hsm.ErrVerify)
	errParts    = fmt.Errorf("%w: xmldsig: the signature is not SignedInfo, SignatureValue, KeyInfo and no more", hsm.ErrVerify)
)

// span is a range of bytes.
type span struct{ start, end int }

func (s span) of(b []byte) []byte { return b[s.start:s.end] }

// parts is a message that was read: where things stand in its canonical form.
type parts struct {
	canon
	header, document span // with their tags
	sgntr            span // in header, with its tags; without the signature, which is in inner
	inner            []byte
	signature        [3]span // SignedInfo, SignatureValue, KeyInfo in inner
	prefix           []byte  // of Signature, which must be that of all names in it
	headerName       name    // AppHdr, as it is written

	// Where Sgntr belongs if there is none: in the message and in the canonical form.
	raw, at int
	related bool
}

var signatureParts = [...]string{"SignedInfo", "SignatureValue", "KeyInfo"}

// read reads a message. Afterwards out has header and Document, and nothing else of the
// message than these has been kept.
func (p *parts) read(message []byte) error {
	p.reset(message)
	p.sgntr, p.inner, p.related = span{}, p.inner[:0], false
	if p.err == nil {
		p.message()
	}
	return p.err
}

// message reads the envelope with its two elements.
func (p *parts) message() int {
	i := p.prolog()
	if i < 0 {
		return i
	}
	if i = p.start(i); i < 0 {
		return i
	}
	if !p.tag.is(nil, "Message") || p.tag.attributes > 0 || p.tag.empty {
		return p.fail(errEnvelope)
	}
	if i = p.push(i, true); i < 0 {
		return i
	}
	if i = p.child(i, "AppHdr"); i < 0 {
		return i
	}
	p.header.start = len(p.out)
	if i = p.appHdr(i); i < 0 {
		return i
	}
	p.header.end = len(p.out)
	if i = p.child(i, "Document"); i < 0 {
		return i
	}
	p.document.start = len(p.out)
	if i = p.subtree(i, plain); i < 0 {
		return i
	}
	p.document.end = len(p.out)
	return p.last(i)
}

// last reads the end tag of the envelope, behind which there is nothing.
func (p *parts) last(i int) int {
	if i = p.space(i); i == len(p.in) || p.in[i] != '<' || !p.closes(i) {
		return p.fail(errEnvelope)
	}
	if i = p.end(i); i >= 0 && p.space(i) != len(p.in) {
		return p.fail(errEnvelope)
	}
	return i
}

// child reads the start tag of the next part, which must be there.
func (p *parts) child(i int, local string) int {
	if i = p.space(i); i == len(p.in) || p.in[i] != '<' || p.closes(i) {
		return p.fail(errEnvelope)
	}
	if i = p.start(i); i < 0 {
		return i
	}
	if string(p.tag.name.local) != local || p.tag.empty {
		return p.fail(errEnvelope)
	}
	return i
}

// plain is what elements of a message may not be, outside of the signature: nothing that
// anybody might take for a signature, or for what one refers to.
func plain(c *canon) error {
	if string(c.tag.uri) == uriSignature || string(c.tag.uri) == uriDigest {
		return errElse
	}
	for i := range c.attrs[:c.tag.attributes] {
		if local := c.attrs[i].local; len(local) == 2 && local[0]|0x20 == 'i' && local[1]|0x20 == 'd' {
			return errID
		}
	}
	return nil
}

// appHdr reads the header, whose start tag was read last, and the signature in it.
func (p *parts) appHdr(i int) int {
	if err := plain(&p.canon); err != nil {
		return p.fail(err)
	}
	uri := p.tag.uri
	p.headerName = p.tag.name
	if i = p.push(i, false); i < 0 {
		return i
	}
	for {
		if i = p.text(i); i < 0 {
			return i
		}
		if !p.related { // farther on, if what comes is neither the end nor Rltd
			p.raw, p.at = i, len(p.out)
		}
		if p.closes(i) {
			return p.end(i)
		}
		if i = p.start(i); i < 0 {
			return i
		}
		sgntr, related := p.tag.is(uri, "Sgntr"), p.tag.is(uri, "Rltd")
		switch {
		case !related && (p.related || p.sgntr.end > 0):
			return p.fail(errPlace)
		case sgntr:
			i = p.envelope(i)
		default:
			p.related = related
			i = p.subtree(i, plain)
		}
		if i < 0 {
			return i
		}
	}
}

// envelope reads Sgntr, whose start tag was read last, with the signature in it.
func (p *parts) envelope(i int) int {
	if p.tag.attributes > 0 || p.tag.empty {
		return p.fail(errUnsigned)
	}
	p.sgntr.start = len(p.out)
	if i = p.push(i, false); i < 0 {
		return i
	}
	if i = p.white(i); i < 0 {
		return i
	}
	if p.closes(i) {
		return p.fail(errUnsigned)
	}
	if i = p.start(i); i < 0 {
		return i
	}
	if !p.tag.is(signatureSpace, "Signature") || p.tag.attributes > 0 || p.tag.empty {
		return p.fail(errParts)
	}
	if i = p.signed(i); i < 0 {
		return i
	}
	if i = p.white(i); i < 0 {
		return i
	}
	if !p.closes(i) {
		return p.fail(errPlace) // a second signature, or anything else
	}
	i = p.end(i)
	p.sgntr.end = len(p.out)
	return i
}

var signatureSpace = []byte(uriSignature)

// white reads and writes white space up to the next '<'.
func (p *parts) white(i int) int {
	from := len(p.out)
	i = p.text(i)
	if i >= 0 && len(bytes.TrimSpace(p.out[from:])) > 0 {
		return p.fail(errParts)
	}
	return i
}

// signed reads what is inside of the Signature whose start tag was read last, each part
// as if it stood alone, and none of it into the canonical form of the header.
func (p *parts) signed(i int) int {
	p.prefix = p.tag.name.prefix
	if i = p.push(i, true); i < 0 {
		return i
	}
	p.out, p.inner = p.inner, p.out
	p.floor = p.shows
	for n, local := range signatureParts {
		if i = p.space(i); i == len(p.in) || p.in[i] != '<' || p.closes(i) {
			return p.fail(errParts)
		}
		p.signature[n].start = len(p.out)
		if i = p.start(i); i < 0 {
			return i
		}
		if !p.tag.is(signatureSpace, local) {
			return p.fail(errParts)
		}
		if i = p.subtree(i, anything); i < 0 {
			return i
		}
		p.signature[n].end = len(p.out)
	}
	p.floor = 0
	p.out, p.inner = p.inner, p.out
	if i = p.space(i); i == len(p.in) || p.in[i] != '<' || !p.closes(i) {
		return p.fail(errParts)
	}
	return p.end(i)
}

// anything may stand in the parts of a signature here; the profile knows every byte
// of them.
func anything(*canon) error { return nil }
