package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/screen"
	"switchd/switch/state"
)

// TestQueryOf: what criteria mean, and that what is wrong is named in one sentence
// without an account.
func TestQueryOf(t *testing.T) {
	g := &glossary{names: []string{"BANKA", "", "BANKC"}, currency: 356}
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).UnixNano()
	for text, want := range map[string]state.Query{
		"":                                   {},
		"id=4711":                            {ID: 4711},
		"rrn=RRN000000001":                   {RRN: "RRN000000001"},
		"reference=E2E+1":                    {Reference: "E2E 1"},
		"account=50100012":                   {Account: "50100012"},
		"state=success,DEEMED&state=SUCCESS": {States: []payment.State{payment.Success, payment.Deemed}},
		"state=reversed":                     {States: []payment.State{payment.FailedReversed}},
		"participant=BANKC&participant=BANKA,BANKC": {Participants: []route.Participant{2, 0}},
		"min=10&max=10.5":                                  {Min: 1000, Max: 1050},
		"from=2026-11-22&to=2026-11-22":                    {FromAt: day, ToAt: day + int64(24*time.Hour)},
		"from=2026-11-22T05:30:00%2B05:30":                 {FromAt: day},
		"to=2026-11-22T00:00:00.000000001Z":                {ToAt: day + 1},
		"exceptions=true&dead_letters=false&limit=500":     {ExceptionsOnly: true, PageSize: 500},
		"uetr=2F1A9D5E-6C1B-4A4E-9B1F-0D2F3C4B5A69&page=x": {UETR: "2f1a9d5e-6c1b-4a4e-9b1f-0d2f3c4b5a69", Token: "x"},
	} {
		values, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := queryOf(values, g); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"rnn=1":                                `"rnn" is none of the criteria of a search: id, rrn, uetr`,
		"id=x":                                 `id "x" is neither`,
		"id=1&id=2":                            "id is given 2 times",
		"rrn=":                                 "rrn is empty",
		"rrn=1":                                "rrn has 1 character, an RRN has 12",
		"uetr=1":                               `uetr "1" is no UETR`,
		"state=DONE":                           `state "DONE" is none of RECEIVED, `,
		"state=SUCCESS,":                       "state is empty",
		"participant=BANKB":                    `participant "BANKB" is none of BANKA, BANKC`,
		"from=yesterday":                       `from "yesterday" is neither a time`,
		"to=1969-12-31":                        `to "1969-12-31" is outside of the years`,
		"to=9999-12-31":                        `to "9999-12-31" is outside of the years`,
		"from=2026-11-23&to=2026-11-22":        "to is not after from",
		"min=1.005":                            `min is "1.005": INR has 2 decimals`,
		"min=-1":                               `min is "-1": write an amount`,
		"max=0.00":                             "max is 0",
		"min=5&max=4":                          "max is less than min",
		"exceptions=1":                         `exceptions is "1", want true or false`,
		"dead_letters=":                        "dead_letters is empty",
		"limit=0":                              `limit is "0", want 1 to 500`,
		"limit=501":                            `limit is "501", want 1 to 500`,
		"limit=1e2":                            `limit is "1e2", want 1 to 500`,
		"reference=" + strings.Repeat("x", 37): "reference has 37 characters, at most 36",
		"account=" + strings.Repeat("5", 36):   "account has 36 characters, at most 35 can be",
	} {
		values, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := queryOf(values, g); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "555") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := queryOf(url.Values{"min": {"1"}}, &glossary{}); err == nil || !strings.Contains(err.Error(), "currency is not known") {
		t.Errorf("an amount in no currency: %v", err)
	}
}

// TestFindRunningAndStopped: the same payments are found of a running switch, by flags
// and over HTTP, and in the folder that it has left; accounts are masked, and an account
// that is searched by stands in no address.
func TestFindRunningAndStopped(t *testing.T) {
	t.Parallel()
	s := newJournalScheme(t)
	online := s.testFind(t, "--admin", s.admin)
	s.testFindHTTP(t)
	shown := s.testShow(t, "--admin", s.admin)
	s.stop()
	if offline := s.testFind(t, "--dir", s.data); offline != online {
		t.Errorf("found in the folder:\n%s\nof the running switch:\n%s", offline, online)
	}
	if offline := s.testShow(t, "--dir", s.data); offline != shown {
		t.Errorf("shown of the folder:\n%s\nof the running switch:\n%s", offline, shown)
	}
	if out, _ := runs(t, 0, "payment", "find", "--config", s.config, "--json"); unmarshal[foundView](t, out).Payments == nil {
		t.Errorf("with the configuration of a switch that does not run:\n%s", out)
	}
	if _, said := runs(t, exitFailed, "payment", "show", "4711", "--dir", s.data); !strings.Contains(said, "no payment 4711 is known") {
		t.Error(said)
	}
	bare := filepath.Join(t.TempDir(), "none.key")
	if _, said := runs(t, exitUsage, "payment", "find", "--dir", s.data, "--seal-key", bare); !strings.Contains(said, "no such file") {
		t.Error(said)
	}
}

// TestFindAfterACrash: the folder of a switch that was killed has rows of a moment
// before; that is said, and everything is found when it has started again.
func TestFindAfterACrash(t *testing.T) {
	t.Parallel()
	s := newJournalScheme(t)
	s.p.kill()
	out, said := runs(t, 0, "payment", "find", "--dir", s.data, "--json")
	if v := unmarshal[foundView](t, out); len(v.Payments) == 3 || !strings.Contains(said, "the journal goes to") {
		t.Errorf("%s%s", out, said)
	}
	if _, said := runs(t, exitFailed, "payment", "show", strconv.FormatUint(s.paid, 10), "--dir", s.data); !strings.Contains(said, "the journal goes to") || !strings.Contains(said, "is known in") {
		t.Error(said)
	}
	s.p = s.serve("--drain", "100ms")
	out, _ = runs(t, 0, "payment", "find", "--admin", s.admin, "--json")
	if v := unmarshal[foundView](t, out); len(v.Payments) != 3 {
		t.Errorf("%s", out)
	}
}

// testFind asks for the payments in many ways and returns what all of them look like.
func (s *journalScheme) testFind(t *testing.T, where ...string) string {
	t.Helper()
	find := func(args ...string) foundView {
		t.Helper()
		out, _ := runs(t, 0, append(append([]string{"payment", "find", "--json"}, where...), args...)...)
		noSecrets(t, out)
		return unmarshal[foundView](t, out)
	}
	all := find()
	if ids(all) != fmt.Sprint([]uint64{s.open, s.declined, s.paid}) || all.Next != "" {
		t.Fatalf("all: %+v", all)
	}
	paid := all.Payments[2]
	if paid.State != "SUCCESS" || paid.Minor != 12345 || paid.PayerBank != "BANKC" || paid.PayeeBank != "BANKD" || paid.References.RRN == "" || paid.ClosedSeq <= paid.ID {
		t.Errorf("%+v", paid)
	}
	if got := all.Payments[1].Payer; got != "541333******3218" {
		t.Errorf("the account of the payer is %q", got)
	}
	today, number := paid.CreatedAt[:len(time.DateOnly)], func(id uint64) string { return strconv.FormatUint(id, 10) }
	for _, c := range []struct {
		args string
		want []uint64
	}{
		{"--id " + number(s.paid), []uint64{s.paid}},
		{"--id " + paid.SwitchID, []uint64{s.paid}},
		{"--rrn " + paid.References.RRN, []uint64{s.paid}},
		{"--rrn 999999999999", nil},
		{"--account 5413337894563218", []uint64{s.declined}},
		{"--state declined", []uint64{s.declined}},
		{"--state SUCCESS --state DECLINED", []uint64{s.declined, s.paid}},
		{"--participant BANKD", []uint64{s.open, s.paid}},
		{"--participant BANKA,BANKB", nil},
		{"--from " + today, []uint64{s.open, s.declined, s.paid}},
		{"--from " + paid.CreatedAt + " --to " + all.Payments[1].CreatedAt, []uint64{s.paid}},
		{"--to 2001-02-03", nil},
		{"--min 123.45 --max 123.45", []uint64{s.open, s.declined, s.paid}},
		{"--min 123.46", nil},
		{"--exceptions", nil},
		{"--dead-letters", nil},
	} {
		if got := find(strings.Fields(c.args)...); ids(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %s, want %v", c.args, ids(got), c.want)
		}
	}
	first := find("--limit", "2")
	if ids(first) != fmt.Sprint([]uint64{s.open, s.declined}) || first.Next == "" {
		t.Errorf("the first page: %+v", first)
	}
	if second := find("--limit", "2", "--page", first.Next); ids(second) != fmt.Sprint([]uint64{s.paid}) || second.Next != "" {
		t.Errorf("the second page: %+v", second)
	}
	if _, said := runs(t, exitUsage, append([]string{"payment", "find", "--state", "SUCCESS", "--page", first.Next}, where...)...); !strings.Contains(said, "of another search") {
		t.Error(said)
	}
	if _, said := runs(t, exitUsage, append([]string{"payment", "find", "--participant", "BANKX"}, where...)...); !strings.Contains(said, `participant "BANKX" is none of BANKA, BANKB, BANKC, BANKD`) {
		t.Error(said)
	}
	out, said := runs(t, 0, append([]string{"payment", "find", "--limit", "2"}, where...)...)
	if lines := strings.Split(out, "\n"); len(lines) != 4 || !strings.Contains(said, "2 payments; there may be more: the same with --page "+first.Next) {
		t.Errorf("for people:\n%s%s", out, said)
	}
	return out
}

// ids are the numbers of a page.
func ids(v foundView) string {
	var all []uint64
	for _, p := range v.Payments {
		all = append(all, p.ID)
	}
	return fmt.Sprint(all)
}

// testFindHTTP asks the admin port.
func (s *journalScheme) testFindHTTP(t *testing.T) {
	t.Helper()
	f := func(r *http.Response, err error, status int, want string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var b bytes.Buffer
		if _, err := b.ReadFrom(r.Body); err != nil {
			t.Fatal(err)
		}
		if r.StatusCode != status || status != 200 && strings.TrimSpace(b.String()) != want {
			t.Errorf("%d %s, want %d %s", r.StatusCode, b.String(), status, want)
		}
		if status == 200 {
			if v := unmarshal[foundView](t, b.String()); ids(v) != want {
				t.Errorf("found %s, want %s", ids(v), want)
			}
		}
	}
	base := "http://" + s.admin + "/api/v1/payments"
	r, err := s.http.Get(base + "?state=DECLINED&limit=5")
	f(r, err, 200, fmt.Sprint([]uint64{s.declined}))
	r, err = s.http.Get(base + "?states=DECLINED")
	f(r, err, 400, `not understood: /api/v1/payments takes no parameter "states", it takes `+
		strings.Join(slices.DeleteFunc(criterionNames(), func(name string) bool { return name == accountCriterion }), ", "))
	r, err = s.http.Get(base + "?min=x")
	f(r, err, 400, `not understood: min is "x": write an amount in major units, digits with a point, for example "1000000.00"`)
	r, err = s.http.Get(base + "?page=x")
	f(r, err, 400, "not understood: the search cannot be made: the page token is none of this version's")
	r, err = s.http.Post(base+"/search", "application/json", strings.NewReader(`{"account": "5413337894563218", "state": "DECLINED", "limit": 1}`))
	f(r, err, 200, fmt.Sprint([]uint64{s.declined}))
}

// testShow shows a payment and returns it as it is for people.
func (s *journalScheme) testShow(t *testing.T, where ...string) string {
	t.Helper()
	out, _ := runs(t, 0, append([]string{"payment", "show", strconv.FormatUint(s.declined, 10), "--json"}, where...)...)
	noSecrets(t, out)
	if v := unmarshal[paymentView](t, out); v.ID != s.declined || v.Payer != "541333******3218" || v.Sender != "BANKC" {
		t.Errorf("%s", out)
	}
	out, _ = runs(t, 0, append([]string{"payment", "show", strconv.FormatUint(s.paid, 10)}, where...)...)
	for _, want := range []string{"SUCCESS (OK", "123.45 INR", "\ncredit  ", "BANKC asks for a push of 123.45 INR."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	return out
}

// TestFindReadsTheAccountFromStdin: so that it stays out of the history of a shell.
func TestFindReadsTheAccountFromStdin(t *testing.T) {
	c := newPaymentFind()
	c.SetIn(strings.NewReader(" 5413337894563218 \nsecond line"))
	if err := c.ParseFlags([]string{"--account", "-", "--state", "SUCCESS,DEEMED", "--dead-letters"}); err != nil {
		t.Fatal(err)
	}
	values, err := givenCriteria(c)
	if got := values.Encode(); err != nil || got != "account=5413337894563218&dead_letters=true&state=SUCCESS%2CDEEMED" {
		t.Errorf("%s, %v", got, err)
	}
}

// TestFoundTable: the columns stand under each other, marks say what must be looked at, and
// of what was declined at once it is shown who sent it.
func TestFoundTable(t *testing.T) {
	v := foundView{Payments: []paymentHead{
		{ID: 123456789, State: "REVERSAL_STUCK", Minor: 100, Currency: 356, PayerBank: "BANKA", PayeeBank: "BANKB", CreatedAt: "2026-11-22T18:30:00.123Z",
			DeadLetter: true, Exceptions: []string{"reversal stuck"}, References: references{RRN: "RRN000000001", UETR: "x"}},
		{ID: 7, State: "SUCCESS", Minor: 123456789, Currency: 356, PayerBank: "BANKC", CreatedAt: "2026-11-22T18:29:59.000Z",
			Exceptions: []string{"answer changed"}, References: references{EndToEndID: strings.Repeat("E2Eü", 8)}},
		{ID: 6, State: "RECEIVED", Currency: 392, CreatedAt: "2026-11-22T18:29:58.000Z"},
		{ID: 5, Type: "push", State: "DECLINED", Sender: "BANKC", Currency: 392, CreatedAt: "2026-11-22T18:29:58.000Z"},
		{ID: 4, Type: "collect", State: "DECLINED", Sender: "BANKC", PayerPSP: "PSPA", Currency: 392, CreatedAt: "2026-11-22T18:29:58.000Z"},
	}}
	var out, talk strings.Builder
	if err := v.print(&out, &talk, &outputFlags{}); err != nil {
		t.Fatal(err)
	}
	want := `
      payment  asked for (UTC)      state                   amount  from > to      reference
DE  123456789  2026-11-22 18:30:00  REVERSAL_STUCK        1.00 INR  BANKA > BANKB  RRN000000001
E           7  2026-11-22 18:29:59  SUCCESS         1234567.89 INR  BANKC > -      E2EüE2EüE2EüE2EüE2EüE2EüE2EüE2Eü
            6  2026-11-22 18:29:58  RECEIVED                 0 JPY  - > -          -
            5  2026-11-22 18:29:58  DECLINED                 0 JPY  BANKC > -      -
            4  2026-11-22 18:29:58  DECLINED                 0 JPY  PSPA > BANKC   -
`
	if out.String() != want[1:] || talk.String() != "switchd: 5 payments\n" {
		t.Errorf("\n%s%s", out.String(), talk.String())
	}
}

// TestOutcomeText: an answer that leaves it open is not called a time that has passed.
func TestOutcomeText(t *testing.T) {
	for _, c := range [][3]string{
		{"SUCCESS", "00", "SUCCESS 00"}, {"ADDRESS_UNKNOWN", "", "ADDRESS_UNKNOWN"}, {"TIMEOUT_DEBIT", "", "TIMEOUT_DEBIT"},
		{"TIMEOUT_DEBIT", "96", "debit in doubt, answered 96"}, {"TIMEOUT_CREDIT", "68", "credit in doubt, answered 68"},
	} {
		if got := outcomeText(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s is shown as %q", c[0], c[1], got)
		}
	}
}

// TestFillPage: pages that are not full because so much was read are put together,
// and what was given is not changed by it.
func TestFillPage(t *testing.T) {
	var asked []string
	given := url.Values{"limit": {"5"}, "page": {"0"}}
	v, err := fillPage(given, func(values url.Values) (foundView, error) {
		asked = append(asked, values.Encode())
		n, err := strconv.Atoi(values.Get("page"))
		p := foundView{Payments: make([]paymentHead, min(n%3, 6-n)), Examined: 10, Next: strconv.Itoa(n + 1), Cut: n < 5}
		return p, err
	})
	if err != nil || len(v.Payments) != 5 || v.Examined != 50+10 || v.Next != "6" || v.Cut || given.Encode() != "limit=5&page=0" {
		t.Errorf("%+v, %v, asked %v", v, err, asked)
	}
	if got := strings.Join(asked, " "); got != "limit=5&page=0 limit=5&page=1 limit=4&page=2 limit=2&page=3 limit=2&page=4 limit=1&page=5" {
		t.Error(got)
	}
}

// TestShownExceptions: a payment tells all that reconciliation must look at.
func TestShownExceptions(t *testing.T) {
	p := payment.Payment{ID: 5, State: payment.ReversalStuck, DeadLetter: true, Exceptions: 1<<payment.ReversalStuckAt | 1<<payment.AnswerChanged}
	r := newEventReader(nil, []string{"BANKA"})
	v := viewPayment(&p, r.name)
	text, err := json.Marshal(v)
	if err != nil || !strings.Contains(string(text), `"dead_letter":true,"exceptions":["answer changed","reversal stuck"]`) {
		t.Errorf("%s, %v", text, err)
	}
	var b strings.Builder
	page := screen.NewPage(&b, screen.Paper{})
	if v.draw(page); page.End() != nil {
		t.Fatal("a page has no end")
	}
	for _, want := range []string{"exception ", "answer changed\n", "reversal stuck\n", "a person must decide\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// TestReasonOfAPayment: what an operator has written of it is shown as all reasons are.
func TestReasonOfAPayment(t *testing.T) {
	p := payment.Payment{ID: 5}
	p.Text.Set(payment.Reason, []byte("paid to 4111111111111111"))
	if v := viewPayment(&p, newEventReader(nil, nil).name); v.Reason != "********" {
		t.Errorf("a reason is shown as %q", v.Reason)
	}
}
