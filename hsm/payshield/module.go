package payshield

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
)

// Module asks a payShield. All methods of hsm.Module are safe for concurrent use.
type Module struct {
	o       Options
	keys    *table
	metrics *metrics
	ends    ends

	mu    sync.Mutex       // guards all below
	links []*link          // that have answered NC
	why   error            // why the latest connection ended or was not made
	up    chan struct{}    // closed when a link comes up, then made anew
	told  map[string]int64 // by address: when a line said last that there is no connection
}

var _ hsm.Module = (*Module)(nil)

// New reads the key table; Run connects.
func New(o Options) (*Module, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	keys, err := readTable(o.Table, o.Clock)
	if err != nil {
		return nil, err
	}
	m := &Module{o: o, keys: keys, why: errors.New("no connection was made yet"), up: make(chan struct{}), told: map[string]int64{}}
	m.metrics = newMetrics(o.Registry, m)
	return m, nil
}

// Run keeps the connections up until ctx is done, and then closes them. It is called
// once.
func (m *Module) Run(ctx context.Context) error {
	var lines sync.WaitGroup
	for i := range m.o.Conns {
		lines.Go(func() { m.keep(ctx, m.o.Addresses[i%len(m.o.Addresses)]) })
	}
	lines.Wait()
	return nil
}

// Up returns nil once a connection has answered, or an error when ctx ends before.
func (m *Module) Up(ctx context.Context) error {
	for {
		m.mu.Lock()
		up, n := m.up, len(m.links)
		m.mu.Unlock()
		if n > 0 {
			return nil
		}
		select {
		case <-up:
		case <-ctx.Done():
			_, why := m.choose()
			return &hsm.Fault{Kind: hsm.ErrDown, Cause: bare(why)}
		}
	}
}

// keep holds one connection up, with longer and longer waits after failures.
func (m *Module) keep(ctx context.Context, address string) {
	pause := m.o.RetryMin
	for {
		greeted, err := m.attend(ctx, address)
		if ctx.Err() != nil {
			return
		}
		m.tell(address, greeted, err)
		if greeted {
			pause = m.o.RetryMin
		}
		if !m.o.Wait(ctx, pause) {
			return
		}
		pause = min(2*pause, m.o.RetryMax)
	}
}

// toldGap is the time between two lines in the log that say of one address that no
// connection is to be had there: several are tried, again and again.
const toldGap = int64(time.Minute)

// tell logs that a connection has ended, or that there is none.
func (m *Module) tell(address string, greeted bool, err error) {
	if greeted {
		m.o.Log.Warn("connection to the HSM has ended", "event", "hsm.link.ended", "address", address, "error", err)
		return
	}
	now := m.o.Clock()
	m.mu.Lock()
	last, before := m.told[address]
	due := !before || now-last >= toldGap
	if due {
		m.told[address] = now
	}
	m.mu.Unlock()
	if due {
		m.o.Log.Warn("no connection to the HSM", "event", "hsm.link.failed", "address", address, "error", err)
	}
}

// attend makes one connection and serves it until it ends.
func (m *Module) attend(ctx context.Context, address string) (greeted bool, err error) {
	conn, err := m.dial(ctx, address)
	if err != nil {
		m.metrics.dials[dialFailed].Inc()
		m.note(err)
		return false, err
	}
	l := newLink(m, conn)
	living, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.end(errStopped) })
	defer stop()
	var parts sync.WaitGroup
	parts.Go(l.write)
	parts.Go(func() { l.read(); cancel() })
	if err := m.greet(ctx, l); err != nil {
		l.end(err)
		m.metrics.dials[dialRefused].Inc()
	} else {
		greeted = true
		m.metrics.dials[dialUp].Inc()
		m.admit(l)
		if err := m.belongs(l); err != nil { // the table's first key came meanwhile
			l.end(err)
		}
		m.o.Log.Info("connected to the HSM", "event", "hsm.link.up", "address", address)
		parts.Go(func() {
			for m.o.Wait(living, m.o.Check) && l.look() {
			}
		})
	}
	parts.Wait()
	if err = l.err; !greeted {
		err = m.hint(err)
	}
	m.note(err) // before the drop: who finds no connection is told why
	m.drop(l)
	m.metrics.ended(l.err)
	return greeted, err
}

// hungUp are the errors of a connection that the other side has closed.
var hungUp = []error{io.EOF, io.ErrClosedPipe, syscall.ECONNRESET, syscall.EPIPE}

// hint adds to the end of a connection that has not answered what it mostly means.
func (m *Module) hint(err error) error {
	if !slices.ContainsFunc(hungUp, func(end error) bool { return errors.Is(err, end) }) {
		return err
	}
	if m.o.TLS == nil {
		return fmt.Errorf("%w: closed without an answer; does it want TLS (hsm.tls), or another header_len?", err)
	}
	return fmt.Errorf("%w: closed without an answer; does it speak TLS, and take this certificate?", err)
}

// greet asks a new link NC: which LMK it has, and whether that is the one that the keys
// of the table are under.
func (m *Module) greet(ctx context.Context, l *link) error {
	ctx, cancel := context.WithTimeout(ctx, m.o.DialMax)
	defer cancel()
	r := &request{command: "NC", frame: m.status(), answer: make(chan result, 1)}
	if err := l.submit(r); err != nil {
		return err
	}
	status, err := readStatus(l.await(ctx, r))
	if err != nil {
		return err
	}
	l.check = status.check
	return m.belongs(l)
}

// belongs refuses a link to an HSM whose LMK is not that of the table.
func (m *Module) belongs(l *link) error {
	if want := m.keys.check(); want != "" && want != l.check {
		return otherLMK(l.check, want)
	}
	return nil
}

// await waits for the answer to a request.
func (l *link) await(ctx context.Context, r *request) result {
	select {
	case got := <-r.answer:
		return got
	case <-ctx.Done():
		return l.leave(ctx, r)
	}
}

// admit makes a link one that calls may use.
func (m *Module) admit(l *link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.links = append(m.links, l)
	close(m.up)
	m.up = make(chan struct{})
}

// all is the links that calls may use.
func (m *Module) all() []*link {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.links)
}

// drop forgets a link that has ended.
func (m *Module) drop(l *link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, other := range m.links {
		if other == l {
			m.links = append(m.links[:i:i], m.links[i+1:]...)
			return
		}
	}
}

// note keeps why there is no connection.
func (m *Module) note(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.why = err
}

// choose finds the link with the fewest requests; nil if there is none.
func (m *Module) choose() (best *link, why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.links {
		if best == nil || l.load.Load() < best.load.Load() {
			best = l
		}
	}
	return best, m.why
}

// command begins a command: room for the length and the header, then its code.
func (m *Module) command(code string) []byte {
	prefix := wire.LengthSize + m.o.HeaderLen
	return append(make([]byte, prefix, 512), code...)
}

// lmk appends the number of the LMK, if the module's own is not meant. It follows the
// fields of a command, before those that change the header of a key block.
func (m *Module) lmk(command []byte) []byte {
	if m.o.LMK == "" {
		return command
	}
	return append(append(command, '%'), m.o.LMK...)
}

// status is the command NC, ready to be sent.
func (m *Module) status() []byte {
	command := m.lmk(m.command("NC"))
	wire.PutLength(command)
	return command
}

// exchange sends a command that is whole but for its length, and waits for the answer. A
// link that ends before it has taken the command is followed by the next one; one that
// ends later is not, since the command may have been done. The command is wiped.
func (m *Module) exchange(ctx context.Context, command []byte) result {
	at := wire.LengthSize + m.o.HeaderLen
	sent := false
	defer func() {
		if !sent { // otherwise the link wipes it
			clear(command)
		}
	}()
	r := &request{command: string(command[at : at+wire.CommandLen]), frame: command, answer: make(chan result, 1)}
	if len(command)-wire.LengthSize > m.o.FrameMax || !wire.PutLength(command) {
		return result{err: fmt.Errorf("%w: the command has %d bytes, and %d are taken", hsm.ErrBlock, len(command)-wire.LengthSize, m.o.FrameMax)}
	}
	if ctx.Err() != nil {
		return result{err: &hsm.Fault{Kind: hsm.ErrTimeout, Cause: context.Cause(ctx)}}
	}
	full := false
	for range 2 * m.o.Conns {
		l, why := m.choose()
		if l == nil {
			return result{err: &hsm.Fault{Kind: hsm.ErrDown, Cause: bare(why)}}
		}
		err := l.submit(r)
		if sent = err == nil; sent {
			return l.await(ctx, r)
		}
		// Others have chosen the same link at the same time, or it has just ended.
		if full = err == errFull; !full {
			m.drop(l)
		}
	}
	if full {
		return result{err: down("%d requests are under way on each of the connections", m.o.OpenMax)}
	}
	return result{err: down("all connections have ended")}
}

// status is the answer to NC.
type status struct {
	check    string // of the LMK
	firmware string
}

// firmwareMax is the longest firmware number, in characters. Those that are known have 9;
// a longer one is no reason not to work.
const firmwareMax = 32

// simulated is in the firmware number of the simulator, which production must not use.
const simulated = "SIM"

func readStatus(got result) (status, error) {
	if err := got.fault(nil); err != nil {
		return status{}, err
	}
	f := wire.Take(got.body)
	s := status{check: string(f.Hex(16))}
	s.firmware = string(f.Text(min(f.Left(), firmwareMax)))
	if !f.Done() || s.firmware == "" {
		return status{}, got.malformed("NC")
	}
	return s, nil
}

// Health asks NC on one of the connections.
func (m *Module) Health(ctx context.Context) (hsm.Health, error) {
	s, err := readStatus(m.exchange(ctx, m.lmk(m.command("NC"))))
	if err != nil {
		return hsm.Health{}, err
	}
	return hsm.Health{
		Driver: "payshield", Detail: fmt.Sprintf("LMK check value %s, firmware %s", s.check, s.firmware),
		Production: !strings.Contains(s.firmware, simulated),
	}, nil
}

// Echo has the module send a text of up to 1000 printable characters back.
func (m *Module) Echo(ctx context.Context, text string) error {
	if len(text) > 1000 {
		return fmt.Errorf("%w: a text of %d characters", hsm.ErrBlock, len(text))
	}
	// B2 takes no number of an LMK.
	got := m.exchange(ctx, append(wire.AppendNumber(m.command("B2"), len(text), 4, 16), text...))
	if err := got.fault(nil); err != nil {
		return err
	}
	if string(got.body) != text {
		return got.malformed("B2")
	}
	return nil
}
