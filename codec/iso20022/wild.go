package iso20022

// wild reads what stands for xs:any inside of f: one element of any schema, or
// only a signature. It is read for well-formedness alone, within the bounds of
// the message.
func (s *scanner) wild(f *frame, i int) int {
	i = s.skipSpace(i)
	if !s.opens(i) {
		if s.closes(i) {
			return i // and pop will find that it is missing
		}
		return s.failText(i)
	}
	outside := s.depth
	for {
		if i = s.longTag(i); i < 0 {
			return i
		}
		if s.depth == outside && f.complex().wild == wildSignature && s.tag.space != spaceSignature {
			return s.failUnexpected(f)
		}
		if s.depth == outside && s.tag.space != spaceSignature && s.foreigns < foreignMax {
			s.foreign[s.foreigns] = span{s.tag.local, s.tag.end}
			s.foreigns++
		}
		if i = s.wildTag(i); i < 0 {
			return i
		}
		if i = s.wildText(i, outside); i < 0 {
			return i
		}
		if s.depth == outside {
			f.must = none
			return i
		}
	}
}

// wildTag checks the start tag just read and opens its element.
func (s *scanner) wildTag(i int) int {
	at := int(s.tag.start) - 1
	s.elements++
	switch {
	case s.elements > ElementsMax:
		return s.fail(ReasonElements, at)
	case s.depth >= DepthMax:
		return s.fail(ReasonDepth, at)
	case s.tag.space == s.space && string(s.b[s.tag.local:s.tag.end]) == s.def.Root:
		// A schema processor would check it, and a reader might take it for the message.
		return s.fail(ReasonUnexpected, at)
	}
	for n := range s.attrs[:s.tag.attributes] {
		a := &s.attrs[n]
		if local := string(s.b[a.local:a.end]); a.space == spaceXSI && (local == "type" || local == "nil") {
			return s.fail(ReasonAttribute, a.start)
		}
	}
	if s.tag.empty {
		s.unbind(int(s.tag.bound))
		return i
	}
	s.frames[s.depth] = frame{typ: noType, key: s.tag.whole, name: s.tag.name(), bound: s.tag.bound}
	s.depth++
	return i
}

// wildText reads text and end tags up to the next start tag, or to the end of all
// elements above the given depth.
func (s *scanner) wildText(i, outside int) int {
	for s.depth > outside {
		if i, _ = s.text(i); i < 0 {
			return i
		}
		if !s.closes(i) {
			return i
		}
		f := &s.frames[s.depth-1]
		if i = s.endTag(i, f.name, f.key); i < 0 {
			return i
		}
		s.depth--
		s.unbind(int(f.bound))
	}
	return i
}
