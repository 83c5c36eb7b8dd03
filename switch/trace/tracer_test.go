package trace

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"switchd/ledger"
	"switchd/switch/logtext"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// patience is how long a test waits for what must come.
const patience = 90 * time.Second

// rig is a Tracer and a collector that may be gone.
type rig struct {
	*testing.T
	tracer *Tracer
	got    chan *collector.ExportTraceServiceRequest
	asked  chan struct{} // of a collector that takes nothing
	reg    *prometheus.Registry
	said   logtext.Text
}

func newRig(t *testing.T, down bool, o Options) *rig {
	r := &rig{T: t, got: make(chan *collector.ExportTraceServiceRequest, 100), asked: make(chan struct{}, 100), reg: prometheus.NewRegistry()}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if down {
			r.asked <- struct{}{}
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		r.got <- r.read(req)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(srv.Close)
	o.Endpoint, o.Registry, o.Every, o.Clock = srv.URL+"/v1/traces", r.reg, time.Millisecond, func() int64 { return 1 }
	o.Names = func(n route.Participant) string { return "BANK" + string(rune('A'+n)) }
	o.Log, o.Instance, o.Version = slog.New(slog.NewTextHandler(&r.said, nil)), "999999", "1.2.3"
	var err error
	if r.tracer, err = New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

// read decodes a request by the official messages.
func (r *rig) read(req *http.Request) *collector.ExportTraceServiceRequest {
	body, err := gzip.NewReader(req.Body)
	if err != nil || req.URL.Path != "/v1/traces" || req.Header.Get("Content-Type") != "application/x-protobuf" {
		r.Errorf("%s %v, %v", req.URL, req.Header, err)
		return nil
	}
	b, err := io.ReadAll(body)
	m := new(collector.ExportTraceServiceRequest)
	if err == nil {
		err = proto.Unmarshal(b, m)
	}
	if err != nil {
		r.Error(err)
	}
	return m
}

// run runs the tracer until the test ends it.
func (r *rig) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.tracer.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			r.Error(err)
		}
	}
}

// spans are those of the next request.
func (r *rig) spans() []*otlp.Span {
	r.Helper()
	select {
	case m := <-r.got:
		return m.ResourceSpans[0].ScopeSpans[0].Spans
	case <-time.After(patience):
		r.Fatal("nothing was told")
		return nil
	}
}

func (r *rig) count(result string) (n float64) {
	r.Helper()
	all, err := r.reg.Gather()
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range all {
		for _, m := range f.Metric {
			if f.GetName() == "switchd_traces_total" && m.Label[0].GetValue() == result {
				n = m.Counter.GetValue()
			}
		}
	}
	return n
}

const (
	second = int64(time.Second)
	noon   = 1_700_000_000 * second
)

// push is a payment from BANKA's customer to BANKB's that has ended.
func push(id payment.ID, state payment.State, took int64) *payment.Payment {
	p := &payment.Payment{
		ID: id, State: state, Type: payment.Push, Amount: ledger.Amount{Minor: 123456789}, PayerBank: 0, PayeeBank: 1,
		PayerPSP: route.Nobody, PayeePSP: route.Nobody, CreatedAt: noon, ClosedAt: noon + took, Outcome: payment.OK, BankCode: payment.CodeOf("00"),
	}
	p.Text.Set(payment.PayerAccount, []byte("1000010001"))
	p.Text.Set(payment.PayerName, []byte("A. Person"))
	p.Legs[payment.LegDebit] = payment.LegState{SentAt: noon + 1_000_000, AnsweredIn: 20, STAN: 987654, Answer: payment.OK}
	p.Legs[payment.LegCredit] = payment.LegState{SentAt: noon + 22_000_000, AnsweredIn: 30, Answer: payment.OK}
	p.Legs[payment.LegConfirm] = payment.LegState{SentAt: noon + took}
	return p
}

func attributes(s *otlp.Span) string {
	var all []string
	for _, a := range s.Attributes {
		v := a.Value.GetStringValue()
		if a.Value.GetValue() != nil && v == "" {
			v = strings.TrimSpace(strings.ReplaceAll(a.Value.String(), "  ", " "))
		}
		all = append(all, a.Key+"="+v)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestSpans: a payment is a trace, each of its messages a span below it, with the times
// that the machine has kept, and without anything that is nobody's business.
func TestSpans(t *testing.T) {
	r := newRig(t, false, Options{Sample: sampleAll})
	defer r.run()()
	r.tracer.Ended(push(42, payment.Success, 53_000_000))
	all := r.spans()
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, ", "); got != "debit, credit, confirm, payment push" {
		t.Fatal(got)
	}
	root := all[3]
	for i, want := range []struct {
		begin, end int64
		attributes string
	}{
		{1_000_000, 21_000_000, "leg.answered=bool_value:true leg.outcome=OK leg.tries=int_value:0 participant=BANKA"},
		{22_000_000, 52_000_000, "leg.answered=bool_value:true leg.outcome=OK leg.tries=int_value:0 participant=BANKB"},
		{53_000_000, 53_000_000, "leg.answered=bool_value:false leg.outcome=" + payment.NoOutcome.String() + " leg.tries=int_value:0 participant=BANKB"},
		{0, 53_000_000, "participant.payee_bank=BANKB participant.payer_bank=BANKA participant.sender=BANKA payment.code=00 payment.end=success payment.exception=bool_value:false payment.fault=nobody" +
			" payment.id=42 payment.outcome=OK payment.state=SUCCESS payment.type=" + payment.Push.String() + " trace.chosen=share"},
	} {
		s := all[i]
		if int64(s.StartTimeUnixNano) != noon+want.begin || int64(s.EndTimeUnixNano) != noon+want.end || attributes(s) != want.attributes {
			t.Errorf("%s: from %d to %d, %s", s.Name, int64(s.StartTimeUnixNano)-noon, int64(s.EndTimeUnixNano)-noon, attributes(s))
		}
		if string(s.TraceId) != string(root.TraceId) || i < 3 && string(s.ParentSpanId) != string(root.SpanId) {
			t.Errorf("%s has trace %x and parent %x", s.Name, s.TraceId, s.ParentSpanId)
		}
		if text := s.String(); strings.Contains(text, "123456789") || strings.Contains(text, "1000010001") || strings.Contains(text, "Person") || strings.Contains(text, "987654") {
			t.Errorf("%s tells too much: %s", s.Name, text)
		}
	}
	if len(root.ParentSpanId) != 0 || root.Status.GetCode() != otlp.Status_STATUS_CODE_UNSET {
		t.Error(root)
	}
	// Told again, it is the same trace; on another switch it is not.
	first := hex.EncodeToString(root.TraceId) + hex.EncodeToString(root.SpanId)
	r.tracer.Ended(push(42, payment.Success, 53_000_000))
	if again := r.spans()[3]; hex.EncodeToString(again.TraceId)+hex.EncodeToString(again.SpanId) != first {
		t.Error("another number")
	}
	if one, other := numberOf(&record{id: 1}, "1"), numberOf(&record{id: 1}, "2"); one.trace == other.trace || !one.trace.IsValid() {
		t.Error(one, other)
	}
}

// TestFailedSpans: what went wrong is told of, and marked.
func TestFailedSpans(t *testing.T) {
	r := newRig(t, false, Options{Failures: 10})
	defer r.run()()
	p := push(7, payment.FailedReversed, 3*second)
	p.Outcome = payment.TimeoutCredit
	p.Legs[payment.LegCredit] = payment.LegState{SentAt: noon + second, Tries: 2} // never answered
	r.tracer.Ended(p)
	all := r.spans()
	credit, root := all[1], all[len(all)-1]
	if root.Status.GetCode() != otlp.Status_STATUS_CODE_ERROR || root.Status.GetMessage() != "reversed" || !strings.Contains(attributes(root), "trace.chosen=error") {
		t.Error(root)
	}
	if credit.Name != "credit" || credit.Status.GetCode() != otlp.Status_STATUS_CODE_ERROR || int64(credit.EndTimeUnixNano) != noon+3*second {
		t.Error(credit)
	}
}

// TestChoice: by error, by time, by share; the first two have a bound for each second.
func TestChoice(t *testing.T) {
	r := newRig(t, false, Options{Sample: 100, Slow: 2 * time.Second, Failures: 3})
	chosen := func(state payment.State, took int64, from, to payment.ID) (why [4]int) {
		for id := from; id < to; id++ {
			p := push(id, state, took)
			why[r.tracer.choose(p, p.Fault())]++
		}
		return why
	}
	share := chosen(payment.Success, second/2, 1, 100_001)
	if n := share[chosenShare]; n < 900 || n > 1100 || share[chosenError]+share[chosenSlow] != 0 {
		t.Errorf("%v of 100000, want a hundredth", share)
	}
	if again := chosen(payment.Success, second/2, 1, 100_001); again != share {
		t.Errorf("%v, and then %v: the share is not the same", share, again)
	}
	if why := chosen(payment.Success, 2*second+1, 1, 11); why[chosenSlow] != 3 {
		t.Errorf("slow: %v", why)
	}
	if why := chosen(payment.Deemed, 5*second, 1, 11); why[chosenError] != 3 {
		t.Errorf("errors: %v", why)
	}
	if why := chosen(payment.Declined, second, 11, 21); why[chosenError] != 0 {
		t.Errorf("a no of a customer's bank: %v", why)
	}
	if why := chosen(payment.FailedReversed, second, 11, 21); why[chosenError] != 0 {
		t.Errorf("a no of the payee's bank, for which the debit was given back: %v", why)
	}
	if n := r.count("over"); n < 12 || n > 14 {
		t.Errorf("%v over", n)
	}
}

// TestCollectorGone: nothing blocks, nothing piles up, all is counted, one line says so.
func TestCollectorGone(t *testing.T) {
	r := newRig(t, true, Options{Sample: sampleAll, QueueMax: 8})
	for id := range payment.ID(100) { // nobody takes them out yet
		r.tracer.Ended(push(id, payment.Success, second))
	}
	if n := r.count("full"); n != 92 || len(r.tracer.queue) != 8 {
		t.Errorf("%v did not fit, %d wait", n, len(r.tracer.queue))
	}
	stop := r.run()
	for range 3 {
		select {
		case <-r.asked:
		case <-time.After(patience):
			t.Fatal("the collector is not asked")
		}
		r.tracer.Ended(push(1, payment.Success, second))
	}
	stop()
	if failed, sent := r.count("failed"), r.count("sent"); failed < 10 || failed > 11 || sent != 0 {
		t.Errorf("%v failed, %v sent", failed, sent)
	}
	if r.said.Count("event=trace.failed") != 1 {
		t.Error(r.said.String())
	}
	for len(r.asked) > 0 {
		<-r.asked
	}
}

// TestEndedAllocatesNothing: neither for a payment that is chosen nor for one that is not.
func TestEndedAllocatesNothing(t *testing.T) {
	for _, o := range []Options{{}, {Sample: sampleAll, QueueMax: 1 << 12}, {Sample: sampleAll, QueueMax: 1}} {
		r := newRig(t, true, o)
		p := push(1, payment.Success, second)
		if n := testing.AllocsPerRun(1000, func() { r.tracer.Ended(p) }); n != 0 {
			t.Errorf("%+v: %v allocations", o, n)
		}
	}
}

func TestOptions(t *testing.T) {
	_, err := New(Options{Sample: 10_001, QueueMax: -1, Failures: -1})
	for _, want := range []string{"Endpoint, Names and Clock", "Sample 10001", "QueueMax -1", "not negative"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func BenchmarkEnded(b *testing.B) {
	t, err := New(Options{Endpoint: "http://127.0.0.1:1/", Sample: 100, Names: func(route.Participant) string { return "" }, Clock: func() int64 { return 0 }})
	if err != nil {
		b.Fatal(err)
	}
	p := push(1, payment.Success, second)
	b.ReportAllocs()
	for b.Loop() {
		p.ID++
		t.Ended(p)
		select {
		case <-t.queue:
		default:
		}
	}
}
