package access

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Fault is something wrong at one place of the file of users. It never says what stands
// behind the word token.
type Fault struct {
	File         string
	Line, Column int
	Text         string
}

// Error is the fault as file:line:column.
func (f Fault) Error() string { return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Text) }

// Faults is all that is wrong with a file.
type Faults []Fault

// faultsMax bounds what is told at once.
const faultsMax = 20

// Error is the faults, one a line.
func (f Faults) Error() string {
	var lines []string
	for i, fault := range f {
		if i == faultsMax {
			lines = append(lines, fmt.Sprintf("%s: %d more faults are not shown", fault.File, len(f)-i))
			break
		}
		lines = append(lines, fault.Error())
	}
	return strings.Join(lines, "\n")
}

// nameForm is what users may be called: the name stands in journal, logs and answers.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,34}$`)

// participantForm is what a participant may be called.
var participantForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,34}$`)

// parser reads a file of users line by line:
//
//	NAME ROLE[,ROLE] token HEX64
//	NAME ROLE[,ROLE] certificate URI
//	NAME ROLE[,ROLE] certificate sha256/PIN
//
// A user may have several lines, which say the same roles.
type parser struct {
	file    string
	line    int
	entries int
	list    *list
	lines   map[string]int // of the first entry of a name
	faults  Faults
}

func (p *parser) fault(column int, format string, args ...any) {
	p.faults = append(p.faults, Fault{p.file, max(p.line, 1), column + 1, fmt.Sprintf(format, args...)})
}

// word is a word of a line and where it begins.
type word struct {
	text string
	at   int
}

// words are those of a line, up to one that begins a comment.
func words(line string) (all []word) {
	for rest, at := line, 0; ; {
		gap := len(rest) - len(strings.TrimLeft(rest, " \t"))
		rest, at = rest[gap:], at+gap
		if rest == "" || rest[0] == '#' {
			return all
		}
		end := strings.IndexAny(rest, " \t")
		if end < 0 {
			end = len(rest)
		}
		all = append(all, word{rest[:end], at})
		rest, at = rest[end:], at+end
	}
}

// entry reads one line.
func (p *parser) entry(line string) {
	w := words(line)
	if len(w) == 0 {
		return
	}
	if p.entries++; p.entries > entriesMax {
		if p.entries == entriesMax+1 {
			p.fault(0, "more than %d entries", entriesMax)
		}
		return
	}
	if len(w) != 4 {
		p.fault(w[0].at, "an entry is four words, not %d: NAME ROLE[,ROLE] token HEX64, or NAME ROLE[,ROLE] certificate URI|sha256/PIN", len(w))
		return
	}
	if !nameForm.MatchString(w[0].text) {
		p.fault(w[0].at, "a name is 1 to 35 letters, digits, dots, dashes, underscores and at signs")
		return
	}
	caller, ok := p.caller(w[0], w[1])
	if !ok || !p.credential(caller.Name, w[2], w[3]) {
		return
	}
	p.list.callers[caller.Name] = caller
}

// caller reads name and roles. The word after participant: is whose events that role sees.
func (p *parser) caller(name, roles word) (Caller, bool) {
	c := Caller{Name: name.text, Secured: true}
	var plain []string
	for each := range strings.SplitSeq(roles.text, ",") {
		id, ofOne := strings.CutPrefix(each, "participant:")
		switch {
		case each == "participant", ofOne && !participantForm.MatchString(id):
			p.fault(roles.at, "the role participant says whose: participant:ID")
			return c, false
		case ofOne && c.Participant != "" && c.Participant != id:
			p.fault(roles.at, "a user is of one participant")
			return c, false
		case ofOne:
			c.Participant = id
			c.Roles |= Participant
		default:
			plain = append(plain, each)
		}
	}
	if len(plain) > 0 {
		known, unknown := ParseRoles(strings.Join(plain, ","))
		if known == 0 {
			p.fault(roles.at, "role %.40q is not known: viewer, operator, security-officer, auditor, participant:ID", unknown)
			return c, false
		}
		c.Roles |= known
	}
	return c, p.same(c, name, roles)
}

// same says whether the roles are those that the name had before.
func (p *parser) same(c Caller, name, roles word) bool {
	first, again := p.lines[c.Name]
	for other, line := range p.lines {
		if other != c.Name && strings.EqualFold(other, c.Name) {
			p.fault(name.at, "%s differs from %s in line %d by its case only: two persons are told apart by more", c.Name, other, line)
			return false
		}
	}
	switch before := p.list.callers[c.Name]; {
	case !again && len(p.lines) >= usersMax:
		p.fault(name.at, "more than %d users", usersMax)
		return false
	case again && before.Name != "" && before != c:
		p.fault(roles.at, "%s has other roles in line %d: a user has the same in all lines", c.Name, first)
		return false
	case !again:
		p.lines[c.Name] = p.line
	}
	return true
}

// credential reads how a user shows who he is.
func (p *parser) credential(name string, kind, value word) bool {
	switch kind.text {
	case "token":
		return p.token(name, value)
	case "certificate":
		return p.certificate(name, value)
	}
	p.fault(kind.at, "the third word is token or certificate")
	return false
}

func (p *parser) token(name string, value word) bool {
	d, ok := digestIn(value.text)
	if !ok {
		p.fault(value.at, "behind token stands the SHA-256 of a token as 64 digits of lower-case hex, never the token")
		return false
	}
	for i := range p.list.tokens {
		if p.list.tokens[i].digest == d {
			p.fault(value.at, "this token stands there already: each is of one user")
			return false
		}
	}
	p.list.tokens = append(p.list.tokens, tokenOf{d, name})
	return true
}

func (p *parser) certificate(name string, value word) bool {
	p.list.certificates = true
	if text, isPin := strings.CutPrefix(value.text, "sha256/"); isPin {
		raw, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(raw) != len(Digest{}) {
			p.fault(value.at, "a pin is sha256/ and the base64 of the 32 bytes of a public key's SHA-256, as `switchd certs show` says it")
			return false
		}
		if _, taken := p.list.pins[Digest(raw)]; taken {
			p.fault(value.at, "this pin stands there already: each is of one user")
			return false
		}
		p.list.pins[Digest(raw)] = name
		return true
	}
	uri, err := url.Parse(value.text)
	if err != nil || uri.Scheme == "" || uri.String() != value.text {
		p.fault(value.at, "a certificate is named by a URI of its names (SAN), such as urn:switch:operator:asha, or by its pin, sha256/...")
		return false
	}
	if _, taken := p.list.uris[value.text]; taken {
		p.fault(value.at, "this URI stands there already: each is of one user")
		return false
	}
	p.list.uris[value.text] = name
	return true
}
