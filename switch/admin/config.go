package admin

import "net/http"

// Pages about the configuration.
const (
	configPage = "/api/v1/config"
	reloadPage = "/api/v1/reload"
)

// config shows the configuration in force.
func (p *pages) config(w http.ResponseWriter, r *http.Request) {
	if p.Config == nil {
		notFound(w, r)
		return
	}
	p.answer(w, p.Config())
}

// reload has the configuration read again. Whoever may command may ask for it: what
// command says of itself holds here.
func (p *pages) reload(w http.ResponseWriter, r *http.Request) {
	body, ok := p.order(w, r, p.Reload != nil)
	if !ok {
		return
	}
	v, err := p.Reload(r.Context(), body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	p.answer(w, v)
}
