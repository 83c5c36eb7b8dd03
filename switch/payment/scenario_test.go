package payment

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"switchd/ledger"
	"switchd/switch/route"
)

const scenarioDir = "../../testdata/payment"

// TestScenarios plays the texts under testdata/payment. After each event it
// checks the books against the rows, and that a machine restored from the rows
// is the same machine. It fails if a transition of the table is in no text.
func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	files, err := filepath.Glob(scenarioDir + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenario texts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			s := newScenario(t, seen)
			datadriven.RunTest(t, file, s.run)
		})
	}
	for from, row := range transitions {
		for cause, to := range row {
			for model := range to {
				if name := moveName(State(from), Cause(cause), to[model]); to[model] != StateNone && !seen[name] {
					t.Errorf("no scenario covers: %s", name)
				}
			}
		}
	}
}

func moveName(from State, cause Cause, to State) string {
	return fmt.Sprintf("%v by %v to %v", from, cause, to)
}

var rewriteTable = flag.Bool("rewrite-table", false, "write testdata/payment/transitions.md anew")

// TestTransitionTableDocument keeps the printed table equal to the code.
func TestTransitionTableDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Transitions of a payment\n\nPrinted from `switch/payment/transition.go` by a test; do not edit. Model A: the switch has the payer's bank\ndebit. Model B: the payer's bank has the money already and gives it back itself.\n\n| state | cause | next, model A | next, model B |\n|---|---|---|---|\n")
	for from := State(0); from < stateCount; from++ {
		for cause := Cause(0); cause < causeCount; cause++ {
			a, okA := Next(from, cause, ModelA)
			to, okB := Next(from, cause, ModelB)
			if okA || okB {
				fmt.Fprintf(&b, "| %v | %v | %s | %s |\n", from, cause, cell(a), cell(to))
			}
		}
	}
	file := scenarioDir + "/transitions.md"
	if *rewriteTable {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || string(have) != b.String() {
		t.Fatalf("%s is not what the code says (%v): go test ./switch/payment -run TransitionTable -rewrite-table", file, err)
	}
}

func cell(s State) string {
	if s == StateNone {
		return "-"
	}
	return s.String()
}

// scenario drives one machine by text commands. Payments are numbered by the
// order of their first requests.
type scenario struct {
	t        *testing.T
	m        *Machine
	store    *memory
	seen     map[string]bool
	now      int64
	seq      uint64
	names    []string
	payments []ID
	keyNo    map[string]int
}

func newScenario(t *testing.T, seen map[string]bool) *scenario {
	store := newMemory()
	return &scenario{t: t, m: New(store), store: store, seen: seen, now: 1_700_000_000_000_000_000, keyNo: map[string]int{}}
}

func (s *scenario) run(t *testing.T, d *datadriven.TestData) string {
	s.t = t
	switch d.Cmd {
	case "config":
		return s.step(&Event{Kind: ConfigChanged, From: route.Nobody, Config: s.config(d)})
	case "up":
		return s.step(&Event{Kind: LinkUp, From: s.participant(d.CmdArgs[0].Key)})
	case "down":
		return s.step(&Event{Kind: LinkDown, From: s.participant(d.CmdArgs[0].Key)})
	case "request":
		return s.request(d)
	case "answer":
		return s.answer(d, AnswerArrived)
	case "not-sent":
		return s.answer(d, SendFailed)
	case "wait": // time goes by and no tick is logged: an answer races its timer
		d, err := time.ParseDuration(strings.TrimPrefix(d.CmdArgs[0].Key, "+"))
		if err != nil {
			t.Fatal(err)
		}
		s.now += int64(d)
		return "nothing\n"
	case "tick":
		return s.tick(d.CmdArgs[0].Key)
	case "enquiry":
		return s.enquiry(d)
	case "command":
		return s.command(d)
	case "load":
		return s.load(d.CmdArgs[0].Key)
	case "restart":
		return s.restart()
	case "positions":
		return s.positions()
	case "exceptions":
		return s.exceptions(d)
	}
	d.Fatalf(t, "unknown command %s", d.Cmd)
	return ""
}

func (s *scenario) config(d *datadriven.TestData) *Config {
	c := &Config{Currency: 356, OpenMax: 100}
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "participants":
			for i, id := range a.Vals {
				p := testProfile(route.Participant(i), id)
				p.Breaker.Off, p.Flow.Off = true, true // in texts that are not about them
				c.Participants = append(c.Participants, p)
			}
			s.names = a.Vals
		case "cap": // of all, or of each
			for i := range c.Participants {
				c.Participants[i].NetDebitCap, _ = strconv.ParseInt(a.Vals[min(i, len(a.Vals)-1)], 10, 64)
			}
		case "amounts": // of a participant: the unit, the largest
			p := &c.Participants[s.participant(a.Vals[0])]
			p.AmountUnit, _ = strconv.ParseInt(a.Vals[1], 10, 64)
			p.AmountMax, _ = strconv.ParseInt(a.Vals[2], 10, 64)
		case "timers": // of a participant, in the order of Timers
			c.Participants[s.participant(a.Vals[0])].Timers = s.timers(a.Vals[1:])
		case "by-trace": // these participants' answers carry no reference
			for _, id := range a.Vals {
				c.Participants[s.participant(id)].Match = Match{Transmitted: true, STAN: true}
			}
		case "limit-all": // amount a day, of whatever is paid to whomever
			n, _ := strconv.ParseInt(a.Vals[0], 10, 64)
			c.Limits = append(c.Limits, Limit{Name: "all", PerDay: n})
		case "limit", "limit-any": // amount, amount a day, payments a day, of persons, for these purposes; of pushes, or of any type
			var n [3]int64
			for i := range n {
				n[i], _ = strconv.ParseInt(a.Vals[i], 10, 64)
			}
			l := Limit{Name: "p2p" + strings.Join(a.Vals[3:], ""), Purposes: a.Vals[3:], Payees: Persons, PerPayment: n[0], PerDay: n[1], CountPerDay: uint32(n[2])}
			if a.Key == "limit" {
				l.Types = []Type{Push}
			}
			c.Limits = append(c.Limits, l)
		case "brown-out":
			c.BrownOut, _ = strconv.ParseInt(a.Vals[0], 10, 64)
		case "open-max":
			c.OpenMax, _ = strconv.Atoi(a.Vals[0])
		case "breakers", "flows", "requests":
			bound(c, a)
		default:
			s.abilities(c, a)
		}
	}
	return c
}

// bound sets what bounds the work of all participants: breakers=(in a row, window,
// percent, open for, closes), flows=(least, most), requests=number.
func bound(c *Config, a datadriven.CmdArg) {
	number := func(i int) int {
		n, _ := strconv.Atoi(a.Vals[i])
		return n
	}
	for i := range c.Participants {
		p := &c.Participants[i]
		switch a.Key {
		case "breakers":
			openFor, _ := time.ParseDuration(a.Vals[3])
			p.Breaker = Breaker{InRow: uint8(number(0)), Window: uint8(number(1)), Percent: uint8(number(2)), OpenFor: openFor, Closes: uint8(number(4))}
		case "flows":
			p.Flow = Flow{Min: int32(number(0)), Max: int32(number(1))}
		case "requests":
			p.InFlight = number(0)
		}
	}
}

// abilities are keys of the form ability=(BANKA,BANKB).
func (s *scenario) abilities(c *Config, a datadriven.CmdArg) {
	for _, id := range a.Vals {
		if a.Key == "dollars" { // a cap in a second currency, for all
			for i := range c.Participants {
				minor, _ := strconv.ParseInt(id, 10, 64)
				c.Participants[i].Caps = []ledger.Amount{{Minor: minor, Currency: 840}}
			}
			continue
		}
		p := &c.Participants[s.participant(id)]
		switch a.Key {
		case "no-dollars":
			p.Caps = nil
		case "on-confirm":
			p.Posting = PostOnConfirm
		case "unlisted": // no longer configured
			*p = p.Unlisted()
		case "refused-is-unclear":
			p.AmbiguousDebit, p.AmbiguousCredit = append(p.AmbiguousDebit, CodeOf("05")), append(p.AmbiguousCredit, CodeOf("05"))
		case "short-doubt":
			p.Timers.CreditUnknown = 100 * time.Second
		case "impatient":
			p.Timers.GiveUp = time.Hour
		case "checks":
			p.Checks = true
		case "binding":
			p.Checks, p.Binding = true, true
		case "receipts":
			p.Receipts = true
		case "updates":
			p.Updates = true
		case "repeat-safe":
			p.RepeatSafe = true
		case "canary":
			p.Canary = true
		case "breaker":
			p.Breaker = Breaker{}
		case "one-request":
			p.InFlight = 1
		case "one-in-flight":
			p.Flow = Flow{Min: 1, Max: 1}
		case "rupees": // of 100 paise, up to 500
			p.AmountUnit, p.AmountMax = 100, 50_000
		case "psp-only":
			p.NotBank, p.IFSCPrefixes = true, nil
		case "bank-only":
			p.NotPSP, p.Handles = true, nil
		case "reach": // BIC BNKxINBB, cards 40000x, accounts x...
			x := string('0' + byte(p.Number))
			p.BIC, p.BINs, p.Accounts = "BNK"+id[len(id)-1:]+"INBB", []route.Range{{Low: "40000" + x, High: "40000" + x}}, []route.Range{{Low: x, High: x}}
		default:
			s.t.Fatalf("unknown configuration key %s", a.Key)
		}
	}
}

func (s *scenario) timers(values []string) (t Timers) {
	for i, d := range [...]*time.Duration{&t.Total, &t.Resolve, &t.Debit, &t.Credit, &t.CreditUnknown, &t.Reversal, &t.BackoffMin, &t.BackoffMax, &t.GiveUp} {
		*d = s.duration(values[i])
	}
	return t
}

func testProfile(n route.Participant, id string) Profile {
	return Profile{
		Number: n, ID: id, Institution: strconv.Itoa(100001 + int(n)),
		Handles: []string{strings.ToLower(id)}, IFSCPrefixes: []string{"BNK" + id[len(id)-1:]},
		NetDebitCap:     1_000_000,
		AmbiguousDebit:  []Code{CodeOf("09"), CodeOf("68"), CodeOf("91"), CodeOf("96")},
		AmbiguousCredit: []Code{CodeOf("09"), CodeOf("68")},
		Timers: Timers{
			Total: 45 * time.Second, Resolve: 10 * time.Second, Debit: 15 * time.Second, Credit: 15 * time.Second,
			CreditUnknown: 600 * time.Second, Reversal: 10 * time.Second,
			BackoffMin: 10 * time.Second, BackoffMax: 15 * time.Minute, GiveUp: 48 * time.Hour,
		},
	}
}

func (s *scenario) participant(id string) route.Participant {
	for i, name := range s.names {
		if name == id {
			return route.Participant(i)
		}
	}
	s.t.Fatalf("unknown participant %s", id)
	return 0
}

func (s *scenario) request(d *datadriven.TestData) string {
	e := &Event{Kind: RequestArrived, From: s.participant(d.CmdArgs[0].Key)}
	e.Request.Amount.Currency = 356
	e.Request.Key = RequestKey{From: e.From, Transmitted: 1114221320, Acquirer: 100001}
	e.Text.Set(PayerAccount, []byte("payer-account"))
	for _, a := range d.CmdArgs[1:] {
		v := []byte(a.Vals[0])
		n, _ := strconv.ParseInt(a.Vals[0], 10, 64)
		switch a.Key {
		case "stan":
			e.Request.Key.STAN = uint32(n)
		case "amount":
			e.Request.Amount.Minor, e.Request.Hash = n, uint64(n)
		case "to":
			e.Text.Set(PayeeVPA, v)
		case "account":
			e.Text.Set(PayeeAccount, v)
		case "ifsc":
			e.Text.Set(PayeeIFSC, v)
		case "from-ifsc":
			e.Text.Set(PayerIFSC, v)
		case "closing":
			e.Request.Refuse = Closing
		case "currency":
			e.Request.Amount.Currency = 840
		default:
			s.requestPart(e, a.Key, a.Vals[0])
		}
	}
	key := fmt.Sprint(e.Request.Key)
	if _, known := s.keyNo[key]; !known {
		s.keyNo[key] = len(s.payments)
		s.payments = append(s.payments, ID(s.seq+1))
	}
	return s.step(e)
}

// requestPart sets what only some requests have.
func (s *scenario) requestPart(e *Event, key, v string) {
	n, _ := strconv.Atoi(v)
	switch key {
	case "model":
		e.Request.Model = map[string]Model{"a": ModelA, "b": ModelB}[v]
	case "collect": // from this address
		e.Request.Type = Collect
		e.Text.Set(PayerVPA, []byte(v))
		e.Text.Set(PayerAccount, nil)
	case "refund": // of this payment
		e.Request.Type = Refund
		e.Request.Original.Payment = ID(999_999)
		if n <= len(s.payments) {
			e.Request.Original.Payment = s.payments[n-1]
		}
		e.Text.Set(PayerAccount, nil)
	case "refund-business":
		e.Request.Type = Refund
		e.Request.Original.Business = Business{byte(n)}
		e.Text.Set(PayerAccount, nil)
	case "business":
		e.Request.Business = Business{byte(n)}
	case "busy":
		e.Request.Refuse = Busy
	case "merchant":
		e.Request.Merchant = true
	case "expires":
		e.Request.ExpireAt = s.now + int64(s.duration(v))
	case "accepted":
		e.Request.AcceptedAt = s.now + int64(s.duration(v))
	case "purpose":
		e.Text.Set(Purpose, []byte(v))
	case "pin":
		e.Text.Set(PINToken, []byte(v))
	case "payer":
		e.Text.Set(PayerAccount, []byte(v))
	case "account-types":
		e.Request.AccountTypes = uint16(n)
	default:
		s.t.Fatalf("unknown part of a request %s", key)
	}
}

func (s *scenario) duration(v string) time.Duration {
	d, err := time.ParseDuration(strings.TrimPrefix(v, "+"))
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// enquiry: enquiry BANKA 1 asks by the switch's number, key=stan by the key of the
// request, business=n by that.
func (s *scenario) enquiry(d *datadriven.TestData) string {
	e := &Event{Kind: EnquiryArrived, From: s.participant(d.CmdArgs[0].Key)}
	e.Request.Key, e.Request.Echo.STAN = RequestKey{From: e.From, STAN: 900}, 900
	for _, a := range d.CmdArgs[1:] {
		n, _ := strconv.Atoi(strings.Join(a.Vals, ""))
		switch a.Key {
		case "stan":
			e.Request.Original.Key = RequestKey{From: e.From, STAN: uint32(n), Transmitted: 1114221320, Acquirer: 100001}
		case "business":
			e.Request.Original.Business = Business{byte(n)}
		default:
			n, _ = strconv.Atoi(a.Key)
			e.Request.Original.Payment = ID(999_999)
			if n <= len(s.payments) {
				e.Request.Original.Payment = s.payments[n-1]
			}
		}
	}
	return s.step(e)
}

// command: command settle 1 reason=..., command set-cap BANKA 500 reason=...
func (s *scenario) command(d *datadriven.TestData) string {
	e := &Event{Kind: CommandGiven, From: route.Nobody, Command: &Command{Participant: route.Nobody}}
	c := e.Command
	for i, name := range commandNames {
		if d.CmdArgs[0].Key == name {
			c.Kind = CommandKind(i)
		}
	}
	switch c.Kind {
	case SetCap:
		c.Participant = s.participant(d.CmdArgs[1].Key)
		c.Amount.Currency = 356
		c.Amount.Minor, _ = strconv.ParseInt(d.CmdArgs[2].Key, 10, 64)
	case Drain, Resume:
		c.Participant = s.participant(d.CmdArgs[1].Key)
	case Noted:
	default:
		n, _ := strconv.Atoi(d.CmdArgs[1].Key)
		c.Payment = s.payments[n-1]
	}
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "reason":
			e.Text.Set(Reason, []byte(a.Vals[0]))
		case "deed":
			e.Text.Set(Deed, []byte(a.Vals[0]))
		case "approver":
			e.Text.Set(Approver, []byte(a.Vals[0]))
		case "currency":
			c.Amount.Currency = 840
		}
	}
	return s.step(e)
}

// known is a payment as memory or the store has it.
func (s *scenario) known(id ID) *Payment {
	if p := s.m.open[id]; p != nil {
		return p
	}
	p := new(Payment)
	row, ok := s.store.payments[id]
	if !ok || p.decode(row) != nil {
		return nil
	}
	return p
}

func (s *scenario) answer(d *datadriven.TestData, kind Kind) string {
	e := &Event{Kind: kind, From: route.Nobody}
	a := &e.Answer
	for i, name := range legNames {
		if d.CmdArgs[0].Key == name {
			a.Leg = Leg(i)
		}
	}
	n, _ := strconv.Atoi(d.CmdArgs[1].Key)
	a.Payment = s.payments[n-1]
	if kind == AnswerArrived {
		a.Outcome, a.Code, a.Minor = OK, CodeOf("00"), 0
	}
	if p := s.known(a.Payment); p != nil {
		a.STAN, a.Transmitted, a.Minor = p.Legs[a.Leg].STAN, p.Legs[a.Leg].Transmitted, p.Amount.Minor
		e.From = p.Target(a.Leg)
	}
	for _, arg := range d.CmdArgs[2:] {
		v := arg.Vals[0]
		switch arg.Key {
		case "code":
			a.Code, a.Outcome = CodeOf(v), DoNotHonourPayee
			if known, ok := scenarioCodes[v]; ok {
				a.Outcome = known
			}
		case "outcome":
			a.Outcome = Outcomes()[slices.IndexFunc(Outcomes(), func(o Outcome) bool { return o.String() == v })]
		case "amount":
			a.Minor, _ = strconv.ParseInt(v, 10, 64)
		case "payer":
			e.Text.Set(PayerAccount, []byte(v))
		case "stan":
			a.STAN = 777
		case "by-trace":
			a.Payment = 0
			if a.Leg == LegDebit || a.Leg == LegCredit {
				a.Leg = LegRequest
			}
		case "from":
			e.From = s.participant(v)
		case "account":
			e.Text.Set(PayeeAccount, []byte(v))
		case "ifsc":
			e.Text.Set(PayeeIFSC, []byte(v))
		case "payer-ifsc":
			e.Text.Set(PayerIFSC, []byte(v))
		}
	}
	return s.step(e)
}

var scenarioCodes = map[string]Outcome{
	"00": OK, "51": InsufficientFunds, "25": OriginalNotFound, "21": NotDone, "14": AddressUnknown, "76": AccountUnknownPayee,
	"??": Unreadable, "PD": Pending, "94": Duplicate, "CS": CreditStands, "96": ErrBank, "ZA": CustomerDeclined, "40": FunctionUnsupported,
}

func (s *scenario) tick(by string) string {
	s.now += int64(s.duration(by))
	out := s.step(&Event{Kind: Tick, From: route.Nobody})
	if at, due := s.m.NextDeadline(); due && at <= s.now {
		s.t.Fatalf("a tick leaves a deadline in the past: it would come again and again")
	}
	return out
}

// load is the driver's measure of load: a step of the ladder.
func (s *scenario) load(step string) string {
	n, _ := strconv.Atoi(step)
	return s.step(&Event{Kind: LoadChanged, From: route.Nobody, Load: Load(n)})
}

// restart throws the machine away, rebuilds it from the rows and logs Recovered.
func (s *scenario) restart() string {
	m, err := restored(s.store)
	if err != nil {
		s.t.Fatal(err)
	}
	s.m = m
	return s.step(&Event{Kind: Recovered, From: route.Nobody})
}

// exceptions are what a payment keeps for reconciliation.
func (s *scenario) exceptions(d *datadriven.TestData) string {
	n, _ := strconv.Atoi(d.CmdArgs[0].Key)
	var b strings.Builder
	for _, r := range Recons() {
		if s.known(s.payments[n-1]).Exceptions.Has(r) {
			fmt.Fprintf(&b, "%d %v\n", n, r)
		}
	}
	return b.String()
}

func (s *scenario) positions() string {
	var b strings.Builder
	for i, name := range s.names {
		at := s.m.Position(route.Participant(i))
		fmt.Fprintf(&b, "%s posted=%d reserved=%d\n", name, at.Posted, at.Reserved)
		if at := s.m.PositionIn(route.Participant(i), 840); at.Cap != 0 {
			fmt.Fprintf(&b, "%s posted=%d reserved=%d dollars\n", name, at.Posted, at.Reserved)
		}
	}
	fmt.Fprintf(&b, "sum=%d open=%d\n", s.m.PositionSum(), s.m.OpenCount())
	return b.String()
}

// step sends e through its journal form, steps, flushes, checks and prints.
func (s *scenario) step(e *Event) string {
	s.seq++
	e.Seq, e.At = s.seq, s.now
	var read Event
	if err := DecodeEvent(AppendEvent(nil, e), &read); err != nil {
		s.t.Fatalf("event does not survive the journal: %v", err)
	}
	var b strings.Builder
	for _, ef := range s.m.Step(&read, nil) {
		s.print(&b, &ef)
		if p := ef.Payment; ef.Notice == Moved && ef.State.Final() && (p.ClosedSeq != e.Seq || p.ClosedAt != e.At) {
			s.t.Fatalf("payment %d became %v by event %d and names event %d", p.ID, ef.State, e.Seq, p.ClosedSeq)
		}
	}
	s.m.Flush(s.store)
	if err := checkBooks(s.m, s.store); err != nil {
		s.t.Fatalf("after event %d: %v", s.seq, err)
	}
	twin, err := restored(s.store)
	if err != nil || fingerprint(twin) != fingerprint(s.m) {
		s.t.Fatalf("after event %d a restored machine differs (%v):\n%s---\n%s", s.seq, err, fingerprint(s.m), fingerprint(twin))
	}
	if b.Len() == 0 {
		return "nothing\n"
	}
	return b.String()
}

func (s *scenario) print(b *strings.Builder, ef *Effect) {
	no := "?"
	if ef.Payment != nil {
		for i, id := range s.payments {
			if id == ef.Payment.ID {
				no = strconv.Itoa(i + 1)
			}
		}
	}
	switch {
	case !ef.Send && ef.Notice == Moved:
		s.seen[moveName(ef.From, ef.Cause, ef.State)] = true
		fmt.Fprintf(b, "%s %v -> %v (%v)\n", no, ef.From, ef.State, ef.Cause)
	case !ef.Send && ef.Notice == Exception:
		fmt.Fprintf(b, "%s notice exception: %v\n", no, ef.Recon)
	case !ef.Send && ef.Notice == LoadTurned:
		fmt.Fprintf(b, "load is %v\n", ef.Load)
	case !ef.Send && ef.Notice == BreakerTurned:
		fmt.Fprintf(b, "breaker of %s for %v is %v\n", s.names[ef.To], ef.Class, ef.Breaker)
	case !ef.Send && ef.Notice == CapNear:
		fmt.Fprintf(b, "%s has used %d %% of its cap\n", s.names[ef.To], ef.Percent)
	case !ef.Send:
		fmt.Fprintf(b, "%s notice %v\n", no, ef.Notice)
	case ef.Leg == LegRequest && ef.Repeat:
		fmt.Fprintf(b, "%s repeat reply %s %v %v\n", no, s.names[ef.To], ef.Outcome, ef.Code)
	case ef.Leg == LegRequest:
		fmt.Fprintf(b, "%s reply %s %v %v\n", no, s.names[ef.To], ef.Outcome, ef.Code)
	case ef.Leg == LegEnquiry:
		fmt.Fprintf(b, "%s inform %s stan=%d %v %v (%v)\n", no, s.names[ef.To], ef.Request.Echo.STAN, ef.Outcome, ef.Code, ef.State)
	default:
		l := ef.Payment.Legs[ef.Leg]
		kind := "send"
		if ef.Repeat {
			kind = "repeat"
		}
		fmt.Fprintf(b, "%s %s %v to %s stan=%d", no, kind, ef.Leg, s.names[ef.To], l.STAN)
		if ef.Leg == LegConfirm || ef.Leg == LegUpdate {
			fmt.Fprintf(b, " %v (%v)", ef.Outcome, ef.State)
		}
		if ef.NotAfter != 0 {
			fmt.Fprintf(b, " not-after=+%v", time.Duration(ef.NotAfter-ef.At))
		}
		b.WriteByte('\n')
	}
}

// scenarioTexts are the names of the texts.
func scenarioTexts(t *testing.T) map[string]bool {
	files, err := filepath.Glob(scenarioDir + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenario texts: %v", err)
	}
	names := map[string]bool{}
	for _, file := range files {
		names[filepath.Base(file)] = true
	}
	return names
}
