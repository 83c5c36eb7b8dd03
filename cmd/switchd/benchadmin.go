package main

import (
	"errors"
	"fmt"
	"net/http"

	"switchd/switch/bench"
	"switchd/switch/config"
)

// adminOf is the admin port of a running switch, asked by who the flags say.
func (f *benchFlags) adminOf(cfg *config.Config) (bench.Admin, error) {
	f.admin.config = f.config
	f.admin.anybody = cfg.AdminAccess.Users == ""
	port, err := f.admin.port()
	if err != nil {
		return bench.Admin{}, err
	}
	if cfg.AdminAccess.Users != "" && port.token == "" && f.admin.cert == "" {
		return bench.Admin{}, usageError{fmt.Errorf("this configuration has admin_access, and bench reads figures from the admin port: name --token-file (or $%s), or --cert and --key, of a user; --profile needs an operator", tokenFileEnv)}
	}
	return bench.Admin{URL: port.url(""), Client: port.asking()}, nil
}

// checkAdmin refuses what cannot be meant.
func (f *benchFlags) checkAdmin() error {
	if a := &f.admin; f.spawn && (a.address != "" || a.tokenFile != "" || a.cert != "" || a.ca != "") {
		return errors.New("--admin, --token-file, --cert, --key and --ca go with --config: the switch of --spawn asks nobody who he is")
	}
	return nil
}

// asking is a client that says with each question who asks.
func (p *adminPort) asking() *http.Client {
	c := *p.client
	if p.token != "" {
		c.Transport = bearer{p.token, c.Transport}
	}
	return &c
}

// bearer adds a token to each question.
type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip asks. Safe for concurrent use as next is.
func (b bearer) RoundTrip(q *http.Request) (*http.Response, error) {
	q = q.Clone(q.Context()) // what is given stays as it is
	q.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(q)
}
