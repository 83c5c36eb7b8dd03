package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"switchd/switch/access"
	"switchd/switch/view"
)

// diagnosisTime is how long a diagnosis may wait for the machine, which is asked
// which messages answers may have been meant for.
const diagnosisTime = time.Second

// backupPath is where backups are asked for.
const backupPath = "/api/v1/backup"

// routes are the answers that were handed in as functions.
func (o *Options) routes() (all []Route) {
	if o.Diagnosis != nil {
		all = append(all, Route{
			Method: http.MethodGet, Path: "/api/v1/participants/{id}/diagnosis", May: access.Anyone,
			Summary: "What a participant's links have shown that is not as agreed.",
			Handle: func(c *Call) (any, error) {
				ctx, cancel := context.WithTimeout(c.Context, diagnosisTime)
				defer cancel()
				v, found := o.Diagnosis(ctx, c.Path("id"))
				if !found {
					return nil, reworded{"no such participant", view.ErrNotFound}
				}
				return v, nil
			},
		})
	}
	if o.Backup != nil {
		all = append(all, Route{
			Method: http.MethodPost, Path: backupPath, May: access.Operator | access.SecurityOfficer,
			Summary: "Makes a backup; the answer is a line of JSON for each step.", Request: map[string]any{}, Stream: o.backup,
		})
	}
	return all
}

// reworded is an error of package view with a text of its own.
type reworded struct {
	text string
	is   error
}

// Error is the text.
func (e reworded) Error() string { return e.text }

// Unwrap is the error of package view.
func (e reworded) Unwrap() error { return e.is }

// refusedOr has an error that is none of package view count as a refusal: what an order
// fails for is told to who ordered it.
func refusedOr(err error) error {
	for _, f := range faults {
		if errors.Is(err, f.err) {
			return err
		}
	}
	return reworded{err.Error(), view.ErrRefused}
}
