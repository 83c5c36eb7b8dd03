package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/simbank"
	"switchd/switch/translate"
)

var (
	floodRounds  = flag.Int("flood-rounds", 4, "rounds of TestFlood, each with a quiet and a flooded phase")
	floodPhase   = flag.Int("flood-phase", 80, "payments of a phase in TestFlood")
	floodMeasure = flag.Duration("flood-measure", 0, "length of a phase in TestFloodMeasured; 0: it is left out")
	floodRate    = flag.Float64("flood-rate", 100, "payments a second in TestFlood")
)

// floodTimes is how many enquiries there are for each payment in a flooded phase.
const floodTimes = 20

// flooder is a participant that writes far more than it may, and counts what it hears.
type flooder struct {
	*client
	sent  int64
	mu    sync.Mutex       // guards heard
	heard map[string]int64 // answers by type and code
	total atomic.Int64
}

// newFlooder signs on as a participant that the test plays.
func newFlooder(in *inside, id string) *flooder {
	f := &flooder{client: in.connect(id), heard: map[string]int64{}}
	f.signOn()
	go f.listen()
	return f
}

// listen counts answers until the link ends. It makes no maps: it must be quicker than
// what it floods.
func (f *flooder) listen() {
	var m iso8583.Message
	for chunk := make([]byte, 64<<10); ; {
		fr, err := f.framing.Read(f.in, frame.Limits{})
		if err != nil {
			return
		}
		if fr.Kind == frame.Incomplete {
			_ = f.conn.SetReadDeadline(time.Now().Add(10 * patience))
			n, err := f.conn.Read(chunk)
			if f.in = append(f.in, chunk[:n]...); err != nil {
				return
			}
			continue
		}
		if m.Parse(f.spec, fr.Body) == nil && m.MTI()&0x10 != 0 {
			f.mu.Lock()
			f.heard[m.MTI().String()+" "+string(m.Value(39))]++
			f.mu.Unlock()
			f.total.Add(1)
		}
		f.in = f.in[fr.Bytes:]
	}
}

// counts is what was heard.
func (f *flooder) counts() map[string]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return clone(f.heard)
}

// enquiries are frames that ask about n payments which nobody knows.
func (f *flooder) enquiries(n int) (frames [][]byte) {
	for i := range n {
		frames = append(frames, f.framed(f.encode(&message{mti: "0100", de: map[int]string{
			3: "380000", 7: stampNow(), 11: fmt.Sprintf("%06d", i%1_000_000), 32: f.institution, 37: fmt.Sprintf("ASK%09d", i),
			90: fmt.Sprintf("0200%06d%s%011s%011s", i%1_000_000, stampNow(), f.institution, "999999"),
		}, tags: map[int]string{1: "CHKTXN"}})))
	}
	return frames
}

// flood writes n of the frames, in turns, at once.
func (f *flooder) flood(frames [][]byte, n int) {
	var out []byte
	for range n {
		out = append(out, frames[f.sent%int64(len(frames))]...)
		f.sent++
	}
	f.write(out)
}

// phase has n payments in an open loop, of many payers at all participants but PAYER00, each together with the enquiries
// that are given for it. It says how long they took, and what was wrong.
func (in *inside) phase(t *testing.T, n int, rate float64, f *flooder, frames [][]byte) (took times, wrong []string) {
	const first, many = 1, 3
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex // guards took and wrong
	batches := make(chan struct{}, n)
	all.Go(func() { // beside the payments, or it would be what delays them
		for range batches {
			f.flood(frames, floodTimes)
		}
	})
	began := clock()
	for i := range n {
		due := began + int64(float64(i)*1e9/rate)
		if wait := time.Duration(due - clock()); wait > 0 {
			<-time.After(wait)
		}
		from, to := in.members[fmt.Sprintf("PAYER%02d", first+i%many)], in.members[fmt.Sprintf("PAYEE%02d", first+i/many%many)]
		all.Go(func() {
			o := to.to(100)
			o.PayerAccount = from.account(1 + i/many%100)
			r, err := from.Send(t.Context(), o)
			mu.Lock()
			defer mu.Unlock()
			if took = append(took, time.Duration(clock()-due)); err != nil || r.Outcome != "success" {
				wrong = append(wrong, fmt.Sprintf("%s %s %s %v", r.Outcome, r.Code, r.UPI, err))
			}
		})
		if len(frames) > 0 {
			batches <- struct{}{}
		}
	}
	close(batches)
	all.Wait()
	return took, wrong
}

// TestFlood (domain reference 4.6, 12 April 2025): a participant asks about payments
// twenty times as often as others pay. Each payment of the others succeeds, what may
// not reach the queue does not, and every enquiry is answered. What the flood costs the
// others is printed; machines that do other things as well say nothing about it.
func TestFlood(t *testing.T) {
	all := append(pairs(4), schemeParticipants[2])
	all[8].Played = true
	in := newInside(t, calmTimers, all, func(*simbank.Options) {})
	f := newFlooder(in, all[8].ID)
	frames := f.enquiries(min(*floodRounds**floodPhase*floodTimes, 50_000))
	in.phase(t, *floodPhase, *floodRate, f, nil) // to warm up
	began := clock()
	before := in.metric(`switchd_events_total{kind="enquiry"}`)
	var quiet, flooded, usual []time.Duration
	var ratios, usually []float64
	for range *floodRounds {
		q, quietWrong := in.phase(t, *floodPhase, *floodRate, f, nil)
		l, wrong := in.phase(t, *floodPhase, *floodRate, f, frames)
		if len(quietWrong)+len(wrong) != 0 {
			t.Errorf("payments that did not succeed: quiet %v, flooded %v", quietWrong, wrong)
		}
		quiet, flooded = append(quiet, q.at(99)), append(flooded, l.at(99))
		ratios = append(ratios, float64(l.at(99))/float64(q.at(99)))
		usual, usually = append(usual, q.at(50)), append(usually, float64(l.at(50))/float64(q.at(50)))
		until(t, patience, "each enquiry is answered", func() bool { return f.total.Load() >= f.sent })
	}
	elapsed := time.Duration(clock() - began)
	reached := in.metric(`switchd_events_total{kind="enquiry"}`) - before
	away := map[string]float64{}
	for _, why := range []string{"rate", "gap", "load"} {
		away[why] = in.metric(fmt.Sprintf(`switchd_messages_limited_total{class="enquiries",participant=%q,why=%q}`, f.id, why))
	}
	heard := f.counts()
	t.Logf("%d enquiries for %d payments in %v: %v reached the queue, turned away %v; heard %v", f.sent, *floodRounds**floodPhase, elapsed.Round(time.Millisecond), reached, away, heard)
	t.Logf("p50 of payments, median of %d rounds: quiet %v, ratio %.2f of %.2f", *floodRounds, median(usual), median(usually), usually)
	t.Logf("p99 of payments, median of %d rounds: quiet %v, flooded %v, ratio %.2f of %.2f", *floodRounds, median(quiet), median(flooded), median(ratios), ratios)
	if got := f.total.Load(); got != f.sent || heard["0110 09"]+heard["0110 25"] != f.sent {
		t.Errorf("%d answers to %d enquiries", got, f.sent)
	}
	if most := 200 + 100*(elapsed.Seconds()+1); reached > most || reached == 0 {
		t.Errorf("%v enquiries have reached the queue, want at most %.0f, and some", reached, most)
	}
	if got := away["rate"] + away["gap"] + away["load"]; got != float64(f.sent)-reached || away["rate"] == 0 {
		t.Errorf("%v were counted as turned away, want %v", got, float64(f.sent)-reached)
	}
	if n := in.metric(`switchd_events_refused_total`); n != 0 {
		t.Errorf("%v events found no room: the flood has reached the switch", n)
	}
	in.balanced()
}

// TestFloodOfAnswers: a participant answers what nobody has asked, without end. What
// of it reaches the queue is bounded, its sender is told of to the operators, and each
// payment of the others succeeds. Its own good answers count all the while.
func TestFloodOfAnswers(t *testing.T) {
	const room = 65_536
	if testing.Short() || raced {
		t.Skip("it takes a flood to be too much")
	}
	all := append(pairs(4), schemeParticipants[2])
	all[8].Played = true
	in := newInside(t, calmTimers, all, func(*simbank.Options) {})
	f := in.connect(all[8].ID)
	f.signOn()
	var frames []byte
	for i := range 1000 {
		ref := translate.Reference(payment.ID(1<<40+i), payment.LegDebit)
		frames = append(frames, f.framed(f.encode(&message{mti: "0210", de: map[int]string{7: stampNow(), 11: fmt.Sprintf("%06d", i), 37: string(ref[:]), 39: "00"}}))...)
	}
	others := make(chan []string, 1)
	go func() {
		_, wrong := in.phase(t, 200, *floodRate, nil, nil)
		others <- wrong
	}()
	limited := func(why string) float64 {
		return in.metric(fmt.Sprintf(`switchd_messages_limited_total{class="answers",participant=%q,why=%q}`, f.id, why))
	}
	sent := 0
	until(t, patience, "some are dropped", func() bool {
		for range 10 {
			f.write(frames)
		}
		sent += 10_000
		f.echo("301") // all was read
		return limited("rate") > 0
	})
	dropped, full := limited("rate"), limited("share")
	t.Logf("of %d answers %v were dropped at the rim, and %v found no room in the queue", sent, dropped, full)
	if dropped > float64(sent-room) {
		t.Errorf("%v answers were dropped at the rim, want at most %d", dropped, sent-room)
	}
	if shed := in.metric("switchd_messages_shed_total"); shed != full {
		t.Errorf("%v messages found no room, of which %v are of the flood", shed, full)
	}
	f.send(f.pay(f.id, "user1@bankc"))
	if resolve := f.receive(); resolve.mti != "0100" {
		t.Errorf("a %s, want a resolution", resolve.mti)
	} else {
		f.send(resolve.answer("14", 7, 11, 37))
		if a := f.receive(); a.mti != "0210" || a.de[39] == "91" {
			t.Errorf("after its good answer a %s %s", a.mti, a.de[39])
		}
	}
	if wrong := <-others; len(wrong) != 0 {
		t.Errorf("payments that did not succeed: %v", wrong)
	}
	in.balanced()
}

// TestFloodMeasured says what a flood costs the others, with the load generator, the
// switch and the flood in a process each. It judges nothing: it is for a machine that
// does nothing else.
func TestFloodMeasured(t *testing.T) {
	if *floodMeasure == 0 {
		t.Skip("it measures, for minutes: -flood-measure 10s")
	}
	all := pairs(2)
	for i := range all {
		all[i].Abilities = "" // the load generator has none
	}
	s := newSchemeOf(t, calmTimers, append(all, schemeParticipants[2]), all)
	s.serve("--quiet")
	f := newFlooder(&inside{scheme: s}, schemeParticipants[2].ID)
	frames := f.enquiries(50_000)
	rate := int(*floodRate)
	run := 0
	load := func() (r benchReport) {
		run++ // another seed: other references
		p := start(t, "bench", "--config", s.banksConfig(), "--rate", strconv.Itoa(rate), "--duration", floodMeasure.String(), "--warmup", "1s", "--seed", strconv.Itoa(run), "--json", "-")
		<-p.over // it may call the run not valid, for a generator that was late
		if err := json.Unmarshal([]byte(p.out.String()), &r); err != nil {
			t.Fatalf("%v: %s", err, tail(p.err.String()))
		}
		return r
	}
	load() // to warm up
	var middle, far []float64
	for range *floodRounds {
		quiet := load()
		over, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for tick := time.NewTicker(5 * time.Millisecond); !isClosed(over); <-tick.C {
				f.flood(frames, floodTimes*rate/200)
			}
		}()
		before, began := f.sent, clock()
		flooded := load()
		close(over)
		<-done
		for name, r := range map[string]benchReport{"quiet": quiet, "flooded": flooded} {
			t.Logf("%s: p50 %.2f, p99 %.2f ms, %d of %d, valid %v %s", name, r.P50, r.P99, r.Success, r.Payments, r.Valid, r.Reasons)
		}
		t.Logf("%.0f enquiries a second; CPU of the switch for a payment %s us, with its %d enquiries %s us",
			float64(f.sent-before)/time.Duration(clock()-began).Seconds(), figure(quiet.CPUPerPayment, 0), floodTimes, figure(flooded.CPUPerPayment, 0))
		middle, far = append(middle, flooded.P50/quiet.P50), append(far, flooded.P99/quiet.P99)
	}
	t.Logf("ratio flooded to quiet, median of %d: p50 %.2f, p99 %.2f of %.2f", *floodRounds, median(middle), median(far), far)
}

// TestOverload (reliability, row 23): a participant asks for as many payments as the
// socket takes, until three times as many were offered as were taken at least. Each
// request is answered, one time, with what has become of it or with "busy"; what was
// taken ends; each payment of others succeeds meanwhile; and when it is over, so do all.
func TestOverload(t *testing.T) {
	burst, least := 500, int64(10_000)
	if testing.Short() || raced {
		burst, least = 200, 800
	}
	all := append(pairs(4), schemeParticipants[2])
	all[8].Played = true
	in := newInside(t, calmTimers, all, func(*simbank.Options) {}, "limits: {queue: 256}")
	f := newFlooder(in, all[8].ID)
	payer, payee := in.members["PAYER00"], in.members["PAYEE00"]
	type result struct {
		took  times
		wrong []string
	}
	others, started := make(chan result, 1), make(chan struct{})
	go func() {
		close(started)
		took, wrong := in.phase(t, 300, 100, f, nil)
		others <- result{took, wrong}
	}()
	<-started
	references, steps := int64(0), map[payment.Load]bool{}
	for offered := int64(0); ; {
		var out []byte
		for range burst {
			references++
			out = append(out, f.framed(f.encode(&message{mti: "0200", de: map[int]string{
				3: "401000", 4: "000000000100", 7: stampNow(), 11: fmt.Sprintf("%06d", references), 32: f.institution,
				37: fmt.Sprintf("T%011d", references), 49: "356", 102: payer.account(1 + int(references)%100), 103: payee.account(1),
			}, tags: map[int]string{1: "PAY", 16: payer.first.IFSC + "0000001", 17: payee.first.IFSC + "0000001"}}))...)
		}
		f.write(out)
		offered += int64(burst)
		steps[in.node.engine.Load()] = true
		if taken := f.counts()["0210 00"]; offered >= least && offered >= 3*taken {
			f.sent = offered
			break
		}
	}
	over := clock()
	until(t, 4*patience, "each request is answered", func() bool { return f.total.Load() >= f.sent })
	in.calm(t, over)
	o := <-others
	heard := f.counts()
	t.Logf("%d requests, heard %v; steps of the load %v; others: p50 %v, p99 %v", f.sent, heard, steps, o.took.at(50), o.took.at(99))
	if f.total.Load() != f.sent || heard["0210 96"]+heard["0210 91"] == 0 || heard["0210 00"] == 0 {
		t.Errorf("%d answers to %d requests: %v", f.total.Load(), f.sent, heard)
	}
	if len(o.wrong) != 0 {
		t.Errorf("payments of others that did not succeed: %v", o.wrong)
	}
	in.balanced()
}

// calm waits until payments succeed in a row, and says how long that took since a time.
func (in *inside) calm(t *testing.T, since int64) {
	t.Helper()
	row := 0
	until(t, patience, "it has recovered", func() bool {
		r, err := in.members["PAYER01"].Send(t.Context(), in.members["PAYEE01"].to(100))
		if row++; err != nil || r.Outcome != "success" {
			row = 0
		}
		return row == 20
	})
	t.Logf("recovered after %v, step of the load %v", time.Duration(clock()-since).Round(time.Millisecond), in.node.engine.Load())
}
