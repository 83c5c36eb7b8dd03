package raw

import (
	"context"
	"fmt"
	"time"

	codec20022 "switchd/codec/iso20022"
	codec8583 "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
	message20022 "switchd/switch/translate/iso20022"
	message8583 "switchd/switch/translate/iso8583"
)

// Codec is one format alone: the four messages that the switch sends for a payment are
// written, and read again with all checks of their format. What participants send is as long: a
// request as a credit, each answer as the answer to the sender.
type Codec struct {
	Dialect    string    `json:"dialect"`
	Messages   []Message `json:"messages"`
	PaymentCPU float64   `json:"payment_us"` // of a payment: four are written, a request and three answers are read
}

// Message is one of them.
type Message struct {
	Leg        string  `json:"leg"`
	Bytes      int     `json:"bytes"`
	WriteNanos float64 `json:"write_ns"`
	ReadNanos  float64 `json:"read_ns"`
}

// format is a way to write and to read.
type format struct {
	name  string
	write func(dst []byte, ef *payment.Effect) ([]byte, error)
	read  func(body []byte) error
	text  map[payment.TextField]string // what the format wants beside
}

func formats() ([]format, error) {
	dir := &translate.Directory{Institution: "999999", Currency: currency, CurrencyCode: "INR", Decimals: 2}
	for i := range participants {
		_, _, institution, _ := participant(i)
		dir.Institutions = append(dir.Institutions, institution)
	}
	spec, err := codec8583.Builtin("iso87-npci")
	if err != nil {
		return nil, err
	}
	profile, err := codec20022.Builtin("ips-base")
	if err != nil {
		return nil, err
	}
	of20022, err := message20022.New(profile, dir, route.Participant(0))
	if err != nil {
		return nil, err
	}
	of8583 := &message8583.Dialect{Spec: spec, Directory: dir}
	var m8583 codec8583.Message
	var m20022 codec20022.Message
	return []format{
		{"iso87-npci", of8583.Open().Compose, func(body []byte) error { return m8583.Parse(spec, body) }, nil},
		{"iso20022", of20022.Open().Compose, func(body []byte) error { return m20022.Parse(profile, body) }, map[payment.TextField]string{
			payment.MsgID: "MSG20261122000001", payment.InstructionID: "INS1", payment.EndToEndID: "E2E1", payment.TransactionID: "TX20261122000001",
			payment.UETR: "2f1a9d5e-6c1b-4a4e-9b1f-0d2f3c4b5a69", payment.RequestType: "pacs.008.001.08",
			payment.RequestCreatedAt: "2026-11-22T15:30:00.000Z", payment.PayerName: "SIMULATED USER", payment.PayerIFSC: "BNKA0000001",
		}},
	}, nil
}

// legsOfPayment are what the switch sends for a payment by address.
var legsOfPayment = [...]payment.Leg{payment.LegResolve, payment.LegDebit, payment.LegCredit, payment.LegRequest}

func codecs(ctx context.Context, o *Options, legs []leg) (all []Codec, err error) {
	every, err := formats()
	if err != nil {
		return nil, err
	}
	length := o.Duration / time.Duration(2*len(every)*len(legsOfPayment))
	for i := range every {
		f := &every[i]
		c := Codec{Dialect: f.name}
		for _, kind := range legsOfPayment {
			m, err := f.measure(ctx, o, legs, kind, length)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", f.name, kind, err)
			}
			c.Messages = append(c.Messages, m)
			c.PaymentCPU += m.WriteNanos / 1e3
			switch kind {
			case payment.LegCredit:
				c.PaymentCPU += m.ReadNanos / 1e3
			case payment.LegRequest:
				c.PaymentCPU += 3 * m.ReadNanos / 1e3
			}
		}
		all = append(all, c)
	}
	return all, nil
}

func (f *format) measure(ctx context.Context, o *Options, legs []leg, kind payment.Leg, length time.Duration) (Message, error) {
	for i := range legs {
		l := legs[i]
		if l.effect.Leg != kind {
			continue
		}
		l.effect.Payment = &l.payment
		for field, value := range f.text {
			l.payment.Text.Set(field, []byte(value))
		}
		buf := make([]byte, 0, 8<<10)
		body, err := f.write(buf, &l.effect)
		if err != nil {
			return Message{}, err
		}
		m := Message{Leg: kind.String(), Bytes: len(body)}
		if m.ReadNanos, err = fastest(ctx, o, length, 200, func() error { return f.read(body) }); err != nil {
			return Message{}, fmt.Errorf("reading what was written: %w", err)
		}
		m.WriteNanos, err = fastest(ctx, o, length, 200, func() error {
			_, err := f.write(buf, &l.effect)
			return err
		})
		return m, err
	}
	return Message{}, fmt.Errorf("the machine has sent no such message")
}
