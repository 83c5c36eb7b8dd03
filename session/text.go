package session

// Names as operators and the table of testdata/session/automaton.txt read them.
var (
	stateNames  = [...]string{"Connected", "Active", "Left", "Draining", "Held", "Closed"}
	actionNames = [...]string{"None", "Echo", "SignOn", "SignOff", "Close", "OfferKey", "KeyLapsed", "RetireKey"}
	changeNames = [...]string{"None", "SignedOn", "SignedOff", "HeldOff", "KeyOffered", "KeyChanged", "KeyRefused", "DayCut"}
)

// String names the state.
func (s State) String() string { return name(stateNames[:], int(s)) }

// String names the action.
func (a Action) String() string { return name(actionNames[:], int(a)) }

// String names the change.
func (c Change) String() string { return name(changeNames[:], int(c)) }

func name(names []string, i int) string {
	if i >= len(names) {
		return "?"
	}
	return names[i]
}
