// Package admin serves the switch's own HTTP pages: metrics, health, the JSON API for
// operators and their programs, its OpenAPI document, and the login of the console.
//
// It promises that who asks is known before anything is looked at: without users it
// listens on a loopback address only, elsewhere it wants TLS and users, who show a token,
// a client certificate or the session of a browser. A table of routes says who may ask
// for what, with which parameters and bodies, and is at once the OpenAPI document.
// Connections, header and body sizes, sessions, streams, failed logins and times are
// bounded. It changes nothing by itself: what it shows and what orders do is handed in as
// functions. It keeps no log of what was asked, and no token, and shows none.
//
// A switch that is not there yet has its health and its metrics answered under the same
// rules, and nothing else (ListenEarly, Open).
//
// The commands `serve` and `demo` call it. It never takes part in a payment.
//
//	/livez /readyz /startupz  200 or 503; ?verbose lists the checks; for anyone
//	/metrics                  Prometheus text or OpenMetrics
//	/login /logout            the session of a browser
//	/                         the console, else an index
//	/api/v1/openapi.json      what else there is
//	/api/v1/me                who asks
//
// Example:
//
//	srv, err := admin.Listen(admin.Options{
//		Address: "127.0.0.1:9583", Clock: clock, Gatherer: registry, Registry: registry,
//		Checks:  []admin.Check{{Name: "journal", Run: journal.Healthy}},
//		Users: users, Routes: routes, Console: console, Log: log,
//	})
//	if err != nil {
//		return err
//	}
//	log.Info("admin", "url", srv.URL())
//	return srv.Run(ctx)
package admin
