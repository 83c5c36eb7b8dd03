package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"switchd/switch/simbank"
)

// TestTracing: what the configuration names as a collector is told of payments.
func TestTracing(t *testing.T) {
	t.Parallel()
	var payments, debits atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
		}
		payments.Add(int64(bytes.Count(b, []byte("trace.chosen"))))
		debits.Add(int64(bytes.Count(b, []byte("debit"))))
		if bytes.Contains(b, []byte("1010000001")) {
			t.Error("an account is told")
		}
	}))
	defer collector.Close()
	in := newInside(t, calmTimers, pairs(1), func(*simbank.Options) {}, `tracing: {endpoint: "`+collector.URL+`/v1/traces", sample: 100%}`)
	for range 5 {
		if r, err := in.members["PAYER00"].Send(t.Context(), in.members["PAYEE00"].to(100)); err != nil || r.Code != "00" {
			t.Fatal(r, err)
		}
	}
	until(t, patience, "all payments are told", func() bool { return payments.Load() == 5 && debits.Load() == 5 })
}
