package access

import "strings"

// Roles is a set of roles, one bit each.
type Roles uint8

// The roles.
const (
	// Viewer sees the state of the switch and of payments, and no personal data.
	Viewer Roles = 1 << iota
	// Operator also sees masked accounts and names, drains, resumes, closes links,
	// reloads, backs up, and proposes decisions about payments.
	Operator
	// SecurityOfficer also sees keys and changes caps, and approves what operators
	// propose.
	SecurityOfficer
	// Auditor sees everything that is not secret, and changes nothing.
	Auditor
	// Participant sees the events of its own participant, and nothing else.
	Participant

	// Anyone is every role of the switch's own people.
	Anyone = Viewer | Operator | SecurityOfficer | Auditor
)

var roleNames = [...]string{"viewer", "operator", "security-officer", "auditor", "participant"}

// Any says whether the set has one of the others.
func (r Roles) Any(of Roles) bool { return r&of != 0 }

// Names are the names of the roles in their order.
func (r Roles) Names() []string {
	names := []string{}
	for i, name := range roleNames {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String is the names with commas between them, as the file of users has them.
func (r Roles) String() string { return strings.Join(r.Names(), ",") }

// ParseRoles reads names with commas between them. It returns the first name that is
// none.
func ParseRoles(s string) (r Roles, unknown string) {
next:
	for name := range strings.SplitSeq(s, ",") {
		for i, known := range roleNames {
			if name == known {
				r |= 1 << i
				continue next
			}
		}
		return 0, name
	}
	return r, ""
}

// Caller is who asks.
type Caller struct {
	// Name is the user's, or with nobody to show who he is, what he says of himself.
	Name  string
	Roles Roles
	// Participant is whose events a caller of that role sees.
	Participant string
	// Secured says that the caller has shown who he is. Where nobody has to, on a
	// loopback port without users, it is false, and two callers may be one person.
	Secured bool
}
