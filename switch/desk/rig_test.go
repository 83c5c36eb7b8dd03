package desk

import (
	"context"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	codec20022 "switchd/codec/iso20022"
	codec8583 "switchd/codec/iso8583"
	"switchd/session/gnetio"
	"switchd/switch/access"
	"switchd/switch/config"
	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/state"
	"switchd/switch/translate"
	message20022 "switchd/switch/translate/iso20022"
	message8583 "switchd/switch/translate/iso8583"
	"switchd/switch/view"
)

// patience is for what must happen; no test waits as long when all is well.
const patience = 90 * time.Second

// Texts that nobody may see as they are: each is found nowhere else.
const (
	payerAccount = "4929555500001234567"
	payeeAccount = "7708999900007654321"
	payerName    = "Canarina Zweistein"
	payeeName    = "Quirinus Oberhuber"
	payerVPA     = "canarinavpa@banka"
	note         = "for the xylophone lessons"
	pinToken     = "0123456789abcdef0123456789abcdef"
)

// rig is a desk on a real engine, whose clock the test sets.
type rig struct {
	*Desk
	t      *testing.T
	engine *engine.Engine
	sent   chan payment.Leg
	links  *fakeLinks
	watch  *watcher
	fs     *vfs.MemFS

	mu  sync.Mutex // guards now
	now int64
}

// fakeLinks are links that nobody has.
type fakeLinks struct {
	mu        sync.Mutex // guards all
	all       []gnetio.LinkInfo
	dismissed []uint64
}

func (l *fakeLinks) Links() []gnetio.LinkInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

func (l *fakeLinks) Dismiss(id uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dismissed = append(l.dismissed, id)
	return slices.ContainsFunc(l.all, func(i gnetio.LinkInfo) bool { return i.ID == id })
}

func (l *fakeLinks) Usage() gnetio.Usage { return gnetio.Usage{Links: len(l.all), LinksMax: 10} }

// Encode tells the test what is sent.
func (r *rig) Encode(ef *payment.Effect) { r.sent <- ef.Leg }

// Release is nothing.
func (r *rig) Release() {}

func (r *rig) clock() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// pass lets time go by.
func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now += int64(d)
}

// rigIDs are the participants: ISO 8583 and ISO 20022.
var rigIDs = []string{"BANKA", "BANKB"}

func newRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	return rigOn(t, vfs.NewCrashableMem(), change...)
}

// killed is the switch as it comes up after a kill: with what was on the disk, and nothing
// else.
func (r *rig) killed(change ...func(*Options)) *rig {
	r.t.Helper()
	return rigOn(r.t, r.fs.CrashClone(vfs.CrashCloneCfg{}), change...)
}

func rigOn(t *testing.T, fs *vfs.MemFS, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, fs: fs, sent: make(chan payment.Leg, 100), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano()}
	r.links = &fakeLinks{all: []gnetio.LinkInfo{{ID: 7, Participant: "BANKA", Standing: "signed on", Remote: netip.MustParseAddrPort("10.0.0.1:5000").String()}}}
	keys, err := seal.New([32]byte{1}, seal.Key{ID: 1, Secret: [32]byte{2}})
	if err != nil {
		t.Fatal(err)
	}
	log, err := journal.OpenPebble("journal", journal.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := state.Open("state", state.Options{FS: fs, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	machine, cfg := payment.Config{Currency: 356, OpenMax: 1000}, &config.Config{Currency: "INR"}
	for i, id := range rigIDs {
		p := payment.Profile{
			ID: id, Institution: "10000" + string('1'+rune(i)), Handles: []string{strings.ToLower(id)}, IFSCPrefixes: []string{"BNK" + id[4:]}, NetDebitCap: 1 << 40,
			Match: payment.Match{Reference: true},
			Timers: payment.Timers{
				Total: time.Hour, Resolve: time.Minute, Debit: time.Minute, Credit: time.Minute, CreditUnknown: time.Hour,
				Reversal: time.Minute, BackoffMin: time.Minute, BackoffMax: time.Hour, GiveUp: 48 * time.Hour,
			},
		}
		machine.Participants = append(machine.Participants, p)
		cfg.Participants = append(cfg.Participants, config.Participant{ID: id, Institution: p.Institution, Dialect: "iso87-ascii", PSP: true, Bank: true})
	}
	r.engine, err = engine.Open(engine.Options{Log: log, State: rows, Keys: keys, Config: machine, Clock: r.clock, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Engine: r.engine, Rows: rows, Records: log, Keys: keys, Links: r.links, Clock: r.clock, Log: slog.New(slog.DiscardHandler),
		Force:   func() Force { return Force{Config: cfg} },
		Query:   func(url.Values) (state.Query, error) { return state.Query{}, nil },
		Dialect: rigDialects(t), Secured: true, TwoPerson: true,
	}
	for _, f := range change {
		f(&o)
	}
	if r.Desk, err = New(o); err != nil {
		t.Fatal(err)
	}
	r.watch = newWatcher(r.Desk)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.engine.Run(ctx, r) }()
	<-r.engine.Ready()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	r.submit(payment.Event{Kind: payment.LinkUp, From: 0}, payment.Event{Kind: payment.LinkUp, From: 1})
	return r
}

// profiles changes what the machine knows of all participants.
func (r *rig) profiles(change func(*payment.Profile)) {
	r.t.Helper()
	c := *r.engine.Config()
	c.Participants = slices.Clone(c.Participants)
	for i := range c.Participants {
		change(&c.Participants[i])
	}
	if _, err := r.engine.Reconfigure(context.Background(), c, engine.Author{Reason: "a test", Operator: "test"}); err != nil {
		r.t.Fatal(err)
	}
}

// late lets time go by, and has the sequencer look at the clock.
func (r *rig) late(d time.Duration) {
	r.t.Helper()
	r.pass(d)
	r.submit(payment.Event{Kind: payment.LinkUp, From: 1})
}

// rigDialects are BANKA's, of ISO 8583, and BANKB's, of ISO 20022.
func rigDialects(t *testing.T) func(route.Participant) translate.Dialect {
	t.Helper()
	directory := &translate.Directory{Institution: "999999", Currency: 356, CurrencyCode: "INR", Decimals: 2, Institutions: []string{"100001", "100002"}}
	spec, err := codec8583.Builtin("iso87-ascii")
	if err != nil {
		t.Fatal(err)
	}
	profile, err := codec20022.Builtin("ips-base")
	if err != nil {
		t.Fatal(err)
	}
	a, err := (&message8583.Dialect{Spec: spec, Directory: directory, Number: 0}).With(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := message20022.New(profile, directory, 1)
	if err != nil {
		t.Fatal(err)
	}
	all := []translate.Dialect{a, b}
	return func(n route.Participant) translate.Dialect { return all[n] }
}

func (r *rig) submit(events ...payment.Event) {
	r.t.Helper()
	if n, err := r.engine.Submit(events); n != len(events) {
		r.t.Fatalf("took %d of %d: %v", n, len(events), err)
	}
}

// expect waits until a message leaves.
func (r *rig) expect(want payment.Leg) {
	r.t.Helper()
	select {
	case got := <-r.sent:
		if got != want {
			r.t.Fatalf("sent %v, want %v", got, want)
		}
	case <-time.After(patience):
		r.t.Fatalf("no %v", want)
	}
}

// request is a push of BANKA's customer to one of BANKB, with every text there is.
func request(stan uint32) payment.Event {
	e := payment.Event{Kind: payment.RequestArrived, From: 0}
	e.Request = payment.Request{Key: payment.RequestKey{From: 0, STAN: stan, Transmitted: 1123120000, Acquirer: 100001}, Hash: uint64(stan)}
	e.Request.Echo = payment.Echo{Transmitted: 1123120000, STAN: stan, RRN: [12]byte([]byte("432712000001"))}
	e.Request.Amount.Minor, e.Request.Amount.Currency = 12_345, 356
	for f, v := range map[payment.TextField]string{
		payment.PayerAccount: payerAccount, payment.PayeeAccount: payeeAccount, payment.PayerVPA: payerVPA, payment.PayeeIFSC: "BNKB0000001",
		payment.PayerName: payerName, payment.PayeeName: payeeName, payment.Note: note, payment.EndToEndID: "E2E-1", payment.PINToken: pinToken,
	} {
		e.Text.Set(f, []byte(v))
	}
	return e
}

// answer is one of a participant to a leg.
func answer(from route.Participant, id payment.ID, leg payment.Leg, o payment.Outcome, code string) payment.Event {
	return payment.Event{Kind: payment.AnswerArrived, From: from, Answer: payment.Answer{Payment: id, Leg: leg, Minor: payment.AmountNotStated, Outcome: o, Code: payment.CodeOf(code)}}
}

// open begins a payment and gives its number: its debit has left.
func (r *rig) open(stan uint32) payment.ID {
	r.t.Helper()
	r.submit(request(stan))
	r.expect(payment.LegDebit)
	id := payment.ID(0)
	r.inspect(func(m *payment.Machine) {
		m.OpenPayments(func(p *payment.Payment) {
			if p.Key.STAN == stan {
				id = p.ID
			}
		})
	})
	return id
}

func (r *rig) inspect(f func(*payment.Machine)) {
	r.t.Helper()
	if err := r.engine.Inspect(context.Background(), f); err != nil {
		r.t.Fatal(err)
	}
}

// settle returns when all that was submitted has taken effect.
func (r *rig) settle() {
	r.t.Helper()
	if err := r.Note("backup", "a test", "a test", "test"); err != nil {
		r.t.Fatal(err)
	}
}

// pay makes a payment that both banks take.
func (r *rig) pay(stan uint32) payment.ID {
	r.t.Helper()
	id := r.open(stan)
	r.pass(3 * time.Millisecond)
	r.submit(answer(0, id, payment.LegDebit, payment.OK, "00"))
	r.expect(payment.LegCredit)
	r.pass(5 * time.Millisecond)
	r.submit(answer(1, id, payment.LegCredit, payment.OK, "ACSC"))
	r.expect(payment.LegRequest)
	return id
}

// Callers of all roles.
var (
	viewer  = access.Caller{Name: "vera", Roles: access.Viewer, Secured: true}
	omar    = access.Caller{Name: "omar", Roles: access.Operator, Secured: true}
	olga    = access.Caller{Name: "olga", Roles: access.Operator, Secured: true}
	sam     = access.Caller{Name: "sam", Roles: access.SecurityOfficer, Secured: true}
	sara    = access.Caller{Name: "sara", Roles: access.SecurityOfficer, Secured: true}
	auditor = access.Caller{Name: "ada", Roles: access.Auditor, Secured: true}
)

// timeline is that of a payment for a caller.
func (r *rig) timeline(c access.Caller, id payment.ID) view.Timeline {
	r.t.Helper()
	sw := translate.SwitchID(id)
	v, err := r.Timeline(context.Background(), c, string(sw[:]))
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}
