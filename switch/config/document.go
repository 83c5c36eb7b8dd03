package config

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// fileBytesMax bounds the file: thousands of participants fit, a log file given
// by mistake does not.
const fileBytesMax = 4 << 20

// The YAML library recurses per level and is quadratic in the keys of one
// mapping, and a Go stack that overflows cannot be recovered. These bounds are
// far beyond any real configuration and are checked on tokens, before it parses.
const (
	flowDepthMax  = 16      // [ and { inside each other
	columnMax     = 256     // where the last block level may begin
	mappingKeyMax = 256     // keys of one mapping
	tokensMax     = 400_000 // of the whole file; a participant takes about 60
	refusalsMax   = 100     // refused parts of YAML; more may nest, so do not parse
)

// document turns the bytes of a file into the root node of its only document.
// It returns nil when nothing can be bound; the reasons are then noted.
func (r *reader) document(data []byte) ast.Node {
	if len(data) > fileBytesMax {
		r.fault(position{}, "the file is larger than %d MiB: this is not a configuration of switchd", fileBytesMax>>20)
		return nil
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !r.cleanText(text) {
		return nil
	}
	defer r.survive()
	tokens := lexer.Tokenize(text)
	g := guard{r: r}
	if !g.check(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	return r.onlyBody(file)
}

// survive turns a panic of the YAML library into a fault: what a third party's
// parser does on hostile bytes must not end the process.
func (r *reader) survive() {
	if recover() != nil {
		r.fault(position{1, 1}, "the file cannot be read as YAML: check quotes, brackets and indentation")
	}
}

// cleanText refuses bytes that are not text; YAML libraries differ on them, and
// what differs between readers does not belong into a configuration.
func (r *reader) cleanText(text string) bool {
	at := position{1, 1}
	for i, c := range text {
		if c == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			r.fault(at, "the file is not UTF-8 text from here: save it as UTF-8")
			return false
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			r.fault(at, "control character %#02x: remove it", c)
			return false
		}
		at.column++
		if c == '\n' {
			at.line, at.column = at.line+1, 1
		}
	}
	return true
}

// syntax reports the library's error at its token, in its words: they describe
// structure and never quote values.
func (r *reader) syntax(err error) {
	var positioned yaml.Error
	if !errors.As(err, &positioned) {
		r.fault(position{1, 1}, "not valid YAML: check quotes, brackets and indentation")
		return
	}
	at := position{1, 1}
	if tk := positioned.GetToken(); tk != nil {
		at = tokenPosition(tk)
	}
	what := strings.ReplaceAll(positioned.GetMessage(), "\t", "tab")
	r.fault(at, "not valid YAML: %s: check the quotes, brackets and indentation here and in the line above", what)
}

// onlyBody finds the one document that may have content.
func (r *reader) onlyBody(file *ast.File) ast.Node {
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if body != nil {
			r.fault(nodePosition(doc.Body), "a second document begins here: put everything into one document")
			break
		}
		body = doc.Body
	}
	if body == nil {
		r.fault(position{1, 1}, "the file is empty: `switchd check-config --example` prints one to start from")
	}
	return body
}

func tokenPosition(tk *token.Token) position {
	if tk == nil || tk.Position == nil {
		return position{1, 1}
	}
	return position{max(tk.Position.Line, 1), max(tk.Position.Column, 1)}
}

// nodePosition is where a reader's eye finds the node: the library puts a block
// mapping at its first colon, we put it at its first key.
func nodePosition(n ast.Node) position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return nodePosition(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return nodePosition(n.Key)
	}
	return tokenPosition(n.GetToken())
}
