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

// style is the only decoration of this server's own pages, in the colours of the console.
// The content security policy allows it by its hash and nothing else, so that text shown
// in a page can never become style or script.
const style = `
:root { color-scheme: light dark; --bg: light-dark(#f3f5f8, #0c1117); --panel: light-dark(#ffffff, #141a22); --line: light-dark(#d3dae2, #2a3442);
  --text: light-dark(#16202b, #e7edf4); --muted: light-dark(#4f5d6b, #9eb0c2); --accent: light-dark(#0a58ca, #79b8ff); --on-accent: light-dark(#ffffff, #0c1117);
  --bad: light-dark(#bb2119, #ff8078); font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
:root[data-theme="dark"] { color-scheme: dark; }
:root[data-theme="light"] { color-scheme: light; }
* { box-sizing: border-box; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; background: var(--bg); color: var(--text); }
a { color: var(--accent); }
table { border-collapse: collapse; margin: .25rem 0; }
th, td { border: 1px solid var(--line); padding: .2rem .6rem; text-align: left; vertical-align: top; font-variant-numeric: tabular-nums; }
th { font-weight: 600; }
.login { max-width: 24rem; margin: 14vh auto 0; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 1.4rem 1.5rem 1.2rem; }
.login h1 { display: flex; align-items: center; gap: .5rem; margin: 0 0 1rem; font-size: 1.3rem; line-height: 1.2; }
.login svg { width: 24px; height: 24px; fill: none; stroke: var(--accent); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.login label { font-weight: 600; }
.login input { display: block; width: 100%; margin-top: .3rem; font: inherit; color: var(--text); background: var(--bg); border: 1px solid light-dark(#7c8a98, #5b6b7d); border-radius: 4px; padding: .5rem .6rem; }
.login button { width: 100%; margin: .9rem 0; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: 4px; padding: .5rem; cursor: pointer; }
.login :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.login p { margin: 0; color: var(--muted); font-size: .88rem; }
.login [role=alert] { margin-bottom: .9rem; border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: 4px; padding: .5rem .7rem; color: var(--text); font-size: 1rem; }
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
