package admin

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
)

// style is the page's only decoration. The content security policy allows it by
// its hash and nothing else, so that text shown in the page can never become
// style or script.
const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .25rem 0; }
th, td { border: 1px solid #8888; padding: .2rem .6rem; text-align: left; vertical-align: top; font-variant-numeric: tabular-nums; }
th { font-weight: 600; }
`

var styleHash = func() string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}()

const indexHead = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>switchd</title><style>` + style + `</style></head>
<body>
<h1>switchd</h1>
<ul>
<li><a href="/readyz?verbose">/readyz</a>: should traffic be sent here</li>
<li><a href="/livez?verbose">/livez</a>: does the process turn</li>
<li><a href="/metrics">/metrics</a>: for Prometheus</li>
<li><a href="/api/v1/summary">/api/v1/summary</a>: the summary below as JSON</li>
</ul>
<h2>Summary</h2>
`

const indexTail = "\n</body>\n</html>\n"

// index is the page for people; it shows itself again every few seconds.
func (p *pages) index(w http.ResponseWriter, _ *http.Request) {
	var body string
	if s, err := p.Summary(); err != nil {
		body = "<p>There is no summary now: " + html.EscapeString(err.Error()) + "</p>"
	} else if data, err := json.Marshal(s); err != nil {
		p.Log.Error("admin: summary cannot be encoded", "event", "admin.summary", "error", err)
		body = "<p>The summary cannot be shown; the log says why.</p>"
	} else {
		body = tables(data)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, indexHead, body, indexTail)
}

// tables turns JSON into nested HTML tables: an object is a table of names and
// values, in the order of the JSON (so a struct keeps its order, which a map of
// decoded values would lose), a list a table of one column.
func tables(data []byte) string {
	r := renderer{in: json.NewDecoder(bytes.NewReader(data))}
	r.in.UseNumber() // numbers as they are written, never through a float
	r.value()
	return r.out.String()
}

// renderer walks JSON tokens. Its input was made by encoding/json, so it is
// well-formed; on anything else it stops.
type renderer struct {
	in  *json.Decoder
	out bytes.Buffer
}

func (r *renderer) value() {
	tok, err := r.in.Token()
	if err != nil {
		return
	}
	switch t := tok.(type) {
	case json.Delim:
		r.table(t)
	case nil:
		r.out.WriteString("-")
	default:
		r.out.WriteString(html.EscapeString(fmt.Sprint(t)))
	}
}

func (r *renderer) table(open json.Delim) {
	if !r.in.More() {
		_, _ = r.in.Token()
		r.out.WriteString("none")
		return
	}
	r.out.WriteString("<table>")
	for r.in.More() {
		r.out.WriteString("<tr>")
		if open == '{' {
			r.out.WriteString(`<th scope="row">`)
			r.value()
			r.out.WriteString("</th>")
		}
		r.out.WriteString("<td>")
		r.value()
		r.out.WriteString("</td></tr>")
	}
	_, _ = r.in.Token() // the closing bracket
	r.out.WriteString("</table>")
}
