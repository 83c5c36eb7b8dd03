package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"switchd/switch/view"
)

// health is the answer of /livez, /startupz and /readyz as JSON.
type health struct {
	OK     bool         `json:"ok"`
	Checks []view.Check `json:"checks"`
}

// one is the condition of a page as its only check.
func one(name string, condition func() error) []Check {
	return []Check{{Name: name, Run: func() (string, error) { return "", condition() }}}
}

// healthPage answers by checks.
func healthPage(checks []Check) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { tell(w, r, examine(checks)) }
}

// examine runs all checks, also after a failed one: an operator wants to see
// everything that is wrong.
func examine(checks []Check) health {
	h := health{OK: true, Checks: make([]view.Check, 0, len(checks))}
	for _, c := range checks {
		f := view.Check{Name: c.Name, OK: true}
		warning, err := c.Run()
		f.Warning = oneLine(warning)
		if err != nil {
			f.OK, f.Error, h.OK = false, oneLine(err.Error()), false
		}
		h.Checks = append(h.Checks, f)
	}
	return h
}

// oneLine keeps the text form one line per check.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// tell writes a health as text, or as JSON to who asks for it. Failed checks
// are always named, warnings and the other checks with ?verbose.
func tell(w http.ResponseWriter, r *http.Request, h health) {
	status := http.StatusOK
	if !h.OK {
		status = http.StatusServiceUnavailable
	}
	if wantsJSON(r) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(h) // plain values; only the connection can fail
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(h.text(r.URL.Query().Has("verbose"))))
}

// text is one line per check and a last line with the verdict.
func (h health) text(verbose bool) string {
	var b strings.Builder
	for _, f := range h.Checks {
		switch {
		case !f.OK:
			fmt.Fprintf(&b, "[-] %s: %s\n", f.Name, f.Error)
		case f.Warning != "" && verbose:
			fmt.Fprintf(&b, "[!] %s: %s\n", f.Name, f.Warning)
		case verbose:
			fmt.Fprintf(&b, "[+] %s: ok\n", f.Name)
		}
	}
	if h.OK {
		b.WriteString("ok\n")
	} else {
		b.WriteString("failed\n")
	}
	return b.String()
}
