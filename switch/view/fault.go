package view

import "errors"

// What may be wrong with a question or an order. Who answers wraps one of these; any
// other error is the switch's own fault. The admin API has a status for each, the console
// a sentence, the commands an exit code.
var (
	ErrQuestion  = errors.New("not understood") // 400
	ErrForbidden = errors.New("not allowed")    // 403: who asks may not do this
	ErrNotFound  = errors.New("not found")      // 404
	ErrConflict  = errors.New("not now")        // 409: something else is in the way
	ErrRefused   = errors.New("refused")        // 422: understood, and it does not fit
	ErrBusy      = errors.New("busy")           // 503: try again
)
