package route

import (
	"bytes"
	"fmt"
)

// Participant is the number of a participant inside one switch. Numbers are
// given in the order in which participants are first configured, are never
// reused, and are what the journal and the state store hold.
type Participant uint16

// Nobody is the Participant of an address that no one serves.
const Nobody Participant = 1<<16 - 1

// ParticipantsMax bounds the participants of one switch.
const ParticipantsMax = 4096

// ifscPrefixBytes is the bank part of an IFSC: 4 letters (domain: IFSC = 4
// letters + '0' + 6 alphanumerics).
const ifscPrefixBytes = 4

// Lengths of a BIC (ISO 9362): of all branches, or of one.
const (
	bicBytes       = 8
	bicBranchBytes = 11
)

// Entry lists what one participant serves.
type Entry struct {
	Participant  Participant
	Handles      []string // VPA handles, lower case: the part after '@'
	IFSCPrefixes []string // first 4 letters of an IFSC, upper case
	BIC          string   // 8 characters: all branches; 11: one; empty: none
	BINs         []Range  // first digits of its cards
	Accounts     []Range  // first digits of its accounts
}

// Table maps addresses to participants. It is immutable and safe for
// concurrent use.
type Table struct {
	handles  map[string]Participant
	prefixes map[string]Participant
	bics     map[string]Participant
	bins     spans
	accounts spans
}

// New builds a Table. It fails when two participants claim one address, or an
// address does not have its form.
func New(entries []Entry) (*Table, error) {
	t := &Table{handles: map[string]Participant{}, prefixes: map[string]Participant{}, bics: map[string]Participant{}}
	for i := range entries {
		if err := t.add(&entries[i]); err != nil {
			return nil, err
		}
	}
	if err := t.bins.sort("BIN"); err != nil {
		return nil, err
	}
	return t, t.accounts.sort("account")
}

func (t *Table) add(e *Entry) error {
	for _, h := range e.Handles {
		if err := claim(t.handles, "handle", h, e.Participant); err != nil {
			return err
		}
	}
	for _, p := range e.IFSCPrefixes {
		if len(p) != ifscPrefixBytes {
			return fmt.Errorf("route: IFSC prefix %q has %d letters, want %d", p, len(p), ifscPrefixBytes)
		}
		if err := claim(t.prefixes, "IFSC prefix", p, e.Participant); err != nil {
			return err
		}
	}
	if e.BIC != "" {
		if n := len(e.BIC); n != bicBytes && n != bicBranchBytes || !letter(e.BIC[4]) {
			return fmt.Errorf("route: %q is not a BIC", e.BIC)
		}
		if err := claim(t.bics, "BIC", string(wholeBIC([]byte(e.BIC))), e.Participant); err != nil {
			return err
		}
	}
	if err := t.bins.add("BIN", e.BINs, e.Participant); err != nil {
		return err
	}
	return t.accounts.add("account", e.Accounts, e.Participant)
}

func claim(names map[string]Participant, noun, name string, p Participant) error {
	if prior, taken := names[name]; taken {
		return fmt.Errorf("route: %s %q is claimed by participants %d and %d", noun, name, prior, p)
	}
	names[name] = p
	return nil
}

// Handle returns who serves a VPA handle (lower case, without '@').
func (t *Table) Handle(handle []byte) (Participant, bool) {
	p, ok := t.handles[string(handle)]
	return p, ok
}

// VPA returns who serves a whole address, user@handle, in lower case.
func (t *Table) VPA(vpa []byte) (Participant, bool) {
	for i := len(vpa) - 1; i > 0; i-- {
		if vpa[i] == '@' {
			return t.Handle(vpa[i+1:])
		}
	}
	return Nobody, false
}

// Agent returns the bank behind a code, which is an IFSC or a BIC: the fifth
// character of a BIC is a letter of its country, that of an IFSC is 0.
func (t *Table) Agent(code []byte) (Participant, bool) {
	if len(code) > ifscPrefixBytes && letter(code[ifscPrefixBytes]) {
		return t.BIC(code)
	}
	return t.IFSC(code)
}

// IFSC returns who serves a branch code, by its first 4 letters.
func (t *Table) IFSC(ifsc []byte) (Participant, bool) {
	if len(ifsc) < ifscPrefixBytes {
		return Nobody, false
	}
	p, ok := t.prefixes[string(ifsc[:ifscPrefixBytes])]
	return p, ok
}

// BIC returns who serves a business identifier code in capital letters: a branch
// that is somebody's own, or else whoever serves all branches.
func (t *Table) BIC(bic []byte) (Participant, bool) {
	if len(bic) != bicBytes && len(bic) != bicBranchBytes {
		return Nobody, false
	}
	if p, ok := t.bics[string(wholeBIC(bic))]; ok {
		return p, true
	}
	p, ok := t.bics[string(bic[:bicBytes])]
	return p, ok
}

// BIN returns who has issued a card, by the first digits of its number.
func (t *Table) BIN(number []byte) (Participant, bool) { return t.bins.find(number) }

// Account returns who holds an account, by its first digits.
func (t *Table) Account(account []byte) (Participant, bool) { return t.accounts.find(account) }

// wholeBIC leaves out the branch that names none, but the main office: three times X.
func wholeBIC(bic []byte) []byte {
	if len(bic) == bicBranchBytes && len(bytes.TrimLeft(bic[bicBytes:], "X")) == 0 {
		return bic[:bicBytes]
	}
	return bic
}

func letter(c byte) bool { return c >= 'A' && c <= 'Z' }
