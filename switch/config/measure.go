package config

import "time"

// measures reads what holds a participant back: that it sends too much, or answers
// too slowly or not at all.
func (b *binder) measures(o object, p *Participant) {
	rates := o.get("rate").object("rate")
	p.Rates = Rates{
		Requests:  rates.get("requests").rate(Rate{Off: true}),
		Enquiries: rates.get("enquiries").rate(askingRate),
		Others:    rates.get("others").rate(askingRate),
	}
	if open := o.get("requests_open"); !open.absent() {
		p.RequestsOpen = open.integer()
	}
	v := o.get("in_flight")
	if p.InFlight.Off = v.isOff(); !p.InFlight.Off {
		flow := v.object("in_flight")
		least := flow.get("min")
		p.InFlight.Min, p.InFlight.Max = least.integer(), flow.get("max").integer()
		if least.absent() {
			p.InFlight.Min = min(p.InFlight.Min, p.InFlight.Max)
		} else if p.InFlight.Min > p.InFlight.Max {
			v.fault("in_flight: min (%d) is above max (%d): change one of them", p.InFlight.Min, p.InFlight.Max)
		}
	}
	v = o.get("breaker")
	if p.Breaker.Off = v.isOff(); !p.Breaker.Off {
		breaker := v.object("breaker")
		p.Breaker = Breaker{
			InRow:   breaker.get("in_row").integer(),
			Window:  breaker.get("window").integer(),
			Percent: breaker.get("percent").integer(),
			OpenFor: breaker.get("open_for").duration(),
			Closes:  breaker.get("closes").integer(),
		}
	}
}

// askingRate is that of messages that only ask, of a participant that says nothing.
var askingRate = Rate{PerSecond: 100, Burst: 200}

// rate reads the limit of one class, over what holds without it.
func (v value) rate(otherwise Rate) Rate {
	switch {
	case v.absent():
		return otherwise
	case v.isOff():
		return Rate{Off: true}
	}
	o := v.object(v.name)
	r := Rate{PerSecond: o.get("per_second").integer()}
	r.Burst = r.PerSecond
	if burst := o.get("burst"); !burst.absent() {
		r.Burst = burst.integer()
	}
	return r
}

// padding reads how accounts are filled up.
func (b *binder) padding(v value) Padding {
	if v.absent() {
		return Padding{}
	}
	o := v.object("account_padding")
	return Padding{Width: o.get("width").integer(), Spaces: o.get("with").oneOf(b.known) == "spaces"}
}

// paymentLimits reads the categories of what payers may pay.
func (b *binder) paymentLimits(v value) []PaymentLimit {
	var out []PaymentLimit
	names := seen{}
	for _, entry := range v.list("{name: p2p, ...}") {
		o := entry.object("this limit")
		l := PaymentLimit{
			Types:       b.words(o.get("types"), "push"),
			Payee:       o.get("payee").oneOf(b.known),
			Purposes:    b.names(o.get("purposes"), seen{}, "purpose", "INSU"),
			PerPayment:  b.amount(o.get("per_payment")),
			PerDay:      b.amount(o.get("per_day")),
			CountPerDay: o.get("count_per_day").integer(),
		}
		if name := o.get("name"); !name.absent() {
			if s, ok := name.match(); ok && names.add(name, s, "limit "+s) {
				l.Name = s
			}
		}
		if l.PerDay != 0 && l.PerDay < l.PerPayment {
			o.get("per_day").fault("per_day is below per_payment: a payment of that amount could never be made; change one of them")
		}
		out = append(out, l)
	}
	return out
}

// loadSteps is how many steps the brown-out ladder has.
const loadSteps = 4

// queueNever is a LoadStep.Queue that no queue reaches.
const queueNever = 101

// DefaultLoadSteps are the steps of a file that names none. They are about the disk: a
// queue that gets full looks after itself.
func DefaultLoadSteps() [loadSteps]LoadStep {
	return [loadSteps]LoadStep{
		{queueNever, 500 * time.Millisecond}, {queueNever, time.Second}, {queueNever, 2 * time.Second}, {queueNever, 4 * time.Second},
	}
}

// brownOut reads what is shed under load.
func (b *binder) brownOut(v value) BrownOut {
	o := v.object("brown_out")
	out := BrownOut{SmallAmount: b.amount(o.get("small_amount")), Steps: DefaultLoadSteps()}
	steps := o.get("steps")
	if steps.absent() {
		return out
	}
	entries := steps.list("{queue: 50, commit: 500ms}, ...")
	if len(entries) != loadSteps {
		steps.fault("steps has %d entries: write all %d", len(entries), loadSteps)
		return out
	}
	faults := len(b.r.faults)
	for i, entry := range entries {
		step := entry.object("this step")
		out.Steps[i] = LoadStep{Queue: step.get("queue").integer(), Commit: step.get("commit").duration()}
		if last := max(i-1, 0); len(b.r.faults) == faults && i > 0 && (out.Steps[i].Queue < out.Steps[last].Queue || out.Steps[i].Commit < out.Steps[last].Commit) {
			entry.fault("step %d begins earlier than step %d: each may only ask for more than the one before", i+1, i)
		}
	}
	return out
}
