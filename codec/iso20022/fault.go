package iso20022

import (
	"strings"
	"unicode/utf8"
)

// fail keeps a fault and gives -1.
func (s *scanner) fail(why Reason, at int) int {
	s.fault.why, s.fault.at = why, min(at, len(s.b))
	return -1
}

// failLeaf says of a fault that it is about the last child of the innermost
// element.
func (s *scanner) failLeaf(i int) int {
	if s.depth > s.base {
		s.fault.child = int(s.frames[s.depth-1].pos)
	}
	return i
}

// failMissing is about a child that should have come before at: the last one
// more often, or the next mandatory one.
func (s *scanner) failMissing(f *frame, at int) bool {
	s.fault.child = int(f.must)
	if f.count < uint32(f.low) {
		s.fault.child = int(f.pos)
	}
	s.fail(ReasonMissing, at)
	return false
}

// failUnexpected is about the tag just read. If a mandatory element had to come
// before anything else, that one is named as missing.
func (s *scanner) failUnexpected(f *frame) int {
	at := int(s.tag.start) - 1
	if s.tag.space != s.space && s.tag.space.definition() != nil {
		return s.fail(ReasonNamespace, at)
	}
	local := string(s.b[s.tag.local:s.tag.end])
	known, ok := f.complex().find(local)
	if ok && s.tag.space == s.space {
		s.fault.child = known
	} else {
		s.fault.name = span{s.tag.local, s.tag.end}
	}
	return s.fail(ReasonUnexpected, at)
}

// failText is about something other than a tag where only tags may stand, or the
// other way round.
func (s *scanner) failText(i int) int {
	if i >= len(s.b) {
		return s.fail(ReasonSyntax, i)
	}
	switch c := s.b[i]; {
	case c == '<' && i+1 >= len(s.b):
		return s.fail(ReasonSyntax, i)
	case c == '<' && (s.b[i+1] == '!' || s.b[i+1] == '?'):
		return s.fail(ReasonConstruct, i)
	case c == '&' || c < ' ' || c >= utf8.RuneSelf:
		if n := s.char(i); n < 0 {
			return n
		}
	}
	return s.fail(ReasonContent, i)
}

// error makes an Error of the fault.
func (s *scanner) error() *Error {
	want := s.fault.want
	if s.fault.typ != nil {
		want = s.fault.typ.describe()
	}
	return newError(s.b, s.fault.why, s.fault.at, s.path(), want)
}

// path leads to the element that the fault is about. Names that are not of the
// schema do not get into it.
func (s *scanner) path() string {
	switch {
	case s.fault.path != "":
		return s.fault.path
	case s.def == nil && s.depth > 0:
		return "Message"
	case s.def == nil:
		return ""
	}
	var path strings.Builder
	path.WriteString(s.def.Root)
	open := s.frames[s.base:s.depth]
	for i := range open {
		child := int(open[i].pos)
		if i == len(open)-1 {
			child = s.fault.child
		}
		if open[i].typ == noType {
			break
		}
		kids := open[i].complex().elements()
		if child < 0 || child >= len(kids) {
			break
		}
		path.WriteByte('/')
		path.WriteString(names[kids[child].name])
	}
	if s.fault.attr != 0 {
		path.WriteString("/@" + names[s.fault.attr])
	}
	return path.String()
}
