package console

import (
	"flag"
	"net/http"
	"testing"

	"switchd/switch/access"
)

var serveAddress = flag.String("console.address", "", "TestServe serves the console with a made-up switch there, until it is killed")

// TestServe is for people who work on pages: a console without a switch.
func TestServe(t *testing.T) {
	if *serveAddress == "" {
		t.Skip("no -console.address")
	}
	h := New(Options{Source: newFake(), Caller: func(r *http.Request) access.Caller {
		if c, err := r.Cookie("as"); err == nil && c.Value == "viewer" {
			return access.Caller{Name: "vera", Roles: access.Viewer, Secured: true}
		}
		return access.Caller{Name: "meera", Roles: access.Operator, Secured: true}
	}})
	t.Fatal(http.ListenAndServe(*serveAddress, h))
}
