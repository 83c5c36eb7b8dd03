package iso20022

// space is a namespace, as far as we tell them apart: that of a message is the
// index of its definition plus spaceMessage.
type space uint8

const (
	spaceNone space = iota
	spaceOther
	spaceXML
	spaceXSI
	spaceSignature
	spaceMessage
)

const (
	uriXML       = "http://www.w3.org/XML/1998/namespace"
	uriXMLNS     = "http://www.w3.org/2000/xmlns/"
	uriXSI       = "http://www.w3.org/2001/XMLSchema-instance"
	uriSignature = "http://www.w3.org/2000/09/xmldsig#"
)

// definition is the message of a namespace, or nil.
func (n space) definition() *Definition {
	if n < spaceMessage {
		return nil
	}
	return &definitions[n-spaceMessage]
}

func spaceOf(uri []byte) space {
	if d := findNamespace(uri); d != nil {
		return spaceMessage + space(d.index)
	}
	switch string(uri) {
	case "":
		return spaceNone
	case uriXSI:
		return spaceXSI
	case uriSignature:
		return spaceSignature
	}
	return spaceOther
}

// binding is a namespace declaration in force. The default one has no prefix.
type binding struct {
	prefix, uri span
	space       space
	same        uint8 // the first binding in force of the same namespace
}

// bind takes a declaration of the tag that is being read.
func (s *scanner) bind(prefix, uri span) bool {
	p, u := string(prefix.of(s.b)), uri.of(s.b)
	if s.bound == bindingsMax {
		s.fail(ReasonAttributes, int(uri.start))
		return false
	}
	n := spaceOf(u)
	bad := p == "xml" || p == "xmlns" || p != "" && n == spaceNone || n == spaceOther && !isPlainURI(u)
	for _, other := range s.bindings[s.tag.bound:s.bound] {
		bad = bad || string(other.prefix.of(s.b)) == p
	}
	if bad {
		s.fail(ReasonNamespace, int(uri.start))
		return false
	}
	same := 0
	for same < s.bound && string(s.bindings[same].uri.of(s.b)) != string(u) {
		same++
	}
	s.bindings[s.bound] = binding{prefix: prefix, uri: uri, space: n, same: uint8(same)}
	s.bound++
	if p == "" {
		s.byDef = n
	}
	return true
}

// isPlainURI tells whether a namespace may be bound: it is none of XML's own, and
// has no character that could be written in another way.
func isPlainURI(uri []byte) bool {
	for _, c := range uri {
		if c <= ' ' || c == '&' {
			return false
		}
	}
	return string(uri) != uriXML && string(uri) != uriXMLNS
}

// unbind ends the declarations of an element.
func (s *scanner) unbind(bound int) {
	s.bound = bound
	s.byDef = spaceNone
	for i := bound - 1; i >= 0; i-- {
		if p := s.bindings[i].prefix; p.start == p.end {
			s.byDef = s.bindings[i].space
			return
		}
	}
}

// lookup gives the namespace of a name that begins at start and whose part after
// the prefix begins at local, and the index of its binding. Without a prefix it
// is the default.
func (s *scanner) lookup(start, local int) (n space, bind int, ok bool) {
	if local == start {
		return s.byDef, -1, true
	}
	prefix := s.b[start : local-1]
	for i := s.bound - 1; i >= 0; i-- {
		if string(s.bindings[i].prefix.of(s.b)) == string(prefix) {
			return s.bindings[i].space, i, true
		}
	}
	return spaceXML, -1, string(prefix) == "xml"
}
