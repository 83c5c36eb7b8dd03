package main

import (
	"fmt"
	"strconv"
	"strings"
)

// charClass is a set of ASCII characters.
type charClass [2]uint64

func (c *charClass) add(b byte)     { c[b>>6] |= 1 << (b & 63) }
func (c charClass) has(b byte) bool { return b < 128 && c[b>>6]>>(b&63)&1 != 0 }
func (c charClass) meets(d charClass) bool {
	return c[0]&d[0] != 0 || c[1]&d[1] != 0
}

// patternRow is a character class with a number of repetitions. end says that
// the value may end before it.
type patternRow struct {
	class    charClass
	min, max int
	end      bool
}

// compilePattern turns a regular expression of XML Schema into rows that are
// matched from the left, each taking as many characters as it can. It knows
// classes, literals, {m,n}, one optional group at the end, and alternatives, and
// refuses whatever such a match would not judge exactly.
func compilePattern(text string) ([][]patternRow, error) {
	var ways [][]patternRow
	for _, way := range strings.Split(text, "|") {
		r := patternReader{rest: way}
		rows, err := r.sequence(true)
		if err == nil && r.rest != "" {
			err = fmt.Errorf("%q is not understood", r.rest)
		}
		if err == nil {
			err = greedy(rows)
		}
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", text, err)
		}
		ways = append(ways, rows)
	}
	return ways, nil
}

// greedy fails if a row might take characters that a later row needs: a row of
// variable length must share none with the rows that may follow it.
func greedy(rows []patternRow) error {
	for i, r := range rows {
		if r.min == r.max {
			continue
		}
		for _, next := range rows[i+1:] {
			if r.class.meets(next.class) {
				return fmt.Errorf("row %d may take too much", i)
			}
			if next.min > 0 {
				break
			}
		}
	}
	// Characters that must be written as an entity would have to be undone first.
	for i, r := range rows {
		for _, b := range []byte("&<>'\"") {
			if r.class.has(b) {
				return fmt.Errorf("row %d has a character that is written as an entity", i)
			}
		}
		for b := range byte(' ') {
			if r.class.has(b) {
				return fmt.Errorf("row %d has a control character", i)
			}
		}
	}
	return nil
}

type patternReader struct{ rest string }

func (r *patternReader) take() byte {
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// sequence reads rows up to the end or a closing bracket.
func (r *patternReader) sequence(top bool) ([]patternRow, error) {
	var rows []patternRow
	for r.rest != "" && r.rest[0] != ')' {
		if r.rest[0] == '(' && top {
			tail, err := r.optional()
			return append(rows, tail...), err
		}
		class, err := r.atom()
		if err != nil {
			return nil, err
		}
		row := patternRow{class: class}
		if row.min, row.max, err = r.quantifier(); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// optional reads a group with {0,1}, which must be the last part.
func (r *patternReader) optional() ([]patternRow, error) {
	r.take()
	rows, err := r.sequence(false)
	switch {
	case err != nil:
		return nil, err
	case r.rest != "){0,1}" || len(rows) == 0:
		return nil, fmt.Errorf("only an optional group at the end is understood")
	}
	r.rest = ""
	rows[0].end = true
	return rows, nil
}

// atom reads a class in brackets or a literal.
func (r *patternReader) atom() (charClass, error) {
	var c charClass
	if r.rest[0] != '[' {
		if strings.IndexByte(".+()]", r.rest[0]) >= 0 {
			return c, fmt.Errorf("%q outside of a class is not understood", r.rest[0])
		}
		b, err := r.char()
		if err == nil {
			c.add(b)
		}
		return c, err
	}
	for r.take(); r.rest != "" && r.rest[0] != ']'; {
		low, err := r.char()
		if err != nil {
			return c, err
		}
		high := low
		if len(r.rest) > 1 && r.rest[0] == '-' && r.rest[1] != ']' {
			r.take()
			if high, err = r.char(); err != nil {
				return c, err
			}
		}
		for b := int(low); b <= int(high); b++ {
			c.add(byte(b))
		}
	}
	if r.rest == "" || c == (charClass{}) {
		return c, fmt.Errorf("a class is empty or does not end")
	}
	r.take()
	return c, nil
}

// char reads one character, which a backslash may protect. Inside of a class
// most characters need no protection.
func (r *patternReader) char() (byte, error) {
	if r.rest == "" {
		return 0, fmt.Errorf("it ends too early")
	}
	b := r.take()
	switch {
	case b == '\\' && r.rest != "" && strings.IndexByte(`+-.()[]{}\|?*^`, r.rest[0]) >= 0:
		return r.take(), nil
	case b == '\\' || b >= 0x7f || b < ' ' || strings.IndexByte("^*?{}|", b) >= 0:
		return 0, fmt.Errorf("character %q is not understood", b)
	}
	return b, nil
}

// quantifier reads {m,n} or {m}; without one it is 1.
func (r *patternReader) quantifier() (low, high int, err error) {
	if r.rest != "" && strings.IndexByte("*+?", r.rest[0]) >= 0 {
		return 0, 0, fmt.Errorf("%q is not understood", r.rest[0])
	}
	if r.rest == "" || r.rest[0] != '{' {
		return 1, 1, nil
	}
	inside, rest, closed := strings.Cut(r.rest[1:], "}")
	r.rest = rest
	from, to, ranged := strings.Cut(inside, ",")
	if !ranged {
		to = from
	}
	low, errLow := strconv.Atoi(from)
	high, errHigh := strconv.Atoi(to)
	if !closed || errLow != nil || errHigh != nil || low < 0 || high < low || high == 0 || high > 255 {
		return 0, 0, fmt.Errorf("{%s} is not understood", inside)
	}
	return low, high, nil
}
