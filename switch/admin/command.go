package admin

import (
	"errors"
	"io"
	"mime"
	"net/http"
)

// Pages about single payments, and for commands.
const (
	paymentsPage = "/api/v1/payments/{id}"
	commandsPage = "/api/v1/commands"
)

// payment shows one payment.
func (p *pages) payment(w http.ResponseWriter, r *http.Request) {
	v, found := p.Payment(r.PathValue("id"))
	if !found {
		http.Error(w, "no such payment", http.StatusNotFound)
		return
	}
	p.answer(w, v)
}

// command takes an operator's command. There is no login here: whoever has an
// account on this machine may command, and the command's own record says who it
// was. A web page may not: it cannot send JSON to a foreign site without asking
// first, and nothing here answers such a question.
func (p *pages) command(w http.ResponseWriter, r *http.Request) {
	body, ok := p.order(w, r, p.Command != nil)
	if !ok {
		return
	}
	v, err := p.Command(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	p.answer(w, v)
}

// order reads what an operator wants done, or says why it is not done.
func (p *pages) order(w http.ResponseWriter, r *http.Request, taken bool) (body []byte, ok bool) {
	if !taken {
		http.Error(w, "commands are not taken here", http.StatusNotFound)
		return nil, false
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" || r.Header.Get("Origin") != "" {
		http.Error(w, "a request by POST is application/json, and not sent by a web page", http.StatusUnsupportedMediaType)
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, commandBytesMax))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, "a request has at most 4096 bytes", http.StatusRequestEntityTooLarge)
		return nil, false
	}
	return body, err == nil // or the client is gone
}
