package simbank

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"switchd/codec/frame"
	"switchd/switch/logtext"
)

// nextNetwork is the next 0800 or 0810 with this DE70.
func (s *fakeSwitch) nextNetwork(mti, code string) message {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case m := <-s.network:
			if m.mti == mti && m.de[70] == code {
				return m
			}
		case <-deadline:
			s.t.Fatalf("no %s/%s came", mti, code)
		}
	}
}

func TestSignOnEchoSignOff(t *testing.T) {
	s := newFakeSwitch(t)
	b, stop := start(t, s.options())
	on := s.nextNetwork("0800", "001")
	if len(on.de[7]) != 10 || len(on.de[11]) != 6 {
		t.Errorf("sign-on %+v", on.de)
	}
	s.send(message{mti: "0800", de: map[int]string{7: "0102030405", 11: "000077", 70: "301"}})
	if m := s.network0810("000077"); m.de[39] != "00" || m.de[7] != "0102030405" || m.de[70] != "301" {
		t.Errorf("answer to an echo: %+v", m.de)
	}
	s.send(message{mti: "0800", de: map[int]string{7: "0102030405", 11: "000078"}})
	if m := s.network0810("000078"); m.de[39] != "30" || m.de[44] != "DE70 missing" {
		t.Errorf("answer to an 0800 without DE70: %+v", m.de)
	}
	if !b.Stats().Ready {
		t.Error("not ready")
	}
	stop()
	s.nextNetwork("0800", "002")
	if b.Stats().Ready || b.Run(context.Background()) == nil {
		t.Error("ready after the end, or ran twice")
	}
}

// TestSignedOffBySwitch: own payments end, what was asked is still answered.
func TestSignedOffBySwitch(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, s.options())
	s.send(message{mti: "0800", de: map[int]string{7: "0102030405", 11: "000077", 70: "002"}})
	s.network0810("000077")
	if _, err := b.Send(context.Background(), Order{PayeeVPA: "user1@bankb", Amount: 1}); err != ErrNotReady {
		t.Errorf("Send: %v", err)
	}
	s.send(debitOf("D1", 10))
	if f := s.next("0210"); f.de[39] != "00" {
		t.Errorf("answer %s", f.de[39])
	}
	s.hangUp()
	eventually(t, "signed on again", func() bool { return b.Stats().Ready })
}

func TestEchoWhenIdleAndCloseWithoutAnswer(t *testing.T) {
	s := newFakeSwitch(t)
	s.manual = true
	o := s.options()
	o.Idle, o.EchoTimeout, o.MissesMax = 20*time.Millisecond, 200*time.Millisecond, 2
	b, _ := launch(t, o)
	on := s.nextNetwork("0800", "001")
	s.send(answerTo(on, "00", 7, 11, 70))
	echo := s.nextNetwork("0800", "301")
	s.send(answerTo(echo, "00", 7, 11, 70))
	s.nextNetwork("0800", "301")
	s.nextNetwork("0800", "301") // the second miss is the last
	s.nextNetwork("0800", "001") // so it comes again
	if got := b.Stats(); got.SignOns != 1 || got.Unmatched != 0 {
		t.Errorf("stats %+v", got)
	}
}

func TestSignOnRefusedOrUnanswered(t *testing.T) {
	for _, code := range []string{"05", ""} {
		s := newFakeSwitch(t)
		s.manual = true
		o := s.options()
		o.EchoTimeout = 30 * time.Millisecond
		launch(t, o)
		for range 3 {
			on := s.nextNetwork("0800", "001")
			if code != "" {
				s.send(answerTo(on, code, 7, 11, 70))
			}
		}
		on := s.nextNetwork("0800", "001")
		s.send(answerTo(on, "00", 7, 11, 70))
	}
}

func TestReconnectAfterLoss(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, s.options())
	for want := int64(2); want <= 5; want++ {
		s.hangUp()
		eventually(t, "signed on again", func() bool { return b.Stats().SignOns == want })
		s.nothing()
	}
}

func TestBadFrameClosesTheLink(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, s.options())
	for i, length := range []uint16{0, 11, 8193} {
		s.mu.Lock()
		_, _ = s.conn.Write(binary.BigEndian.AppendUint16(nil, length))
		s.mu.Unlock()
		eventually(t, "signed on again", func() bool { return b.Stats().SignOns == int64(i)+2 })
	}
}

// TestWhyNotReached: the log says why there is no link: nobody listens, or who does
// is not the switch.
func TestWhyNotReached(t *testing.T) {
	s := newFakeSwitch(t)
	for name, change := range map[string]func(*Options){
		"connection refused": func(o *Options) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			o.Address = l.Addr().String()
			_ = l.Close()
		},
		"certificate signed by unknown authority": func(o *Options) {
			o.TLS = o.TLS.Clone()
			o.TLS.RootCAs = x509.NewCertPool()
		},
	} {
		o, log := s.options(), &logtext.Text{}
		o.Log = slog.New(slog.NewTextHandler(log, nil))
		change(&o)
		_, stop := launch(t, o)
		eventually(t, name, func() bool {
			return strings.Contains(log.String(), name) && strings.Contains(log.String(), "address="+o.Address)
		})
		stop()
	}
	if alert(errors.New("closed")) != nil || alert(&net.OpError{Op: "remote error", Err: tls.AlertError(44)}) != tls.AlertError(44) {
		t.Error("what is no alert of the other end")
	}
}

// TestLogsHoldNoContent sends rubbish that quotes an account number and reads
// the log for it.
func TestLogsHoldNoContent(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	log := &logtext.Text{}
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	_, stop := start(t, o)
	bad := debitOf("D1", 10)
	bad.de[37] = "1000010001"
	s.send(bad)
	s.next("0210")
	s.sendBytes([]byte("02001000010001100001000110000100011000010001"))
	s.next("0210")
	s.sendBytes([]byte("1000010001100001000110000100011000010001"))
	s.nothing()
	stop()
	if text := log.String(); strings.Contains(text, "100001000") || !strings.Contains(text, "request refused") {
		t.Errorf("log: %s", text)
	}
}

// TestStrangerIsRefusedAndKeepsTrying: a certificate of another authority gets
// no further than the handshake.
func TestStrangerIsRefusedAndKeepsTrying(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	log := &logtext.Text{}
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	o.TLS = o.TLS.Clone()
	o.TLS.Certificates = []tls.Certificate{newAuthority(t).leaf(t, "BANKA")}
	b, stop := launch(t, o)
	// What it sees of a refusal is an alert or, when the close overtakes it,
	// only the close; either way it must try again.
	eventually(t, "it is refused more than once", func() bool {
		return log.Count("link closed") > 1
	})
	stop()
	if b.Stats().SignOns != 0 {
		t.Error("signed on")
	}
}

func TestOutboxBound(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.OutboxBytesMax = 60 // room for an 0800, not for an answer
	b, _ := start(t, o)
	s.send(debitOf("D1", 10))
	eventually(t, "the link is closed and comes again", func() bool { return b.Stats().SignOns >= 2 })
	if st := b.Stats(); st.Unanswerable != 1 || b.Book().Net() != -10 {
		t.Errorf("stats %+v", st)
	}
}

func TestOptionsFaultsComeAllAtOnce(t *testing.T) {
	_, err := New(Options{Institution: "12x", Handle: "B@", IFSC: "bnka", Accounts: 10_000, Rate: 1, BadRate: 2,
		AmountMin: 5, AmountMax: 4, Faults: Faults{Late: 0.1}, Peers: []Peer{{}}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, part := range []string{"ID", "Institution", "Handle", "IFSC", "Accounts", "Address", "TLS", "Spec", "Clock", "BadRate", "AmountMin", "Faults", "Peers[0]"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not in: %v", part, err)
		}
	}
	s := newFakeSwitch(t)
	o := s.options()
	o.Spec = []byte(`{"name":"empty"}`)
	if _, err := New(o); err == nil {
		t.Error("an empty spec was accepted")
	}
}

// TestOtherFramings: frames carry our header, keep-alives are signs of life that
// get no answer, and a message with addresses that do not answer ours is noticed.
func TestOtherFramings(t *testing.T) {
	for _, framing := range []frame.Framing{frame.NAC, frame.ASCII4TPDU, frame.VAP} {
		t.Run(framing.String(), func(t *testing.T) {
			s := newFakeSwitch(t)
			header := []byte("\x60\x00\x01\x00\x02")
			if framing == frame.VAP {
				header = append([]byte{22, 1, 2, 0, 0, 1, 2, 3, 4, 5, 6}, make([]byte, 11)...)
			}
			s.mu.Lock()
			s.wire = Options{Framing: framing, Header: framing.AppendReply(nil, header)}
			s.mu.Unlock()
			o := s.options()
			o.Framing, o.Header = framing, header
			b, _ := start(t, o)
			if alive, known := framing.AppendKeepAlive(nil); known {
				s.mu.Lock()
				_, _ = s.conn.Write(alive)
				s.mu.Unlock()
			}
			s.send(debitOf("D1", 10))
			if f := s.next("0210"); f.de[39] != "00" || b.Stats().Malformed != 0 {
				t.Errorf("answer %s, %d malformed", f.de[39], b.Stats().Malformed)
			}
			stray, _ := o.appendFrame(nil, []byte("a message for the switch"))
			s.mu.Lock()
			_, _ = s.conn.Write(stray)
			s.mu.Unlock()
			eventually(t, "noticed", func() bool { return b.Stats().Malformed == 2 })
		})
	}
}
