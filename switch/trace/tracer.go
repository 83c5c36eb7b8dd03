package trace

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
)

// Tracer tells of payments. Make it with New.
type Tracer struct {
	o       Options
	metrics *metrics
	queue   chan record
	sink    *otlptrace.Exporter
	maker   *maker

	second   int64 // of the last payment that went wrong or was slow; of the writer
	failures int   // of that second
	told     int64 // when a line last said that the collector takes nothing; of Run
}

// New returns a Tracer. It sends nothing before Run, and does not look whether the
// collector is there: it may come later.
func New(o Options) (*Tracer, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	t := &Tracer{o: o, queue: make(chan record, o.QueueMax)}
	var err error
	t.sink, err = otlptrace.New(context.Background(), otlptracehttp.NewClient(
		otlptracehttp.WithEndpointURL(o.Endpoint), otlptracehttp.WithTimeout(o.Timeout),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}), // what is not taken is dropped: later there is more
	))
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	t.maker, t.metrics = newMaker(&t.o), newMetrics(o.Registry, t)
	return t, nil
}

const (
	batchMax  = 256                     // payments of one request
	failedGap = int64(10 * time.Minute) // from one line about the collector to the next
	lastWait  = time.Second             // for the collector at the end
)

// Run tells the collector of what is in the queue until ctx ends, and then of what is
// left, for a second. It returns nil.
func (t *Tracer) Run(ctx context.Context) error {
	tick := time.NewTicker(t.o.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWait)
			defer cancel()
			t.tell(last)
			_ = t.sink.Shutdown(last) // there is nothing left to lose
			return nil
		case <-tick.C:
			t.tell(ctx)
		}
	}
}

// tell sends what waits, in requests of a bounded size. What the collector does not
// take is dropped, and so it does not pile up: the rest waits for the next time.
func (t *Tracer) tell(ctx context.Context) {
	for {
		n := t.batch()
		if n == 0 {
			return
		}
		if err := t.sink.ExportSpans(ctx, t.maker.take()); err != nil {
			t.metrics.failed.Add(float64(n))
			t.complain(err)
			return
		}
		t.metrics.sent.Add(float64(n))
	}
}

// batch makes the spans of the payments that come next, and says of how many.
func (t *Tracer) batch() (n int) {
	for ; n < batchMax; n++ {
		select {
		case r := <-t.queue:
			t.maker.make(&r)
		default:
			return n
		}
	}
	return n
}

// complain says that the collector does not take what it is told.
func (t *Tracer) complain(err error) {
	if now := t.o.Clock(); t.told == 0 || now-t.told >= failedGap {
		t.told = now
		t.o.Log.Warn("traces are dropped: the collector does not take them", "event", "trace.failed", "endpoint", t.o.Endpoint, "error", err)
	}
}
