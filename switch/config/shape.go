package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// key is one key that a mapping may have. The table of all keys is read by three:
// the binder, the schema and the reference of the keys.
type key struct {
	name    string
	is      shape
	def     string // what holds without it, as it would be written; empty: says tells
	example string // a key with an example must be there
	restart bool   // a change takes effect at the next start only
	says    string // what it is for
}

// kindOf says what a value is.
type kindOf uint8

// The kinds of values.
const (
	isText kindOf = iota
	isNumber
	isTruth
	isTime  // a length of time with its unit
	isSize  // a number of bytes with its unit
	isSpan  // days or years
	isList  // of each
	isTable // a mapping of keys
)

// shape is what a value may look like.
type shape struct {
	kind      kindOf
	form      *pattern             // texts: what they look like; nil: anything, or what the binder checks
	words     []string             // texts: one of these
	known     func(Names) []string // texts: one of these, which the binary knows
	low, high int64                // of numbers, times (ns), sizes (bytes) and spans (days)
	each      *shape               // lists
	least     int                  // entries of a list, for the schema: the binder says what is missing
	most      int
	keys      []key    // mappings
	some      []string // mappings: one of these keys must be there
	off       bool     // mappings: the word off may stand in its place
}

// pattern is a form that texts must have.
type pattern struct {
	re   *regexp.Regexp
	says string
}

var (
	anyText = shape{}
	truth   = shape{kind: isTruth}
	amounts = textOf(&amountForm)
)

func textOf(form *pattern) shape { return shape{form: form} }

func wordOf(words ...string) shape { return shape{words: words} }

func nameOf(known func(Names) []string) shape { return shape{known: known} }

func number(low, high int64) shape { return shape{kind: isNumber, low: low, high: high} }

func lasting(low, high time.Duration) shape {
	return shape{kind: isTime, form: &durationForm, low: int64(low), high: int64(high)}
}

func sized(low, high int64) shape { return shape{kind: isSize, form: &sizeForm, low: low, high: high} }

func days(low, high int64) shape { return shape{kind: isSpan, form: &spanForm, low: low, high: high} }

func listOf(each shape, most int) shape { return shape{kind: isList, each: &each, most: most} }

// atLeast is a list with so many entries.
func (s shape) atLeast(n int) shape {
	s.least = n
	return s
}

func table(keys ...key) shape { return shape{kind: isTable, keys: keys} }

// choices are the texts that a shape allows; nil: it is not a choice.
func (s *shape) choices(known Names) []string {
	if s.known != nil {
		return s.known(known)
	}
	return s.words
}

// find is a key of a mapping. That there is none is a fault of this program.
func (s *shape) find(name string) *key {
	for i := range s.keys {
		if s.keys[i].name == name {
			return &s.keys[i]
		}
	}
	panic("config: no key is called " + name)
}

// oneOfSome says whether a key is one of those of which one must be there.
func (s *shape) oneOfSome(name string) bool { return slices.Contains(s.some, name) }

// bounds are the least and the greatest value as they would be written; empty: a
// shape has none.
func (s *shape) bounds() (low, high string) {
	switch s.kind {
	case isNumber:
		return strconv.FormatInt(s.low, 10), strconv.FormatInt(s.high, 10)
	case isTime:
		return brief(time.Duration(s.low)), brief(time.Duration(s.high))
	case isSize:
		return inBytes(s.low), inBytes(s.high)
	case isSpan:
		return fmt.Sprintf("%dd", s.low), fmt.Sprintf("%dy", s.high/yearDays)
	}
	return "", ""
}
