package admin

import (
	"context"
	"net/http"
	"time"
)

// diagnosisPage is about the links of one participant.
const diagnosisPage = "/api/v1/participants/{id}/diagnosis"

// diagnosisTime is how long a diagnosis may wait for the machine, which is asked
// which messages answers may have been meant for.
const diagnosisTime = time.Second

// diagnosis shows what a participant's links have shown that is not as agreed.
func (p *pages) diagnosis(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), diagnosisTime)
	defer cancel()
	v, found := p.Diagnosis(ctx, r.PathValue("id"))
	if !found {
		http.Error(w, "no such participant", http.StatusNotFound)
		return
	}
	p.answer(w, v)
}
