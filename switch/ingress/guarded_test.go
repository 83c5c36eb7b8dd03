package ingress

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
	"switchd/hsm"
	"switchd/hsm/soft"
	"switchd/session"
	"switchd/session/gnetio"
	"switchd/switch/engine"
	"switchd/switch/guard"
	guard8583 "switchd/switch/guard/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
	"switchd/switch/vault"
)

// failing is a module that can be told to fail.
type failing struct {
	hsm.Module
	down atomic.Bool
}

func (f *failing) VerifyMAC(ctx context.Context, m hsm.MACInput, code []byte) error {
	if f.down.Load() {
		return &hsm.Fault{Kind: hsm.ErrDown}
	}
	return f.Module.VerifyMAC(ctx, m, code)
}

// prompt is one that does so where the link's loop is.
type prompt struct{ *failing }

func (prompt) Prompt(hsm.Op) bool { return true }

// bothWays runs a test with a module that the pool's workers ask, and with one that the
// link's loop asks itself: nobody outside may see a difference.
func bothWays(t *testing.T, test func(t *testing.T, open func(gnetio.Wire, []byte) *guardedRig)) {
	for name, quick := range map[string]bool{"workers": false, "loop": true} {
		t.Run(name, func(t *testing.T) {
			test(t, func(wire gnetio.Wire, header []byte) *guardedRig {
				return newGuarded(t, wire, header, func(f *failing) hsm.Module {
					if quick {
						return prompt{f}
					}
					return f
				})
			})
		})
	}
}

// guardedRig is a rig whose participant has codes and PINs.
type guardedRig struct {
	*rig
	module *failing
	vault  *vault.Vault
	bank   guard.Guard // the participant's side
}

// newGuarded has a pool over a module by the one that fails when it is told to; nil:
// nobody asks it.
func newGuarded(t *testing.T, wire gnetio.Wire, header []byte, by func(*failing) hsm.Module) *guardedRig {
	t.Helper()
	m, err := soft.New(soft.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	zak := hsm.New{As: "banka/zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.NotExportable}
	if _, err := m.Generate(t.Context(), zak); err != nil {
		t.Fatal(err)
	}
	spec, err := iso8583.Builtin("iso87-npci")
	if err != nil {
		t.Fatal(err)
	}
	scheme, err := guard8583.New(guard8583.Options{Spec: spec, MAC: guard8583.MAC{Key: zak.As, Algorithm: hsm.AESCMAC, Size: 8}})
	if err != nil {
		t.Fatal(err)
	}
	g := &guardedRig{module: &failing{Module: m}, vault: vault.New(vault.Options{Clock: clock}), bank: scheme.Open()}
	asked := by(g.module)
	pool, err := hsm.NewPool(hsm.Options{Module: cmp.Or(asked, hsm.Module(g.module)), Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if asked != nil {
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- pool.Run(ctx) }()
		t.Cleanup(func() {
			stop()
			<-ended
		})
	}
	p := Participant{Wire: wire, Guard: scheme, GuardFault: payment.CryptoMAC, Zone: guard.Zone{Key: "banka/zpk", Format: hsm.ISO0}}
	g.rig = newRigOf(t, 100, p, func(o *Options) { o.Security = Security{Pool: pool, Vault: g.vault, PINs: g.vault.Take} })
	g.header = header
	g.send(g.message(0x0800, network("001"))) // has no code, and needs no module
	g.want(0x0810, "00", "")
	g.expect(payment.LinkUp)
	return g
}

// coded is a message with its code.
func (g *guardedRig) coded(mti iso8583.MTI, f map[int]string) []byte {
	g.t.Helper()
	b, err := g.bank.Protect(g.t.Context(), g.module.Module, nil, g.message(mti, f), nil)
	if err != nil {
		g.t.Fatal(err)
	}
	return b
}

// wants is want for an answer that must have its code.
func (g *guardedRig) wants(mti iso8583.MTI, code string) {
	g.t.Helper()
	body := bytes.Clone(g.frame().Body)
	if _, err := g.bank.Check(g.t.Context(), g.module.Module, body); err != nil {
		g.t.Errorf("the answer is not proven: %v", err)
	}
	var m iso8583.Message
	if err := m.Parse(g.spec, body); err != nil {
		g.t.Fatal(err)
	}
	if m.MTI() != mti || string(m.Value(39)) != code {
		g.t.Errorf("%v DE39 %s, want %v %s", m.MTI(), m.Value(39), mti, code)
	}
}

// forged changes the last bit of a code.
func forged(b []byte) []byte {
	b[len(b)-1] ^= 1
	return b
}

// TestGuardedLink: what has a good code is read, in order; a request without one is
// told 63 and its proven repeat is declined too, and an answer without one is nothing.
func TestGuardedLink(t *testing.T) { bothWays(t, guardedLink) }

func guardedLink(t *testing.T, open func(gnetio.Wire, []byte) *guardedRig) {
	g := open(gnetio.Wire{}, nil)
	g.send(g.coded(0x0200, pushTo("000001")), forged(g.coded(0x0200, pushTo("000002"))), g.message(0x0200, pushTo("000003")), g.coded(0x0200, pushTo("000004")))
	g.expect(payment.RequestArrived)
	g.expect(payment.RequestArrived)
	if stan := g.engine.last().Request.Key.STAN; stan != 4 {
		t.Errorf("the last request is %d", stan)
	}
	g.wants(0x0210, "63")
	g.wants(0x0210, "63")

	// Its sender may have told its customer no.
	g.send(g.coded(0x0201, pushTo("000002")))
	g.expect(payment.RequestArrived)
	if r := g.engine.last().Request; !r.Repeat || r.Refuse != payment.Busy {
		t.Errorf("a repeat of what was told 63: %+v", r)
	}

	ref := translate.Reference(2, payment.LegDebit)
	answer := map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}
	g.send(forged(g.coded(0x0210, answer)), g.message(0x0210, answer), g.coded(0x0210, answer))
	g.expect(payment.AnswerArrived)
	g.send(g.coded(0x0200, pushTo("000005")))
	g.expect(payment.RequestArrived) // and no second answer before it

	if n := g.counted("switchd_messages_unproven_total", "BANKA", "wrong"); n != 4 {
		t.Errorf("%v messages are counted as wrong", n)
	}
}

// TestGuardedEnquiry: one without a code must not be told anything that could be taken
// for how its payment has ended.
func TestGuardedEnquiry(t *testing.T) { bothWays(t, guardedEnquiry) }

func guardedEnquiry(t *testing.T, open func(gnetio.Wire, []byte) *guardedRig) {
	g := open(gnetio.Wire{}, nil)
	enquiry := pushTo("000001")
	delete(enquiry, 4)
	enquiry[3], enquiry[11], enquiry[90] = "380000", "000009", "020000000111221530000000010000100000999999"
	g.send(forged(g.coded(0x0100, enquiry)))
	g.wants(0x0110, translate.ResultOf(payment.Pending).Code)
}

// TestGuardedLinkWithoutModule: nothing is paid that nobody could check.
func TestGuardedLinkWithoutModule(t *testing.T) { bothWays(t, guardedLinkWithoutModule) }

func guardedLinkWithoutModule(t *testing.T, open func(gnetio.Wire, []byte) *guardedRig) {
	g := open(gnetio.Wire{}, nil)
	g.module.down.Store(true)
	ref := translate.Reference(2, payment.LegDebit)
	g.send(g.coded(0x0200, pushTo("000001")), g.coded(0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}), g.coded(0x0201, pushTo("000001")))
	g.wants(0x0210, "96")
	g.module.down.Store(false)
	g.send(g.coded(0x0200, pushTo("000002")))
	g.expect(payment.RequestArrived)
	if r := g.engine.last().Request; r.Key.STAN != 2 {
		t.Errorf("it was %+v", r)
	}
	if n := g.counted("switchd_messages_unproven_total", "BANKA", "down"); n != 3 {
		t.Errorf("%v messages are counted as not checked", n)
	}
}

// TestPINGoesToTheVault: the event has a token, and nothing of the block.
func TestPINGoesToTheVault(t *testing.T) { bothWays(t, pINGoesToTheVault) }

func pINGoesToTheVault(t *testing.T, open func(gnetio.Wire, []byte) *guardedRig) {
	g := open(gnetio.Wire{}, nil)
	f := pushTo("000001")
	f[52] = "\x23\x0B\x4C\x43\xB8\xBA\x2C\x5C"
	g.send(g.coded(0x0200, f))
	g.expect(payment.RequestArrived)
	ev := g.engine.last()
	if record := payment.AppendEvent(nil, &ev); bytes.Contains(record, []byte(f[52])) {
		t.Error("the block is in the event")
	}
	pin, ok := g.vault.Take(ev.Text.Get(payment.PINToken))
	if !ok || string(pin.Block.Reveal()) != f[52] || string(pin.Account.Reveal()) != "0001000010001" || pin.Zone.Key != "banka/zpk" {
		t.Errorf("%v: block %x, account %s, zone %v", ok, pin.Block.Reveal(), pin.Account.Reveal(), pin.Zone)
	}
	f = pushTo("000002")
	f[52], f[102] = "\x23\x0B\x4C\x43\xB8\xBA\x2C\x5C", "AB0010001"
	g.send(g.coded(0x0200, f))
	g.expect(payment.RequestArrived)
	if ev := g.engine.last(); ev.Request.Refuse != payment.PINBlock || ev.Text.Has(payment.PINToken) || g.vault.Len() != 0 {
		t.Errorf("an account with letters: refused as %v, %d blocks", ev.Request.Refuse, g.vault.Len())
	}
	g.send(g.coded(0x0200, pushTo("000003")))
	g.expect(payment.RequestArrived)
	if ev := g.engine.last(); ev.Text.Has(payment.PINToken) || ev.Request.Refuse != payment.NoOutcome {
		t.Errorf("without a PIN: %+v", ev.Request)
	}
}

// TestGuardedAnswersGoBack: two that share a link hear each its own refusal, though both
// were read before either was checked.
func TestGuardedAnswersGoBack(t *testing.T) { bothWays(t, guardedAnswersGoBack) }

func guardedAnswersGoBack(t *testing.T, open func(gnetio.Wire, []byte) *guardedRig) {
	f, err := frame.Parse("NAC")
	if err != nil {
		t.Fatal(err)
	}
	g := open(gnetio.Wire{Framing: f, Header: []byte("\x60\x00\x00\x00\x00")}, []byte("\x60\x11\x11\x22\x22"))
	var burst []byte
	headers := []string{"\x60\x11\x11\xAA\xAA", "\x60\x11\x11\xBB\xBB", "\x60\x11\x11\xCC\xCC"}
	for i, message := range [][]byte{
		forged(g.coded(0x0200, pushTo("000001"))), g.message(0x0800, network("301")), forged(g.coded(0x0200, pushTo("000002"))),
	} {
		start := len(burst)
		burst, _ = g.wire.Framing.BeginHeader(burst, []byte(headers[i]))
		burst, _ = g.wire.Framing.End(append(burst, message...), start, g.wire.Limits)
	}
	if _, err := g.conn.Write(burst); err != nil {
		t.Fatal(err)
	}
	for i, want := range headers {
		if got := g.frame().Header; !bytes.Equal(got, f.AppendReply(nil, []byte(want))) {
			t.Errorf("answer %d goes to %x, want the answer to %x", i, got, want)
		}
	}
}

// guardedLink is a link without a server, whose messages come as checked.
func (r *bench) guardedLink() *link {
	r.t.Helper()
	all := r.in.table.Load().participants
	all[""] = all["BANKA"] // as a link without a server calls its participant
	l, st, p := new(gnetio.Link), r.in.standing["BANKA"], all["BANKA"].Participant
	s := &link{Link: l, Participant: p, number: p.Dialect.Participant(), interpreter: p.Dialect.Open(), standing: st, automaton: st.shared.Open(r.now), table: r.in.table.Load(), in: &incoming{}}
	l.SetState(s)
	return s
}

// TestSignOnOfALinkThatIsGone: what was checked when its link had ended counts, but no
// message goes there.
func TestSignOnOfALinkThatIsGone(t *testing.T) {
	r := newBench(t, Limits{})
	s := r.guardedLink()
	for _, m := range [][]byte{r.message(0x0800, network("001")), r.message(0x0200, pushTo("000001"))} {
		s.in.checked = append(s.in.checked, guard.Checked{Received: guard.Received{At: r.now}, Message: m})
	}
	r.in.LinkDown(s.Link, "gone")
	if n := r.links.count(); n != 0 || r.engine.kinds[payment.LinkUp] != 0 {
		t.Errorf("%d links are attached, %d told", n, r.engine.kinds[payment.LinkUp])
	}
	if n := r.engine.kinds[payment.RequestArrived]; n != 1 {
		t.Errorf("%d requests have gone on", n)
	}
}

// TestNetworkManagementNeedsNoModule: a link signs on, is looked after and signs off while
// the module does nothing at all.
func TestNetworkManagementNeedsNoModule(t *testing.T) {
	g := newGuarded(t, gnetio.Wire{}, nil, func(*failing) hsm.Module { return nil })
	g.send(g.message(0x0800, network("301")), g.message(0x0800, network("002")))
	g.want(0x0810, "00", "")
	g.want(0x0810, "00", "")
	g.expect(payment.LinkDown)
}

// TestStaleRequest: one that was checked too late is not paid, nor its repeat; an answer
// counts however late it is.
func TestStaleRequest(t *testing.T) {
	r := newBench(t, Limits{})
	s := r.guardedLink()
	s.automaton.Request(r.now, session.CodeSignOn)
	ref := translate.Reference(2, payment.LegDebit)
	old := guard.Received{At: r.now - guard.StaleAfter - 1}
	s.in.checked = []guard.Checked{
		{Received: old, Message: r.message(0x0200, pushTo("000001"))},
		{Received: old, Message: r.message(0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"})},
		{Received: guard.Received{At: r.now - guard.StaleAfter}, Message: r.message(0x0200, pushTo("000002"))},
	}
	r.in.checked(s)
	r.in.submit(s)
	if got := r.engine.kinds; got[payment.RequestArrived] != 1 || got[payment.AnswerArrived] != 1 {
		t.Errorf("%v", got)
	}
	if n := r.counted("switchd_messages_unproven_total", "", "down"); n != 1 {
		t.Errorf("%v are counted as not checked", n)
	}
}

// TestForgedAreBounded: above a rate, what is provably not its sender's is not answered;
// what the module could not check is told so.
func TestForgedAreBounded(t *testing.T) {
	r := newBench(t, Limits{})
	s := r.link("BANKA")
	answers := func(why error) (n int) {
		for i := range 300 {
			s.answers = s.answers[:0]
			r.in.unproven(s, r.message(0x0100, map[int]string{3: "310000", 7: "1122153000", 11: fmt.Sprintf("%06d", i)}), why)
			if len(s.answers) > 0 {
				n++
			}
		}
		return n
	}
	if n := answers(hsm.ErrVerify); n != defaultAsking.Burst {
		t.Errorf("%d of 300 forged messages are answered, want %d", n, defaultAsking.Burst)
	}
	if n := answers(&hsm.Fault{Kind: hsm.ErrDown}); n != 300 {
		t.Errorf("%d of 300 that nobody could check are answered", n)
	}
	if n := r.limited("BANKA", classUnproven, causeRate); n != 100 {
		t.Errorf("%v are counted", n)
	}
}

// heldPINs is a vault that tells what is dropped, and how often it was asked.
type heldPINs struct {
	asked   int
	full    error
	dropped []string
}

func (h *heldPINs) Put(guard.PIN) (token [32]byte, err error) {
	h.asked++
	return token, h.full
}
func (h *heldPINs) Drop(token []byte) { h.dropped = append(h.dropped, string(token)) }

// TestShedWipesPINs: the PIN block of a request that finds no room is wiped, and nothing
// by what another message has in its place.
func TestShedWipesPINs(t *testing.T) {
	r := newBench(t, Limits{})
	s, held := r.guardedLink(), &heldPINs{}
	r.in.o.Security.Vault = held
	r.engine.full = engine.ErrBusy
	events := []payment.Event{{Kind: payment.AnswerArrived}, {Kind: payment.RequestArrived}}
	events[1].Request.Repeat = true
	for i, token := range []string{"answer", "request"} {
		events[i].Text.Set(payment.PINToken, []byte(token))
	}
	r.in.shed(s, events, engine.ErrBusy)
	if !slices.Equal(held.dropped, []string{"request"}) {
		t.Errorf("wiped: %q", held.dropped)
	}
}

// TestPINIsNotKept: no PIN block is kept of a request that is declined, or of a
// participant without PINs; one that finds no room declines its request.
func TestPINIsNotKept(t *testing.T) {
	r := newBench(t, Limits{})
	s := r.guardedLink()
	for _, c := range []struct {
		key           hsm.KeyRef
		refused, want payment.Outcome
		asked         int
	}{
		{"zpk", payment.Busy, payment.Busy, 0},
		{"", payment.NoOutcome, payment.NoOutcome, 0},
		{"zpk", payment.NoOutcome, payment.HSMDown, 1},
	} {
		held := &heldPINs{full: errors.New("full")}
		r.in.o.Security.Vault, s.Zone.Key = held, c.key
		var ev payment.Event
		ev.Text.Set(payment.PayerAccount, []byte("0001000010001"))
		ev.Request.Refuse = c.refused
		r.in.keepPIN(s, &ev, hsm.NewSecret([]byte("\x23\x0B\x4C\x43\xB8\xBA\x2C\x5C")))
		if held.asked != c.asked || ev.Request.Refuse != c.want || ev.Text.Has(payment.PINToken) {
			t.Errorf("%+v: kept %d times, refused as %v", c, held.asked, ev.Request.Refuse)
		}
	}
}

// TestUncheckedAnswersGoBack: who hears that there is no room to check is the one who
// asked, and nobody else after it; an unproven repeat hears nothing.
func TestUncheckedAnswersGoBack(t *testing.T) {
	r := newBench(t, Limits{})
	s := r.guardedLink()
	s.out = new(guard.Outbound)
	pool, err := hsm.NewPool(hsm.Options{Module: &failing{}, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	s.in.check = guard.NewInbound(guard.InboundOptions{Pool: pool, Budget: new(guard.Budget)}) // which has no room
	for i, mti := range []iso8583.MTI{0x0200, 0x0201} {
		s.in.received = append(s.in.received, guard.Received{Body: r.message(mti, pushTo(fmt.Sprintf("%06d", i))), Header: []byte{byte('a' + i)}, At: r.now})
	}
	r.in.checked(s)
	if len(s.ends) != 1 || string(s.ends[0].Header) != "a" || s.reply != nil {
		t.Errorf("%d answers, %+v; then %q", len(s.ends), s.ends, s.reply)
	}
}
