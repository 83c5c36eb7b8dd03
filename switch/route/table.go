package route

import "fmt"

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

// Entry lists what one participant serves.
type Entry struct {
	Participant  Participant
	Handles      []string // VPA handles, lower case: the part after '@'
	IFSCPrefixes []string // first 4 letters of an IFSC, upper case
}

// Table maps addresses to participants. It is immutable and safe for
// concurrent use.
type Table struct {
	handles  map[string]Participant
	prefixes map[string]Participant
}

// New builds a Table. It fails when two participants claim one address or a
// prefix has the wrong length.
func New(entries []Entry) (*Table, error) {
	t := &Table{handles: map[string]Participant{}, prefixes: map[string]Participant{}}
	for _, e := range entries {
		for _, h := range e.Handles {
			if prior, taken := t.handles[h]; taken {
				return nil, fmt.Errorf("route: handle %q is claimed by participants %d and %d", h, prior, e.Participant)
			}
			t.handles[h] = e.Participant
		}
		for _, p := range e.IFSCPrefixes {
			if len(p) != ifscPrefixBytes {
				return nil, fmt.Errorf("route: IFSC prefix %q has %d letters, want %d", p, len(p), ifscPrefixBytes)
			}
			if prior, taken := t.prefixes[p]; taken {
				return nil, fmt.Errorf("route: IFSC prefix %q is claimed by participants %d and %d", p, prior, e.Participant)
			}
			t.prefixes[p] = e.Participant
		}
	}
	return t, nil
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

// IFSC returns who serves a branch code, by its first 4 letters.
func (t *Table) IFSC(ifsc []byte) (Participant, bool) {
	if len(ifsc) < ifscPrefixBytes {
		return Nobody, false
	}
	p, ok := t.prefixes[string(ifsc[:ifscPrefixBytes])]
	return p, ok
}
