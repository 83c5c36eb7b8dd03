// Package admin serves the switch's own HTTP pages: an index, metrics, health
// and a summary.
//
// It promises to stay out of the way: it listens on a loopback address only
// (there is no login yet), answers only GET and HEAD but for commands and
// what must not stand in an address, bounds connections, header sizes, searches and
// times, and changes nothing by itself. What it shows and what commands do is handed
// in as functions; it knows no other package of the switch. It keeps no log of what
// was asked.
//
// The commands `serve` and `demo` call it. It never takes part in a payment, and
// never shows message content: what Summary and Payment return is shown to whoever
// can reach the port.
//
//	/                 index for people, with the summary
//	/metrics          Prometheus text or OpenMetrics
//	/livez            200 while the process turns, else 503
//	/startupz         200 when the start is over, else 503 and how far it is
//	/readyz           200 when all checks pass, else 503; ?verbose lists them
//	/api/v1/summary   the summary as JSON
//	/api/v1/payments?rrn=R&...  a page of the payments that fit, JSON
//	/api/v1/payments/search  POST: the same by a JSON object, which may name an account
//	/api/v1/payments/ID  one payment as JSON
//	/api/v1/payments/ID/proof  how it has ended, proven
//	/api/v1/participants/ID/diagnosis  what its links have shown that is not as agreed
//	/api/v1/journal   what the journal holds
//	/api/v1/journal/records?from=N&to=N&payment=ID&kind=K  events of it
//	/api/v1/commands  POST: an operator's command, JSON
//	/api/v1/config    the configuration in force
//	/api/v1/reload    POST: read the configuration again, JSON
//	/api/v1/backup    POST: a backup, JSON; the answer is a line for each step
//
// Example:
//
//	srv, err := admin.Listen(admin.Options{
//		Address: "127.0.0.1:9583", Gatherer: registry, Registry: registry,
//		Checks:  []admin.Check{{Name: "journal", Run: journal.Healthy}},
//		Summary: func() (any, error) { return engine.Summary() }, Log: log,
//	})
//	if err != nil {
//		return err
//	}
//	log.Info("admin", "url", srv.URL())
//	return srv.Run(ctx)
package admin
