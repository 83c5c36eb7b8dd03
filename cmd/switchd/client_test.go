package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"switchd/certs"
	"switchd/codec/frame"
	"switchd/codec/iso8583"
	"switchd/switch/config"
)

// message is a message as a test writes it: text by data element, DE120 by tag.
type message struct {
	mti  string
	de   map[int]string
	tags map[int]string
	raw  []byte // of a received one: the body
}

// client is a participant whose every byte a test decides.
type client struct {
	t           testing.TB
	id          string
	institution string
	spec        *iso8583.Spec
	conn        net.Conn
	raw         *net.TCPConn // under conn
	framing     frame.Framing
	header      []byte // of all that it sends; what comes must answer it
	in          []byte // not cut yet
	stan        int
}

// connect opens a link as a participant, without signing on.
func (s *scheme) connect(id string) *client {
	s.t.Helper()
	return s.connectThrough(id, func(c net.Conn) net.Conn { return c })
}

// connectThrough is connect with something between TLS and the wire.
func (s *scheme) connectThrough(id string, wrap func(net.Conn) net.Conn) *client {
	s.t.Helper()
	return s.connectFrom(id, "", wrap)
}

// connectFrom is connectThrough from one of the many addresses of a loopback.
func (s *scheme) connectFrom(id, address string, wrap func(net.Conn) net.Conn) *client {
	s.t.Helper()
	c := &client{t: s.t, id: id, stan: int(time.Now().UnixNano() % 500_000)}
	for _, p := range slices.Concat(s.all, schemeParticipants) {
		if p.ID == id && c.spec == nil {
			spec, err := iso8583.Builtin(p.Dialect)
			if err != nil {
				s.t.Fatal(err)
			}
			c.institution, c.spec = p.Institution, spec
			wire, err := wireOf(&config.Participant{Framing: p.Framing, Header: p.Header})
			if err != nil {
				s.t.Fatal(err)
			}
			c.framing, c.header = wire.Framing, wire.Framing.AppendReply(nil, wire.Header)
		}
	}
	settings, err := certs.ClientConfig(leafPaths(s.certs(), id), clock)
	if err != nil {
		s.t.Fatal(err)
	}
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	raw, err := d.Dial("tcp", s.listen)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { raw.Close() })
	c.raw = raw.(*net.TCPConn)
	link := tls.Client(wrap(raw), settings)
	if err := link.Handshake(); err != nil {
		s.t.Fatalf("%s: handshake: %v", id, err)
	}
	c.conn = link
	return c
}

// write sends bytes as they are.
func (c *client) write(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatalf("%s: write: %v", c.id, err)
	}
}

// framed makes a body a frame of the client.
func (c *client) framed(body []byte) []byte {
	c.t.Helper()
	b, err := c.framing.BeginHeader(nil, c.header)
	if err == nil {
		b, err = c.framing.End(append(b, body...), 0, frame.Limits{})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// encode makes the body of m.
func (c *client) encode(m *message) []byte {
	c.t.Helper()
	number, err := strconv.ParseUint(m.mti, 16, 16)
	if err != nil {
		c.t.Fatal(err)
	}
	var w iso8583.Writer
	w.Begin(c.spec, nil, iso8583.MTI(number))
	elements := slices.Collect(maps.Keys(m.de))
	if len(m.tags) > 0 {
		elements = append(elements, 120)
	}
	slices.Sort(elements)
	for _, de := range elements {
		if de != 120 {
			w.SetString(de, m.de[de])
			continue
		}
		w.BeginTLV(de)
		for _, tag := range slices.Sorted(maps.Keys(m.tags)) {
			w.TLVString(tag, m.tags[tag])
		}
		w.EndTLV()
	}
	body, err := w.Finish()
	if err != nil {
		c.t.Fatalf("test message: %v", err)
	}
	return body
}

// send sends m in a frame.
func (c *client) send(m *message) {
	c.t.Helper()
	c.write(c.framed(c.encode(m)))
}

// receive waits for the next message; the switch's echoes are answered and do not
// count.
func (c *client) receive() *message {
	c.t.Helper()
	for {
		m, err := c.next(patience)
		if err != nil {
			c.t.Fatalf("%s: receive: %v", c.id, err)
		}
		if m.mti != "0800" || m.de[70] != "301" {
			return m
		}
		c.send(m.answer("00", 7, 11, 70))
	}
}

// frame reads one frame.
func (c *client) frame(limit time.Duration) (frame.Frame, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return frame.Frame{}, err
	}
	for chunk := make([]byte, 4096); ; {
		fr, err := c.framing.Read(c.in, frame.Limits{})
		if c.in = c.in[fr.Bytes:]; err != nil || fr.Kind != frame.Incomplete {
			return fr, err
		}
		n, err := c.conn.Read(chunk)
		if c.in = append(c.in, chunk[:n]...); err != nil {
			return frame.Frame{}, err
		}
	}
}

// next reads one message; the error says that the link is closed, or silent.
func (c *client) next(limit time.Duration) (*message, error) {
	fr, err := c.frame(limit)
	if err != nil {
		return nil, err
	}
	if want := c.framing.AppendReply(nil, c.header); !bytes.Equal(fr.Header, want) {
		return nil, fmt.Errorf("the switch has sent the header %x, want %x", fr.Header, want)
	}
	body := bytes.Clone(fr.Body)
	var parsed iso8583.Message
	if err := parsed.Parse(c.spec, body); err != nil {
		return nil, fmt.Errorf("the switch has sent a malformed message: %w", err)
	}
	m := &message{mti: parsed.MTI().String(), de: map[int]string{}, tags: map[int]string{}, raw: body}
	for de := 2; de <= 128; de++ {
		if parsed.Has(de) && de != 120 {
			m.de[de] = string(parsed.Value(de))
		}
	}
	r := iso8583.ReadTLV(parsed.Value(120))
	for tag, value, ok := r.Next(); ok; tag, value, ok = r.Next() {
		m.tags[tag] = string(value)
	}
	return m, nil
}

// closed waits until the switch has closed the link.
func (c *client) closed(limit time.Duration) {
	c.t.Helper()
	for {
		m, err := c.next(limit)
		if err == nil {
			if m.mti == "0800" {
				continue
			}
			c.t.Fatalf("%s: a %s with code %s, want the end of the link", c.id, m.mti, m.de[39])
		}
		if late, ok := err.(net.Error); ok && late.Timeout() {
			c.t.Fatalf("%s: the link was not closed within %v", c.id, limit)
		}
		return
	}
}

// answer makes the response to m with the elements of echo as they came.
func (m *message) answer(code string, echo ...int) *message {
	a := &message{mti: m.mti[:2] + string(m.mti[2]+1) + "0", de: map[int]string{39: code}, tags: map[int]string{}}
	for _, de := range echo {
		if v, there := m.de[de]; there {
			a.de[de] = v
		}
	}
	return a
}

// network makes an 0800.
func (c *client) network(code string) *message {
	c.stan++
	return &message{mti: "0800", de: map[int]string{7: stampNow(), 11: fmt.Sprintf("%06d", c.stan), 70: code}}
}

func stampNow() string { return time.Now().UTC().Format("0102150405") }

// signOn signs the link on.
func (c *client) signOn() {
	c.t.Helper()
	c.echo("001")
}

// echo exchanges an 0800. Its answer proves that everything before it was read,
// and that nothing else was on its way to us.
func (c *client) echo(code string) {
	c.t.Helper()
	ask := c.network(code)
	c.send(ask)
	a := c.receive()
	if a.mti != "0810" || a.de[39] != "00" || a.de[11] != ask.de[11] || a.de[7] != ask.de[7] || a.de[70] != code {
		c.t.Fatalf("%s: to the 0800 with code %s came a %s: %v", c.id, code, a.mti, a.de)
	}
}

// pay makes a push request of the first account at payer to an address.
func (c *client) pay(payer, payee string) *message {
	c.stan++
	m := &message{mti: "0200", de: map[int]string{
		3: "401000", 4: "000000012345", 7: stampNow(), 11: fmt.Sprintf("%06d", c.stan), 32: c.institution,
		37: fmt.Sprintf("T%011d", time.Now().UnixNano()%100_000_000_000), 49: "356",
	}, tags: map[int]string{1: "PAY", 4: payee}}
	for _, p := range schemeParticipants {
		if p.ID == payer {
			m.de[102] = p.Institution + "0001"
			if payer != c.id {
				m.tags[16] = p.IFSC + "0000001"
			}
		}
	}
	return m
}

// payAccount makes a push request to the first account at payee.
func (c *client) payAccount(payer, payee string) *message {
	m := c.pay(payer, "")
	delete(m.tags, 4)
	for _, p := range schemeParticipants {
		if p.ID == payee {
			m.de[103], m.tags[17] = p.Institution+"0001", p.IFSC+"0000001"
		}
	}
	return m
}

// ask sends a request whose very next message must be its answer.
func (c *client) ask(m *message) *message {
	c.t.Helper()
	c.send(m)
	return c.answerTo(m)
}

// answerTo takes the next message, which must be the answer to m.
func (c *client) answerTo(m *message) *message {
	c.t.Helper()
	a := c.receive()
	if want := m.answer("", 0).mti; a.mti != want || a.de[11] != m.de[11] || a.de[37] != m.de[37] {
		c.t.Fatalf("%s: a %s %v, want the answer %s to %v", c.id, a.mti, a.de, want, m.de)
	}
	return a
}

// paid plays a whole payment of which this client is PSP and payer's bank, and
// returns what the PSP is told.
func (c *client) paid(m *message) *message {
	c.t.Helper()
	c.send(m)
	debit := c.receive()
	if debit.mti != "0200" || debit.tags[1] != "DEBIT" {
		c.t.Fatalf("%s: a %s %v %v, want the debit", c.id, debit.mti, debit.de, debit.tags)
	}
	yes := debit.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103)
	yes.de[38] = "A00001"
	c.send(yes)
	return c.answerTo(m)
}

// repeat is the 0201 of a 0200.
func (m *message) repeat() *message {
	r := *m
	r.mti = "0201"
	return &r
}
