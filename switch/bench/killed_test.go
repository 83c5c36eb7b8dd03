package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
)

// gate is as much of a switch as takes connections: it signs on who asks, and answers
// nothing else.
type gate struct {
	net.Listener
	mu   sync.Mutex // guards open
	open []net.Conn
	all  sync.WaitGroup
	took atomic.Int64 // messages but sign-ons
}

// openGate takes connections of the participants of o, which trust everybody.
func openGate(t *testing.T, o *Options) *gate {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	defer web.Close() // only its certificate is wanted
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: web.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Listener: l}
	g.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			g.mu.Lock()
			g.open = append(g.open, c)
			g.mu.Unlock()
			g.all.Go(func() { g.serve(c, o) })
		}
	})
	t.Cleanup(g.shut)
	return g
}

// shut ends it at once.
func (g *gate) shut() {
	g.Close()
	g.mu.Lock()
	for _, c := range g.open {
		c.Close()
	}
	g.mu.Unlock()
	g.all.Wait()
}

// serve reads one message for each read: a participant that signs on waits for the answer.
func (g *gate) serve(c net.Conn, o *Options) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		for _, p := range o.Participants { // whoever it is, its dialect fits
			body, _, err := p.Framing.Next(buffer[:n], frame.Limits{})
			var m iso8583.Message
			if err != nil || m.Parse(p.Dialect, body) != nil {
				continue
			}
			if m.MTI() != mtiNetwork {
				g.took.Add(1)
				break
			}
			s := newSpeaker(newStation(0, p, o))
			if answer, err := s.network(nil, &m); err == nil {
				_, _ = c.Write(answer)
			}
			break
		}
	}
}

// connected is an accounted run with links to a gate.
func connected(t *testing.T) (*accounted, *gate) {
	a := newAccounted(t)
	for i := range a.stations {
		a.o.Participants[i].TLS = &tls.Config{InsecureSkipVerify: true}
		a.stations[i].TLS = a.o.Participants[i].TLS
	}
	g := openGate(t, a.o)
	a.o.Address, a.o.Clock = g.Addr().String(), func() int64 { return time.Now().UnixNano() }
	a.fail = func(err error) {
		if err != nil {
			t.Error(err)
			return
		}
		a.cut() // as the end of a run does: the writers wait for it
	}
	a.takers, a.links = a.links, nil // the links that are connected have readers of their own
	for _, s := range a.stations {
		s.links = nil
	}
	t.Cleanup(a.hangUp)
	if err := a.connect(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	return a, g
}

// TestKill: what is in flight is counted once, nobody is sent anything while the switch is
// gone, all links come back to where it is then, and nothing of before is sent again. It is
// back when it says that it is ready.
func TestKill(t *testing.T) {
	a, g := connected(t)
	a.leaves(0, 120, 0) // 100 of the warm-up, 20 of the window
	a.answers(0, 90, 0, "00")
	a.answers(100, 115, 0, "00")
	a.answered.Store(105)
	fresh := openGate(t, a.o)
	defer a.hangUp() // before the gate shuts: a link that is lost ends a run
	ready := 0
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if ready++; ready < 3 {
			http.Error(w, q.URL.Path, http.StatusServiceUnavailable)
		}
	}))
	defer admin.Close()
	a.o.Kill = Kill{
		At: time.Second, Kill: func() error { g.shut(); return nil },
		Start: func(context.Context) (string, Admin, error) {
			a.leaves(120, 130, 0)
			return fresh.Addr().String(), Admin{URL: admin.URL}, nil
		},
	}
	if err := a.kill(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	if k := a.out.report; k.InFlight != 15 || a.out.inWindow != 5 || a.out.skipped != 10 || a.sent.Load() != 105 || k.Ready < k.Serving || a.out.at.length() <= 0 {
		t.Errorf("%+v, %d of the window, %d not sent; %d are waited for", k, a.out.inWindow, a.out.skipped, a.sent.Load()-a.answered.Load())
	}
	if a.lastBefore.Load() != 120 || a.out.gone || a.closing.Load() || ready != 3 || a.admin().URL != admin.URL {
		t.Errorf("the last before is %d, gone %t, closing %t, asked %d times whether it is ready", a.lastBefore.Load(), a.out.gone, a.closing.Load(), ready)
	}
	for _, l := range a.links {
		if !l.signedOn || l.conn.RemoteAddr().String() != fresh.Addr().String() {
			t.Errorf("%s is not signed on to the switch that was started again", l.at.ID)
		}
		l.mu.Lock()
		if len(l.outbox) != 0 {
			t.Errorf("%d bytes of before are sent again", len(l.outbox))
		}
		l.mu.Unlock()
	}
	if n := fresh.took.Load(); n != 0 {
		t.Errorf("%d messages of before came again", n)
	}
	a.leaves(130, 131, 0)
	if a.sent.Load() != 106 {
		t.Error("nothing is sent to the switch that was started again")
	}
}

// TestKillFails: what goes wrong with a kill ends the run with its reason.
func TestKillFails(t *testing.T) {
	for want, bend := range map[string]func(k *Kill){
		"kill the switch: no": func(k *Kill) { k.Kill = func() error { return errors.New("no") } },
		"start the switch again: no": func(k *Kill) {
			k.Start = func(context.Context) (string, Admin, error) { return "", Admin{}, errors.New("no") }
		},
		"connect BANKA": func(*Kill) {},
	} {
		a, g := connected(t)
		a.o.Kill = Kill{At: 1, Kill: func() error { g.shut(); return nil }, Start: func(context.Context) (string, Admin, error) { return g.Addr().String(), Admin{}, nil }}
		bend(&a.o.Kill)
		if err := a.kill(t.Context(), t.Context()); err == nil || !strings.Contains(err.Error(), want) || !a.out.gone {
			t.Errorf("%v, want %s; gone %t", err, want, a.out.gone)
		}
	}
}
