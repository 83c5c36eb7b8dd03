package trace

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// maker makes spans of records. One goroutine uses it.
type maker struct {
	o      *Options
	tracer trace.Tracer
	made   []sdk.ReadOnlySpan
}

func newMaker(o *Options) *maker {
	m := &maker{o: o}
	m.tracer = sdk.NewTracerProvider(
		sdk.WithSampler(sdk.AlwaysSample()), // what comes here is chosen
		sdk.WithIDGenerator(numbers{}),
		sdk.WithSpanProcessor(basket{m}),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "switchd"), attribute.String("service.version", o.Version),
			attribute.String("service.instance.id", o.Instance))),
	).Tracer("switchd/switch/trace")
	return m
}

// make adds the spans of a payment: one for it, and one below that for each message.
func (m *maker) make(r *record) {
	ctx := context.WithValue(context.Background(), numberKey{}, numberOf(r, m.o.Instance))
	ctx, root := m.tracer.Start(ctx, "payment "+r.kind.String(), trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(at(r.began)))
	root.SetAttributes(
		attribute.String("payment.id", strconv.FormatUint(uint64(r.id), 10)), attribute.String("payment.type", r.kind.String()),
		attribute.String("payment.end", r.end.String()), attribute.String("payment.fault", r.fault.String()), attribute.String("payment.state", r.state.String()),
		attribute.String("payment.outcome", r.outcome.String()), attribute.String("payment.code", code(r.code)),
		attribute.Bool("payment.exception", r.exceptions != 0), attribute.String("trace.chosen", choiceNames[r.chosen]),
	)
	for name, n := range map[string]route.Participant{
		"participant.sender": r.sender, "participant.payer_bank": r.payerBank, "participant.payee_bank": r.payeeBank,
		"participant.payer_psp": r.payerPSP, "participant.payee_psp": r.payeePSP,
	} {
		if n != route.Nobody {
			root.SetAttributes(attribute.String(name, m.o.Names(n)))
		}
	}
	if r.fault != payment.FaultNobody {
		root.SetStatus(codes.Error, r.end.String())
	}
	for i := range r.exchanged {
		if x := &r.exchanges[i]; x.Leg != payment.LegRequest { // that is the payment itself
			m.leg(ctx, r, x)
		}
	}
	root.End(trace.WithTimestamp(at(r.ended)))
}

// leg adds the span of one message: from its first send to the answer that counts. One
// that has no answer lasts until the payment ended.
func (m *maker) leg(ctx context.Context, r *record, x *payment.Exchange) {
	end := x.EndedAt
	if end == 0 {
		end = max(r.ended, x.SentAt)
	}
	_, span := m.tracer.Start(ctx, x.Leg.String(), trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(at(x.SentAt)))
	span.SetAttributes(
		attribute.String("participant", m.o.Names(x.With)), attribute.Bool("leg.answered", x.Answered),
		attribute.String("leg.outcome", x.Answer.String()), attribute.Int("leg.tries", int(x.Tries)),
	)
	if !x.Answered && x.Leg != payment.LegConfirm && x.Leg != payment.LegUpdate || x.Answer.Technical() {
		span.SetStatus(codes.Error, x.Answer.String())
	}
	span.End(trace.WithTimestamp(at(end)))
}

// take gives what was made, and forgets it.
func (m *maker) take() []sdk.ReadOnlySpan {
	made := m.made
	m.made = nil
	return made
}

func at(nanos int64) time.Time { return time.Unix(0, nanos) }

// code is a bank's code without what fills it up.
func code(c payment.Code) string { return strings.TrimRight(c.String(), " \x00") }

// basket keeps the spans that were made.
type basket struct{ m *maker }

// OnStart does nothing.
func (basket) OnStart(context.Context, sdk.ReadWriteSpan) {}

// OnEnd keeps a span.
func (b basket) OnEnd(s sdk.ReadOnlySpan) { b.m.made = append(b.m.made, s) }

// Shutdown does nothing.
func (basket) Shutdown(context.Context) error { return nil }

// ForceFlush does nothing.
func (basket) ForceFlush(context.Context) error { return nil }

// numbers gives a trace the number that its payment has on this switch, for ever, and
// its spans numbers that follow from it: a trace that is told twice is one.
type numbers struct{}

type numberKey struct{}

// number is that of a trace, and how many spans it has.
type number struct {
	trace trace.TraceID
	spans uint64
}

// numberOf is the number of a payment's trace. Numbers of payments begin anew on each
// switch, and so does not their time.
func numberOf(r *record, instance string) *number {
	b := binary.BigEndian.AppendUint64([]byte(instance+"\x00"), uint64(r.id))
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(r.began)))
	n := &number{}
	copy(n.trace[:], sum[:])
	return n
}

// NewIDs numbers a trace and its first span.
func (g numbers) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	n := ctx.Value(numberKey{}).(*number)
	return n.trace, g.NewSpanID(ctx, n.trace)
}

// NewSpanID numbers a span.
func (numbers) NewSpanID(ctx context.Context, _ trace.TraceID) (id trace.SpanID) {
	n := ctx.Value(numberKey{}).(*number)
	n.spans++
	binary.BigEndian.PutUint64(id[:], mix(binary.BigEndian.Uint64(n.trace[:8])+n.spans))
	return id
}
