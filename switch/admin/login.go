package admin

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"path"
	"strings"

	"switchd/switch/access"
)

// Pages for browsers.
const (
	loginPage  = "/login"
	logoutPage = "/logout"
)

// loginForm is the page for people who have to say who they are.
const loginForm = `<!DOCTYPE html>
<html lang="en"%s>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Log in to switchd</title><style>%s</style></head>
<body>
<main class="login">
<h1><svg viewBox="0 0 20 20" aria-hidden="true"><path d="M2 6h11l-3-3M18 14H7l3 3"/></svg>Log in to switchd</h1>
%s<form method="post" action="/login">
<label for="token">Your token</label>
<input id="token" name="token" type="password" autocomplete="current-password" spellcheck="false" maxlength="256" required autofocus%s>
<input type="hidden" name="next" value="%s">
<button type="submit">Log in</button>
</form>
<p>Whoever runs this switch gives out tokens. A session ends after 30 minutes without use.</p>
</main>
</body>
</html>
`

// toLogin sends a browser to the form, which sends it back.
func toLogin(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, loginPage+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
}

// login is the form, and what it sends.
func (p *pages) login(w http.ResponseWriter, r *http.Request) {
	if p.Users == nil { // there is nothing to log in to
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if r.Method != http.MethodPost {
		p.showLogin(w, r, http.StatusOK, "", r.URL.Query().Get("next"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, commandBytesMax)
	if err := r.ParseForm(); err != nil {
		fail(w, r, http.StatusBadRequest, "the form cannot be read")
		return
	}
	token, next := r.PostForm.Get("token"), r.PostForm.Get("next")
	if _, known := p.byToken(token); !known {
		status, text := http.StatusUnauthorized, "This token is not known."
		if why := whyToken; p.failures.take(addressOf(r), p.Clock()) {
			p.metrics.refusedLogins.WithLabelValues(why).Inc()
		} else {
			p.metrics.refusedLogins.WithLabelValues(whyThrottled).Inc()
			w.Header().Set("Retry-After", "60")
			status, text = http.StatusTooManyRequests, "Too many failed logins from this address: wait a minute."
		}
		p.showLogin(w, r, status, text, next)
		return
	}
	if key, _, _, good := p.sessions.shown(r); good { // the new one takes its place
		p.sessions.end(key)
	}
	http.SetCookie(w, p.sessions.open(access.DigestOf(token)))
	http.Redirect(w, r, localPath(next), http.StatusSeeOther)
}

func (p *pages) showLogin(w http.ResponseWriter, r *http.Request, status int, fault, next string) {
	var theme, invalid string
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy("'self'"))
	if cookie, err := r.Cookie("theme"); err == nil && (cookie.Value == "dark" || cookie.Value == "light") { // as chosen in the console
		theme = ` data-theme="` + cookie.Value + `"`
	}
	if fault != "" {
		fault = `<p role="alert" id="fault">` + html.EscapeString(fault) + "</p>\n"
		invalid = ` aria-invalid="true" aria-describedby="fault"`
	}
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, loginForm, theme, style, fault, invalid, html.EscapeString(localPath(next))) // the client may be gone
}

// localPath is a path of this server, where a browser goes on: never another site.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(next, "/") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	if u.Path != path.Clean(u.Path) && u.Path != path.Clean(u.Path)+"/" || strings.HasPrefix(u.Path, loginPage) || strings.HasPrefix(u.Path, logoutPage) {
		return "/"
	}
	return u.RequestURI()
}

// logout ends the session of a browser.
func (p *pages) logout(w http.ResponseWriter, r *http.Request) {
	if p.Users != nil {
		if key, _, _, good := p.sessions.shown(r); good {
			p.sessions.end(key)
			p.streams.recheck() // what its pages show live ends with it
		}
		http.SetCookie(w, p.sessions.cookie("", -1))
	}
	http.Redirect(w, r, loginPage, http.StatusSeeOther)
}
