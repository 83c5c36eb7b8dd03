package simbank

import (
	"fmt"
	"strings"
)

// duty is what a request asks a participant to do.
type duty uint8

const (
	dutyResolve duty = iota
	dutyDebit
	dutyCredit
	dutyReversal
	dutyAdvice
	dutyStatus
	dutyFence
	dutyConfirm
	dutyUpdate
	duties // how many there are
)

// rule says what a request of the switch must carry.
type rule struct {
	duty  duty
	mti   string // of the first sending; a repeat falls under the same rule
	code  string // DE3 positions 1-2; 3-6 are account types, the sender's business
	kind  string // DE120 tag 001
	needs []int
	tags  []string
}

// What an answer echoes of its request.
var (
	echoBare  = []int{3, 7, 11, 32, 37}
	echoMoney = []int{3, 4, 7, 11, 32, 37, 49}
)

// rules are the wire table as this side reads it. A field that the table names
// is required even where a participant could do without: a switch that leaves it
// out is found here, not by the first real one.
var rules = []rule{
	{dutyResolve, "0100", "33", "VAL", []int{7, 11, 32, 33, 37}, []string{"004"}},
	{dutyDebit, "0200", "40", "DEBIT", []int{4, 7, 11, 32, 33, 37, 49, 102, 103}, []string{"002"}},
	{dutyCredit, "0200", "21", "CREDIT", []int{4, 7, 11, 32, 33, 37, 49, 102, 103}, []string{"002"}},
	{dutyReversal, "0420", "40", "REVERSAL", []int{4, 7, 11, 32, 33, 37, 49, 90, 102}, []string{"002"}},
	{dutyAdvice, "0220", "21", "CREDIT", []int{4, 7, 11, 32, 33, 37, 49, 90, 102, 103}, []string{"002"}},
	{dutyStatus, "0100", "38", "CHKTXN", []int{7, 11, 32, 33, 37, 90}, []string{"002"}},
	{dutyFence, "0420", "21", "REVERSAL", []int{4, 7, 11, 32, 33, 37, 49, 90, 103}, []string{"002"}},
	{dutyConfirm, "0220", "21", "CONFIRM", []int{7, 11, 32, 33, 37, 39, 90}, []string{"002"}},
	{dutyUpdate, "0220", "40", "UPDATE", []int{7, 11, 32, 33, 37, 39, 90}, []string{"002"}},
}

// form is the shape of a data element; the library does not check any.
type form struct {
	name     string
	min, max int
	digits   bool
}

var forms = map[int]form{
	3:   {"n6", 6, 6, true},
	4:   {"n12", 0, 12, true}, // the codec unpads it: zero is empty here
	7:   {"n10", 10, 10, true},
	11:  {"n6", 6, 6, true},
	32:  {"n..11", 1, 11, true},
	33:  {"n..11", 1, 11, true},
	37:  {"an12", 12, 12, false},
	39:  {"an2", 2, 2, false},
	49:  {"an3", 3, 3, false},
	70:  {"n3", 3, 3, true},
	90:  {"n42", 42, 42, true},
	102: {"ans..28", 1, 28, false},
	103: {"ans..28", 1, 28, false},
}

// examine finds the rule of a request and holds the request against it. Without
// a rule the code is 12, invalid transaction; else 30, format error.
func examine(m message) (*rule, string, *fault) {
	first := m.mti[:3] + string(m.mti[3]&^1)
	known := false
	var near *rule
	for i := range rules {
		// DE3 tells a debit from a credit: both are 0200. Tag 001 tells what a
		// 0220 is about.
		r := &rules[i]
		if r.mti != first {
			continue
		}
		known = true
		switch {
		case !strings.HasPrefix(m.de[3], r.code):
		case r.kind == m.tag["001"]:
			return r, "30", r.check(m)
		case near == nil:
			near = r
		}
	}
	switch {
	case near != nil:
		return near, "30", near.check(m)
	case !known:
		return nil, "12", &fault{"MTI", "unknown"}
	}
	return nil, "12", &fault{"DE3", "unknown"}
}

func (r *rule) check(m message) *fault {
	for _, id := range r.needs {
		if bad := checkField(m, id); bad != nil {
			return bad
		}
	}
	if m.tag["001"] != r.kind {
		return &fault{"DE120.001", "type"}
	}
	for _, tag := range r.tags {
		if m.tag[tag] == "" {
			return &fault{"DE120." + tag, "missing"}
		}
	}
	// A spec that the user brings may allow more than a TxnID holds.
	if len(m.tag["002"]) > len(TxnID{}) {
		return &fault{"DE120.002", "length"}
	}
	if _, has := m.de[90]; has {
		return checkOriginal(m)
	}
	return nil
}

func checkField(m message, id int) *fault {
	value, has := m.de[id]
	if !has {
		return &fault{fmt.Sprintf("DE%d", id), "missing"}
	}
	f := forms[id]
	if len(value) < f.min || len(value) > f.max || f.digits && !digits(value) {
		return &fault{fmt.Sprintf("DE%d", id), f.name}
	}
	return nil
}

// checkOriginal holds DE90 against the message: the original was a 0200, and the
// two institutions are those of DE32 and DE33, right-justified. Its STAN and DE7
// belong to the original and cannot be told from here.
func checkOriginal(m message) *fault {
	original := m.de[90]
	if original[:4] != "0200" || original[20:31] != justified(m.de[32]) || original[31:] != justified(m.de[33]) {
		return &fault{"DE90", "original"}
	}
	return nil
}

func justified(institution string) string {
	return strings.Repeat("0", 11-len(institution)) + institution
}

// amountOf reads DE4. REQUIRES: checked, so digits only and at most twelve.
func amountOf(de4 string) int64 {
	var n int64
	for i := range len(de4) {
		n = n*10 + int64(de4[i]-'0')
	}
	return n
}
