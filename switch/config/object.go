package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// value is one node of the file with the name that messages call it by, and the
// shape that it should have. One without a node stands for a key that is absent or
// already reported: every method on it answers with what holds without the key and
// reports nothing, so callers need no checks.
type value struct {
	r    *reader
	node ast.Node
	at   position // where messages point
	key  position // the key in front of it, if there is one
	name string
	is   *shape
	def  string // what holds without it
}

// object is one mapping of the file.
type object struct {
	values map[string]value
	is     *shape
	// meant are known keys that an unknown one was probably meant to be: they
	// are not reported as missing on top.
	meant map[string]bool
}

// get is the value of a key.
func (o object) get(name string) value {
	k := o.is.find(name)
	v := o.values[name]
	v.name, v.is, v.def = name, &k.is, k.def
	return v
}

// has tells whether a key is there.
func (o object) has(name string) bool { return !o.get(name).absent() }

// fault reports something about this value.
func (v value) fault(format string, args ...any) { v.r.fault(v.at, format, args...) }

// absent tells whether there is nothing to read, or nothing more to say: a
// refused part of YAML (an alias for example) was reported from its token.
func (v value) absent() bool {
	switch v.node.(type) {
	case nil, *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.DirectiveNode:
		return true
	}
	return false
}

// object reads a mapping: unknown, repeated and missing keys are reported here,
// once for all mappings. owner names the mapping in messages.
func (v value) object(owner string) object {
	o := object{values: make(map[string]value, len(v.is.keys)), is: v.is, meant: make(map[string]bool)}
	pairs, isMapping := mappingPairs(v.node)
	if !isMapping {
		if !v.absent() {
			v.fault("%s is %s: write a mapping of keys (%s)%s", v.name, kind(v.node), keyNames(v.is.keys), v.is.orOff())
		}
		return o
	}
	for _, pair := range pairs {
		v.r.pair(o, pair, owner)
	}
	for i := range v.is.keys {
		k := &v.is.keys[i]
		if _, there := o.values[k.name]; !there && k.example != "" && !o.meant[k.name] && !o.spared(k.name) {
			v.fault("%s has no key %q: add it, for example %s: %s", owner, k.name, k.name, k.example)
		}
	}
	return o
}

// spared says that a key may be missing because another one stands in its place.
func (o object) spared(name string) bool {
	return o.is.oneOfSome(name) && slices.ContainsFunc(o.is.some, func(other string) bool {
		_, there := o.values[other]
		return there || o.meant[other]
	})
}

// orOff tells the other way to write a mapping, if there is one.
func (s *shape) orOff() string {
	if s.off {
		return ", or off"
	}
	return ""
}

// isOff tells whether the word off stands in place of a mapping.
func (v value) isOff() bool {
	text, isText := v.node.(*ast.StringNode)
	return v.is.off && isText && text.Value == "off"
}

// pair adds one key of a mapping to its object.
func (r *reader) pair(o object, pair *ast.MappingValueNode, owner string) {
	if pair.Key == nil || pair.Key.GetToken() == nil || pair.Key.Type() == ast.MergeKeyType || pair.Key.Type() == ast.MappingKeyType {
		return // refused by the guard
	}
	name, at := pair.Key.GetToken().Value, nodePosition(pair.Key)
	if known := keyList(o.is.keys); !slices.Contains(known, name) {
		near, advice := suggestion(name, known)
		o.meant[near] = true
		r.fault(at, "%s has no key %s%s", owner, shown(name), advice)
		return
	}
	if first, twice := o.values[name]; twice {
		r.fault(at, "key %q is already there in line %d: keep one of them", name, first.key.line)
		return
	}
	v := value{r: r, node: pair.Value, name: name, at: at, key: at}
	if pair.Value != nil && pair.Value.Type() != ast.NullType && !blockCollection(pair.Value) {
		v.at = nodePosition(pair.Value)
	}
	o.values[name] = v
}

// peek is the text behind a key of a mapping, for messages; it reports nothing.
func (v value) peek(name string) string {
	pairs, _ := mappingPairs(v.node)
	for _, pair := range pairs {
		if text, ok := pair.Value.(*ast.StringNode); ok && pair.Key != nil && pair.Key.GetToken() != nil && pair.Key.GetToken().Value == name {
			return text.Value
		}
	}
	return ""
}

// blockCollection tells whether a value begins below its key; messages about it
// as a whole then point at the key.
func blockCollection(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.MappingNode:
		return !n.IsFlowStyle
	case *ast.SequenceNode:
		return !n.IsFlowStyle
	}
	return false
}

func mappingPairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// list reads a list; each names an entry in messages.
func (v value) list(each string) []value {
	if v.absent() {
		return nil
	}
	seq, isList := v.node.(*ast.SequenceNode)
	if !isList {
		v.fault("%s is %s: write a list, for example [%s]", v.name, kind(v.node), each)
		return nil
	}
	if len(seq.Values) > v.is.most {
		v.fault("%s has %d entries: at most %d are possible", v.name, len(seq.Values), v.is.most)
		return nil
	}
	entries := make([]value, 0, len(seq.Values))
	for _, n := range seq.Values {
		if n == nil {
			continue
		}
		entries = append(entries, value{r: v.r, node: n, at: nodePosition(n), name: "entry of " + v.name, is: v.is.each})
	}
	return entries
}

// text reads a text. A number or a truth value where a text is meant loses
// something (leading zeros, decimals) before anyone can look, hence the quotes.
func (v value) text() (string, bool) {
	if v.absent() {
		return "", false
	}
	switch n := v.node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		v.fault("%s is %s: put it in quotes: %q", v.name, kind(n), n.GetToken().Value)
	case *ast.NullNode:
		v.fault("%s has no value: write one, or remove the key", v.name)
	default:
		v.fault("%s is %s: write a text on one line", v.name, kind(n))
	}
	return "", false
}

// match reads a text of the form of its shape.
func (v value) match() (string, bool) {
	s, ok := v.text()
	if ok && !v.is.form.re.MatchString(s) {
		v.fault("%s is %s: write %s", v.name, shown(s), v.is.form.says)
		return "", false
	}
	return s, ok
}

// namesListed is how many names a message lists although one is near: framings
// have short names, and the nearest is seldom the one that was meant.
const namesListed = 40

// oneOf reads a text that must be one of the choices of its shape; without: what
// holds without the key.
func (v value) oneOf(known Names) string {
	if v.absent() {
		return v.def
	}
	s, ok := v.text()
	names := v.is.choices(known)
	if !ok || slices.Contains(names, s) {
		return s
	}
	near, advice := suggestion(s, names)
	if near != "" && len(names) <= namesListed {
		advice += " Known are " + strings.Join(names, ", ")
	}
	v.fault("%s %s is not known%s", v.name, shown(s), advice)
	return ""
}

// integer reads a whole number within the bounds of its shape.
func (v value) integer() int {
	def, _ := strconv.Atoi(v.def) // 0 where there is none
	if v.absent() {
		return def
	}
	low, high := v.is.low, v.is.high
	digits := v.node.GetToken().Value
	if _, isInteger := v.node.(*ast.IntegerNode); !isInteger && kind(v.node) != "a text" {
		v.fault("%s is %s: write a whole number from %d to %d without quotes", v.name, kind(v.node), low, high)
		return def
	}
	i, err := strconv.Atoi(digits)
	if err != nil || int64(i) < low || int64(i) > high || strconv.Itoa(i) != digits {
		v.fault("%s is %s: write a whole number from %d to %d, digits only", v.name, strings.Trim(shown(digits), `"`), low, high)
		return def
	}
	return i
}

// truth reads true or false.
func (v value) truth() bool {
	if v.absent() {
		return v.def == "true"
	}
	b, isTruth := v.node.(*ast.BoolNode)
	if !isTruth {
		v.fault("%s is %s: write true or false without quotes", v.name, kind(v.node))
		return false
	}
	return b.Value
}

// kind says in a user's words what a node is.
func kind(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping of keys"
	case *ast.SequenceNode:
		return "a list"
	case *ast.IntegerNode:
		return "a number"
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a decimal number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode:
		return "empty"
	case *ast.LiteralNode:
		return "a block of text"
	case *ast.StringNode:
		if n.GetToken().Type == token.StringType {
			return "a text"
		}
		return "a text in quotes"
	}
	return "something else"
}

func keyList(keys []key) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

func keyNames(keys []key) string { return strings.Join(keyList(keys), ", ") }
