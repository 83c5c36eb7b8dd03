package keyblock

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"switchd/hsm"
)

const (
	headerLen  = 16   // of the fixed part, in characters
	lengthMax  = 9992 // of a whole block: four digits, a multiple of 8
	optionsMax = 99
)

// Header is the readable part of a key block: what the key is, and what for.
type Header struct {
	// Version is how the block is protected: 'A', 'B', 'C' or 'D'.
	Version byte
	// Usage, Algorithm, Mode and Export are the key's limits. They are as they came,
	// which may be values that this switch does not know.
	Usage     hsm.Usage
	Algorithm hsm.Algorithm
	Mode      hsm.Mode
	Export    hsm.Export
	// KeyVersion is two characters, "00" if it is not used.
	KeyVersion string
	// Options are the optional blocks, in order.
	Options []Option
}

// Option is an optional block of a header, such as "KS" with a key serial number.
type Option struct {
	// ID is two characters.
	ID string
	// Data is printable ASCII.
	Data string
}

// padding is the optional block that fills the header up to the cipher's block.
const padding = "PB"

// Parsed is a key block that has the right form; nothing of it is proven.
type Parsed struct {
	Header
	text   string // the header as it came
	sealed []byte // the encrypted part
	mac    []byte
}

// Parse reads the form of a key block: every length, digit and character. It decrypts
// nothing. Its errors are hsm.ErrBlock and name the part, never its content.
func Parse(block string) (*Parsed, error) {
	if len(block) < headerLen || len(block) > lengthMax {
		return nil, bad("%d characters are no key block", len(block))
	}
	v, known := versions[block[0]]
	if !known {
		return nil, bad("the version is none of A, B, C, D")
	}
	if n, ok := number(block[1:5], 10); !ok || n != len(block) || n%v.block != 0 {
		return nil, bad("the length does not fit the block")
	}
	p := &Parsed{Header: Header{
		Version: block[0], Usage: hsm.Usage(block[5:7]), Algorithm: hsm.Algorithm(block[7]), Mode: hsm.Mode(block[8]),
		KeyVersion: block[9:11], Export: hsm.Export(block[11]),
	}}
	if !alphanumeric(block[5:12]) || block[14:16] != "00" {
		return nil, bad("the header has a character that is none of its own")
	}
	count, ok := number(block[12:14], 10)
	if !ok {
		return nil, bad("the number of optional blocks is no number")
	}
	at, err := p.options(block, count)
	if err != nil {
		return nil, err
	}
	p.text = block[:at]
	body, ok := unhex(block[at:])
	if !ok {
		return nil, bad("the body is not hexadecimal in capitals")
	}
	if n := len(body) - v.mac; n < v.block || n%v.block != 0 {
		// The whole is a number of the cipher's blocks, so this is also where optional
		// blocks are found that do not fill one up.
		return nil, bad("the body is too short or no whole number of blocks")
	}
	p.sealed, p.mac = body[:len(body)-v.mac], body[len(body)-v.mac:]
	return p, nil
}

// options reads the optional blocks and gives where the body begins.
func (p *Parsed) options(block string, count int) (int, error) {
	at := headerLen
	for i := range count {
		id, data, next, ok := option(block, at)
		switch {
		case !ok:
			return 0, bad("optional block %d of %d does not fit", i+1, count)
		case !alphanumeric(id) || !printable(data):
			return 0, bad("optional block %d has a character that is none of its own", i+1)
		case id == padding && i != count-1:
			return 0, bad("the padding block is not the last one")
		case slices.ContainsFunc(p.Options, func(o Option) bool { return o.ID == id }):
			return 0, bad("optional block %d is there twice", i+1)
		}
		p.Options = append(p.Options, Option{id, data})
		at = next
	}
	return at, nil
}

// option reads one optional block: its name, its length in two hexadecimal digits
// (name and length included), or 00, how many digits follow, and those digits.
func option(block string, at int) (id, data string, next int, ok bool) {
	if len(block)-at < 4 {
		return "", "", 0, false
	}
	id = block[at : at+2]
	n, ok := number(block[at+2:at+4], 16)
	head := 4
	if ok && n == 0 {
		if len(block)-at < 6 {
			return "", "", 0, false
		}
		digits, good := number(block[at+4:at+6], 16)
		if head = 6 + digits; !good || digits < 1 || digits > 4 || len(block)-at < head {
			return "", "", 0, false
		}
		n, ok = number(block[at+6:at+head], 16)
	}
	if !ok || n < head || n > len(block)-at {
		return "", "", 0, false
	}
	return id, block[at+head : at+n], at + n, true
}

// Require refuses a header whose usage is none of those wanted, or with values that
// this switch does not know.
func (h *Header) Require(want ...hsm.Usage) error {
	if !slices.Contains(want, h.Usage) {
		return fmt.Errorf("%w: the block is for another usage", hsm.ErrKey)
	}
	if !h.Mode.Known() || !h.Export.Known() {
		return fmt.Errorf("%w: mode of use or exportability is not known", hsm.ErrKey)
	}
	return nil
}

// format writes the header for a block whose encrypted part has so many bytes. The
// padding block is added where it is needed.
func (h *Header) format(sealed int) (string, error) {
	v := versions[h.Version]
	options, err := h.writeOptions()
	if err != nil {
		return "", err
	}
	if len(h.Usage) != 2 || len(h.KeyVersion) != 2 || !alphanumeric(string(h.Usage)+h.KeyVersion) || !h.Mode.Known() || !h.Export.Known() {
		return "", bad("usage, mode, key version or exportability cannot be written")
	}
	count := len(h.Options)
	if rest := options.Len() % v.block; rest != 0 {
		fill := v.block - rest
		if fill < 4 {
			fill += v.block
		}
		writeOption(options, Option{padding, strings.Repeat("0", fill-4)})
		count++
	}
	total := headerLen + options.Len() + 2*(sealed+v.mac)
	if total > lengthMax || count > optionsMax {
		return "", bad("the block would have %d characters and %d optional blocks", total, count)
	}
	return fmt.Sprintf("%c%04d%s%c%c%s%c%02d00%s", h.Version, total, h.Usage, h.Algorithm, h.Mode, h.KeyVersion, h.Export, count, options.String()), nil
}

// writeOptions writes the optional blocks that the caller has.
func (h *Header) writeOptions() (*strings.Builder, error) {
	to := new(strings.Builder)
	for i, o := range h.Options {
		switch {
		case len(o.ID) != 2 || !alphanumeric(o.ID) || !printable(o.Data) || o.ID == padding:
			return nil, bad("optional block %d cannot be written", i+1)
		case slices.ContainsFunc(h.Options[:i], func(b Option) bool { return b.ID == o.ID }):
			return nil, bad("optional block %d is there twice", i+1)
		}
		writeOption(to, o)
	}
	return to, nil
}

func writeOption(to *strings.Builder, o Option) {
	if n := 4 + len(o.Data); n <= 0xFF {
		fmt.Fprintf(to, "%s%02X%s", o.ID, n, o.Data)
		return
	}
	fmt.Fprintf(to, "%s0004%04X%s", o.ID, 10+len(o.Data), o.Data)
}

// bad makes an ErrBlock. Its arguments are places and lengths.
func bad(format string, args ...any) error {
	return fmt.Errorf("%w: key block: "+format, append([]any{hsm.ErrBlock}, args...)...)
}

// number reads digits without signs or blanks, in capitals.
func number(text string, radix int) (int, bool) {
	for i := range len(text) {
		if c := text[i]; !(c >= '0' && c <= '9' || radix == 16 && c >= 'A' && c <= 'F') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(text, radix, 16)
	return int(n), err == nil
}

func unhex(text string) ([]byte, bool) {
	out := make([]byte, len(text)/2)
	for i := range out {
		n, ok := number(text[2*i:2*i+2], 16)
		if !ok {
			return nil, false
		}
		out[i] = byte(n)
	}
	return out, len(text)%2 == 0
}

func alphanumeric(text string) bool {
	for i := range len(text) {
		if c := text[i]; !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			return false
		}
	}
	return true
}

func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
