package bundle

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// pemBlock is a key or a certificate as people keep them, over some lines. The headers of
// one that is encrypted have hyphens; five of them end it.
const pemBlock = `-----BEGIN [A-Z0-9 ]+-----(?:-{0,4}[^-])*(?:-----END [A-Z0-9 ]+-----)?`

// secret is what no text may show, whatever it is about: key material, tokens, addresses
// of payers, and numbers as long as an account's. A reference that is hidden as well does
// no harm here.
var secret = regexp.MustCompile(strings.Join([]string{
	pemBlock,
	`switchd_[A-Za-z0-9_-]{16,}`, // a token of 'switchd user add'
	`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`, // of a header
	// A value behind its name: in quotes to their end, also in text that is quoted itself.
	`(?i)(?:\b|_)(?:password|passwd|passphrase|secret|token|pin|key)\\*["']?\s*[=:]\s*(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\\+"[^"]*"?|[^\s,;"']+)`,
	`[A-Za-z0-9._-]+@[A-Za-z0-9.-]+`,      // an address of a payer, or of a person
	`\b[0-9A-Fa-f]{32,}\b`,                // a key, or a hash
	`\b[A-Za-z0-9+/]{40,}={0,2}`,          // base64
	`[0-9](?:[ -]?[0-9]){8,}`,             // an account, a card, a telephone
	`\b[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}\b`, // an IBAN
}, "|"))

// stamp is a time, which looks like a long number and is none.
var stamp = regexp.MustCompile(`\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?`)

// hidden stands where something was.
const hidden = "(masked)"

// maskText masks one text.
func maskText(s string) (string, int) {
	n := 0
	var out strings.Builder
	hide := func(part string) {
		out.WriteString(secret.ReplaceAllStringFunc(part, func(found string) string {
			// A metric is named as a token begins, in small letters; no token has only those.
			if strings.HasPrefix(found, "switchd_") && found == strings.ToLower(found) {
				return found
			}
			n++
			return hidden
		}))
	}
	from := 0
	for _, at := range stamp.FindAllStringIndex(s, -1) {
		hide(s[from:at[0]])
		out.WriteString(s[at[0]:at[1]])
		from = at[1]
	}
	hide(s[from:])
	return out.String(), n
}

// Text masks a text, and says in how many places.
func Text(text []byte) ([]byte, int) {
	masked, n := maskText(strings.ToValidUTF8(string(text), "?"))
	return []byte(masked), n
}

// leftOut are names of JSON whose value is left out whatever it is: people, accounts,
// references of customers, and what people write in their own words.
var leftOut = map[string]bool{
	"reason": true, "operator": true, "approver": true, "by": true, "name_of": true, "payer": true, "payee": true, "payer_account": true, "payee_account": true,
	"references": true, "rrn": true, "uetr": true, "msg_id": true, "end_to_end_id": true, "transaction_id": true, "order": true,
	"files": true, "account": true, "accounts": true, "value": true, "pin": true, "key": true, "keys": true, "token": true, "password": true, "secret": true,
}

// published are what the journal tells everybody about itself, to be kept elsewhere and
// compared: its hashes, a signed checkpoint, and with what that is verified. By their form
// they could be keys.
var published = map[string]*regexp.Regexp{
	"chain": hash, "tree_root": hash,
	"verifier":   regexp.MustCompile(`^switchd/[0-9]{1,11}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$`),
	"checkpoint": regexp.MustCompile(`^switchd/[0-9]{1,11}\n[0-9]+\n[A-Za-z0-9+/]{43}=\n\n— switchd/[0-9]{1,11} [A-Za-z0-9+/]{90,91}=?\n$`),
}

var hash = regexp.MustCompile(`^[0-9a-f]{64}$`)

func isPublished(name string, value any) bool {
	form, text := published[name], ""
	if form != nil {
		text, _ = value.(string)
	}
	return form != nil && form.MatchString(text)
}

// JSON masks a JSON text, and lays it out. Numbers stay, texts are masked.
func JSON(text []byte) ([]byte, int, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return nil, 0, err
	}
	n := 0
	v = maskValue(v, &n)
	out, err := json.MarshalIndent(v, "", "  ")
	return append(out, '\n'), n, err
}

func maskValue(v any, n *int) any {
	switch v := v.(type) {
	case string:
		text, some := maskText(v)
		*n += some
		return text
	case []any:
		for i := range v {
			v[i] = maskValue(v[i], n)
		}
		return v
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			shown, some := maskText(name)
			*n += some
			if isPublished(name, value) {
				out[shown] = value
				continue
			}
			if leftOut[strings.ToLower(name)] && value != nil && value != "" {
				*n++
				out[shown] = hidden
				continue
			}
			out[shown] = maskValue(value, n)
		}
		return out
	}
	return v
}
