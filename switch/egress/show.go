package egress

import (
	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/payment"
)

// class is what a message is to its participant, as metrics call it.
type class uint8

// The classes of messages that leave.
const (
	classRequest class = iota // the participant is to do something
	classEnquiry              // or to say what it has done
	classAnswer               // to what it has asked
	classCount
)

var classNames = [classCount]string{"request", "enquiry", "answer"}

func classOf(leg payment.Leg) class {
	switch leg {
	case payment.LegRequest, payment.LegEnquiry:
		return classAnswer
	case payment.LegStatus:
		return classEnquiry
	}
	return classRequest
}

// of is the counters of a participant's messages, looked up once.
func (m *metrics) of(participant string) *[classCount]prometheus.Counter {
	var all [classCount]prometheus.Counter
	for c, name := range classNames {
		all[c] = m.messages.WithLabelValues(participant, name)
	}
	return &all
}

// name is the ID of its participant, empty while it has none.
func (l *lane) name() string {
	if id := l.id.Load(); id != nil {
		return *id
	}
	return ""
}

// left counts the messages of a parcel that was handed to its link and, of a
// participant that is watched, says them to the log: what they are, never what they
// hold. Writer goroutine only.
func (e *Egress) left(l *lane, p *parcel) {
	e.metrics.sent.Add(float64(len(p.messages)))
	counters, id := l.counters.Load(), l.name()
	if counters == nil {
		return // it has no name
	}
	watched := e.o.Watched(id)
	for i := range p.messages {
		m := &p.messages[i]
		counters[classOf(m.about.Leg)].Inc()
		if watched {
			e.o.Log.Debug("message", "event", "message.out", "participant", id, "payment", uint64(m.about.Payment), "leg", m.about.Leg.String(), "repeat", m.about.repeat)
		}
	}
}

// about is what a message is about.
type about struct {
	Payment payment.ID
	Leg     payment.Leg
	repeat  bool
}
