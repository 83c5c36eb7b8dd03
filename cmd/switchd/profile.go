package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"switchd/switch/admin"
	"switchd/switch/profile"
	"switchd/switch/view"
)

// profilePage gives profiles of the running switch.
const profilePage = "/api/v1/profile"

// profileSeconds is how long a profile lasts when nobody says it.
const profileSeconds = 10

// profileRoute is for who looks for what the switch spends its time on. It costs the switch
// something while it is asked, so an auditor may not ask.
func (n *node) profileRoute() admin.Route {
	taker := &profile.Taker{}
	return admin.Route{
		Method: http.MethodGet, Path: profilePage, May: orderer,
		Summary: "A profile of the running switch, as go tool pprof reads it; a trace, as go tool trace does. One at a time.",
		Query: []admin.Parameter{
			{Name: "kind", Means: fmt.Sprintf("one of %v", profile.Kinds)},
			{Name: "seconds", Means: fmt.Sprintf("how long, 1 to %d, default %d; heap and goroutine are of now and take none", profile.Longest/time.Second, profileSeconds)},
		},
		Kinds: []string{"application/octet-stream"},
		Stream: func(c *admin.Call, w http.ResponseWriter) error {
			kind := profile.Kind(c.Query.Get("kind"))
			seconds, err := numberIn(c, "seconds")
			if err != nil {
				return err
			}
			if kind.Lasts() && !c.Query.Has("seconds") {
				seconds = profileSeconds
			}
			d := time.Duration(min(seconds, 1<<20)) * time.Second
			if err := profile.Check(kind, d); err != nil {
				return profileFault(err)
			}
			n.log.Info("a profile is asked for", "event", "profile.asked", "kind", string(kind), "seconds", seconds, "operator", cmp.Or(c.Caller.Name, "-"))
			err = taker.Take(c.Context, kind, d, &attachment{ResponseWriter: w, name: profileFile(kind)})
			return profileFault(err)
		},
	}
}

// profileFile is the name of a profile as a file; a trace is for another tool than the others.
func profileFile(kind profile.Kind) string {
	if kind == profile.Trace {
		return "trace.out"
	}
	return string(kind) + ".pprof"
}

// profileFault says what is wrong in the words of package view.
func profileFault(err error) error {
	switch {
	case errors.Is(err, profile.ErrRequest):
		return fmt.Errorf("%w: %w", view.ErrQuestion, err)
	case errors.Is(err, profile.ErrBusy):
		return fmt.Errorf("%w: %w", view.ErrConflict, err)
	}
	return err
}

// attachment is an answer that browsers keep as a file.
type attachment struct {
	http.ResponseWriter
	name  string
	begun bool
}

// Write begins the answer with the first bytes, so that before them an error can be told.
func (a *attachment) Write(p []byte) (int, error) {
	if !a.begun {
		a.begun = true
		h := a.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", `attachment; filename="switchd-`+a.name+`"`)
	}
	return a.ResponseWriter.Write(p)
}
