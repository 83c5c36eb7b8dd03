package config

import "github.com/goccy/go-yaml/token"

// guard walks the tokens once before they are parsed. It refuses the parts of
// YAML that a configuration does not need and that hide what it says, and it
// stops what would make the parser recurse or run away.
type guard struct {
	r        *reader
	refusals int
	stopped  bool
	content  bool               // a token with content was seen
	skip     int                // line of a directive: its words are no content
	flow     []flow             // open [ and {
	keys     [columnMax + 1]int // keys of the open block mapping at each column
	right    int                // highest column in keys that may not be 0
}

const tooManyKeys = "this mapping has too many keys: check that the file is a configuration of switchd"

// flow is one open [ or {.
type flow struct {
	mapping bool
	entries int
}

// refusedTokens maps what is refused to the reason.
var refusedTokens = map[token.Type]string{
	token.AnchorType:     "anchors (&name) are not used here: write the value where it belongs",
	token.AliasType:      "aliases (*name) are not used here: write the value out",
	token.MergeKeyType:   "merge keys (<<) are not used here: write the keys out, or use defaults",
	token.TagType:        "tags (!name) are not used here: remove it",
	token.MappingKeyType: "complex keys (? key) are not used here: write key: value",
	token.DirectiveType:  "directives (%NAME) are not used here: remove the line",
}

// check reports all refused tokens and says whether parsing is safe.
func (g *guard) check(tokens token.Tokens) bool {
	if len(tokens) > tokensMax {
		g.stop(tokens[tokensMax], "the file has too many parts up to here: this is not a configuration of switchd")
		return false
	}
	for _, tk := range tokens {
		if why, refused := refusedTokens[tk.Type]; refused {
			g.refusals++
			g.r.fault(tokenPosition(tk), "%s", why)
		}
		g.step(tk)
		if g.stopped || g.refusals > refusalsMax {
			return false
		}
	}
	return true
}

// step follows the structure of the file: depth, and keys per mapping.
func (g *guard) step(tk *token.Token) {
	switch tk.Type {
	case token.DocumentHeaderType:
		if g.content {
			g.stop(tk, "a second document begins here: put everything into one document")
		}
		return
	case token.DirectiveType:
		g.skip = tokenPosition(tk).line
		return
	case token.CommentType, token.DocumentEndType:
		return
	case token.MappingStartType, token.SequenceStartType:
		g.flow = append(g.flow, flow{mapping: tk.Type == token.MappingStartType})
		if len(g.flow) > flowDepthMax {
			g.stop(tk, "brackets are nested too deeply: a configuration needs two or three levels")
		}
	case token.MappingEndType, token.SequenceEndType:
		g.flow = g.flow[:max(len(g.flow)-1, 0)]
	case token.CollectEntryType:
		g.entry(tk)
	case token.SequenceEntryType, token.MappingValueType:
		g.block(tk)
	}
	g.content = g.content || tokenPosition(tk).line != g.skip
}

// entry counts the commas of the innermost { }. The library forgives some commas
// that have nothing in front of them; we do not.
func (g *guard) entry(tk *token.Token) {
	if prev := tk.Prev; prev == nil || prev.Type == token.MappingStartType || prev.Type == token.SequenceStartType {
		g.stop(tk, "this comma has no value in front of it: remove it")
		return
	}
	if len(g.flow) == 0 {
		return
	}
	top := &g.flow[len(g.flow)-1]
	if top.entries++; top.mapping && top.entries > mappingKeyMax {
		g.stop(tk, tooManyKeys)
	}
}

// block bounds what is made by indentation. A level is known by its column: a
// key or a dash ends every mapping that began to the right of it.
func (g *guard) block(tk *token.Token) {
	if len(g.flow) > 0 || tk.Position == nil {
		return
	}
	key := tk.Type == token.MappingValueType
	column := tk.Position.Column
	if prev := tk.Prev; key && prev != nil && prev.Position != nil && prev.Position.Line == tk.Position.Line {
		column = prev.Position.Column
	}
	if column < 1 || column > columnMax {
		g.stop(tk, "this begins too far to the right: check the indentation")
		return
	}
	for ; g.right > column; g.right-- {
		g.keys[g.right] = 0
	}
	if key {
		g.right = column
		if g.keys[column]++; g.keys[column] > mappingKeyMax {
			g.stop(tk, tooManyKeys)
		}
	}
}

func (g *guard) stop(tk *token.Token, why string) {
	g.stopped = true
	g.r.fault(tokenPosition(tk), "%s", why)
}
