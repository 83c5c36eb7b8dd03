package iso8583

import (
	"encoding/json"
	"math/bits"
	"strconv"
)

// rule is what a message of one type must and must not have.
type rule struct {
	mandatory, forbidden [2]uint64
	conditional          []conditional
}

// conditional elements are mandatory when a condition holds (or, with unless,
// when it does not): an element is there, with one of some values if any are
// named.
type conditional struct {
	fields [2]uint64
	unless bool
	de     int
	values []string
}

// Check says whether a parsed message has the elements that the spec's rules
// for its type ask for. The error is a *FieldError for the first element, in
// ascending order, that is ReasonMissing or ReasonForbidden; its offset is where
// a missing element would stand. A type that the rules do not list is
// ReasonMTI; a repeat (0201) without rules of its own has those of its original
// (0200). A spec without rules accepts every message. It does not allocate
// unless it finds something.
func (s *Spec) Check(m *Message) error {
	if e := s.firstFault(m, 0); e != nil {
		return e
	}
	return nil
}

// CheckAll gives every fault that Check would find, for people.
func (s *Spec) CheckAll(m *Message) (all []*FieldError) {
	for e := s.firstFault(m, 0); e != nil; e = s.firstFault(m, e.DE) {
		all = append(all, e)
		if e.DE == 0 {
			break
		}
	}
	return all
}

// firstFault looks at the elements above after.
func (s *Spec) firstFault(m *Message, after int) *FieldError {
	if s.rules == nil {
		return nil
	}
	r := s.rules[m.mti]
	if r == nil {
		r = s.rules[m.mti.Original()]
	}
	if r == nil {
		return &FieldError{DE: 0, Reason: ReasonMTI, Expected: "a message type that the spec lists"}
	}
	needed := r.mandatory
	for i := range r.conditional {
		if c := &r.conditional[i]; c.holds(m) {
			needed[0] |= c.fields[0]
			needed[1] |= c.fields[1]
		}
	}
	for word := range needed {
		bad := needed[word]&^m.present[word] | r.forbidden[word]&m.present[word]
		for bad != 0 {
			lead := bits.LeadingZeros64(bad)
			bad &^= 1 << (63 - lead)
			de := word<<6 + lead + 1
			if de <= after {
				continue
			}
			reason := ReasonMissing
			if m.Has(de) {
				reason = ReasonForbidden
			}
			return &FieldError{DE: de, Offset: m.start(de), Reason: reason, Expected: s.expected(de, reason)}
		}
	}
	return nil
}

func (c *conditional) holds(m *Message) bool {
	there := m.Has(c.de)
	if there && len(c.values) > 0 {
		v := m.Value(c.de)
		there = false
		for _, want := range c.values {
			there = there || string(v) == want
		}
	}
	return there != c.unless
}

// Messages lists the message types that the spec has rules for, ascending.
func (s *Spec) Messages() []MTI {
	var all []MTI
	for mti := range MTI(0x9999 + 1) {
		if _, ok := s.rules[mti]; ok {
			all = append(all, mti)
		}
	}
	return all
}

// Mandatory lists the elements that every message of the type has, ascending.
func (s *Spec) Mandatory(mti MTI) []int {
	var all []int
	if r := s.rules[mti]; r != nil {
		for de := 2; de <= 128; de++ {
			if isSet(r.mandatory, de) {
				all = append(all, de)
			}
		}
	}
	return all
}

func isSet(set [2]uint64, de int) bool { return set[(de-1)>>6]<<((de-1)&63)>>63 != 0 }

// ruleJSON is one message type of the spec key "messages".
type ruleJSON struct {
	Mandatory   []int             `json:"mandatory"`
	Forbidden   []int             `json:"forbidden"`
	Conditional []conditionalJSON `json:"conditional"`
}

type conditionalJSON struct {
	Fields []int          `json:"fields"`
	When   *conditionJSON `json:"when"`
	Unless *conditionJSON `json:"unless"`
}

type conditionJSON struct {
	Field int      `json:"field"`
	Is    []string `json:"is"`
}

// rules compiles the key "messages".
func (c *compiler) rules() {
	c.spec.rules = make(map[MTI]*rule)
	c.object("messages", c.messages, func(key string, value json.RawMessage) {
		path := "messages." + key
		var digits [4]byte
		copy(digits[:], key)
		mti, ok := parseMTI(&digits, '0')
		if !ok || len(key) != 4 {
			c.fail(path, "a message type is 4 digits, the second one not 0")
			return
		}
		var j ruleJSON
		if !c.decode(path, value, &j) {
			return
		}
		r := &rule{mandatory: c.set(path, j.Mandatory), forbidden: c.set(path, j.Forbidden)}
		for _, cj := range j.Conditional {
			on, unless := cj.When, false
			if cj.Unless != nil {
				on, unless = cj.Unless, true
			}
			if on == nil || cj.When != nil && cj.Unless != nil {
				c.fail(path, "a condition has when or unless")
				continue
			}
			c.set(path, []int{on.Field})
			r.conditional = append(r.conditional, conditional{
				fields: c.set(path, cj.Fields), unless: unless, de: on.Field, values: on.Is})
		}
		c.spec.rules[mti] = r
	})
}

// set makes a set of elements that the spec has.
func (c *compiler) set(path string, elements []int) (set [2]uint64) {
	for _, de := range elements {
		if de < 2 || de > 128 || !c.seen[de] {
			c.fail(path, "the spec has no field "+strconv.Itoa(de))
			continue
		}
		set[(de-1)>>6] |= 1 << (63 - (de-1)&63)
	}
	return set
}
