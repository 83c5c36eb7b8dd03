package route

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// mainOffice is the branch of a BIC that names none.
var mainOffice = strings.Repeat("X", 3)

func TestTable(t *testing.T) {
	table, err := New([]Entry{
		{Participant: 0, Handles: []string{"banka", "payapp"}, IFSCPrefixes: []string{"BNKA"}},
		{
			Participant: 1, Handles: []string{"bankb"}, IFSCPrefixes: []string{"BNKB"}, BIC: "BNKBINBB",
			BINs: []Range{{"400000", "400099"}}, Accounts: []Range{{"0020", "0029"}, {"7", "7"}},
		},
		{Participant: 2, BIC: "BNKBINBBABC", Accounts: []Range{{"0030", "0030"}, {"6999999999999999999", "6999999999999999999"}}},
		{Participant: 3, BIC: "BNKCINBB" + mainOffice, BINs: []Range{{"400100", "400199"}, {"4002", "4002"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		find func([]byte) (Participant, bool)
		in   string
		want Participant
		ok   bool
	}{
		{"handle", table.Handle, "payapp", 0, true},
		{"unknown handle", table.Handle, "nobody", 0, false},
		{"vpa", table.VPA, "user1@bankb", 1, true},
		{"vpa without user", table.VPA, "@bankb", 0, false},
		{"no vpa", table.VPA, "bankb", 0, false},
		{"ifsc", table.IFSC, "BNKB0000001", 1, true},
		{"short ifsc", table.IFSC, "BNK", 0, false},
		{"unknown ifsc", table.IFSC, "ZZZZ0000001", 0, false},
		{"bic", table.BIC, "BNKBINBB", 1, true},
		{"bic of the main office", table.BIC, "BNKBINBB" + mainOffice, 1, true},
		{"bic of some branch", table.BIC, "BNKBINBBDEL", 1, true},
		{"bic of a branch with an owner", table.BIC, "BNKBINBBABC", 2, true},
		{"bic by its main office", table.BIC, "BNKCINBB", 3, true},
		{"unknown bic", table.BIC, "ZZZZINBB", 0, false},
		{"no bic", table.BIC, "BNKBINBBA", 0, false},
		{"agent by bic", table.Agent, "BNKBINBB", 1, true},
		{"agent by ifsc", table.Agent, "BNKB0000001", 1, true},
		{"unknown agent", table.Agent, "BNKAINBB", 0, false},
		{"no agent", table.Agent, "BNK", 0, false},
		{"first bin", table.BIN, "4000001234567890", 1, true},
		{"last bin", table.BIN, "4000991234567890", 1, true},
		{"next bin", table.BIN, "4001001234567890", 3, true},
		{"short bin", table.BIN, "4002991234567890", 3, true},
		{"no bin", table.BIN, "4003001234567890", 0, false},
		{"bin before all", table.BIN, "3999991234567890", 0, false},
		{"too few digits", table.BIN, "40000", 0, false},
		{"as many digits", table.BIN, "400000", 1, true},
		{"no digits", table.BIN, "card", 0, false},
		{"empty", table.BIN, "", 0, false},
		{"account", table.Account, "0025123", 1, true},
		{"account with letters behind", table.Account, "0030-77A", 2, true},
		{"leading zeros count", table.Account, "25123", 0, false},
		{"account of one digit", table.Account, "7", 1, true},
		{"account longer than a range", table.Account, "6999999999999999999123456789", 2, true},
		{"account between", table.Account, "0031", 0, false},
	} {
		got, ok := c.find([]byte(c.in))
		if ok != c.ok || (ok && got != c.want) {
			t.Errorf("%s %q: got %d %v, want %d %v", c.name, c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestTableRefusesTwoOwners(t *testing.T) {
	for name, entries := range map[string][]Entry{
		"handle":       {{Participant: 0, Handles: []string{"x"}}, {Participant: 1, Handles: []string{"x"}}},
		"prefix":       {{Participant: 0, IFSCPrefixes: []string{"AAAA"}}, {Participant: 1, IFSCPrefixes: []string{"AAAA"}}},
		"short prefix": {{Participant: 0, IFSCPrefixes: []string{"AAA"}}},
		"bic":          {{Participant: 0, BIC: "BNKBINBB"}, {Participant: 1, BIC: "BNKBINBB" + mainOffice}},
		"short bic":    {{Participant: 0, BIC: "BNKBIN"}},
		"no country":   {{Participant: 0, BIC: "BNKB0NBB"}},
		"bin":          {{Participant: 0, BINs: []Range{{"400000", "400099"}}}, {Participant: 1, BINs: []Range{{"400050", "400050"}}}},
		"account":      {{Participant: 0, Accounts: []Range{{"10", "19"}}}, {Participant: 1, Accounts: []Range{{"1999", "1999"}}}},
		"backwards":    {{Participant: 0, Accounts: []Range{{"19", "10"}}}},
		"two lengths":  {{Participant: 0, Accounts: []Range{{"10", "199"}}}},
		"letters":      {{Participant: 0, Accounts: []Range{{"1A", "1B"}}}},
		"no numbers":   {{Participant: 0, Accounts: []Range{{"", ""}}}},
		"too long":     {{Participant: 0, Accounts: []Range{{"12345678901234567890", "12345678901234567890"}}}},
	} {
		if _, err := New(entries); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	table, _ := New([]Entry{{
		Participant: 3, Handles: []string{"bank"}, IFSCPrefixes: []string{"BANK"}, BIC: "BANKINBB",
		BINs: []Range{{"400000", "400000"}}, Accounts: []Range{{"1", "2"}},
	}})
	vpa, ifsc, bic, number := []byte("user@bank"), []byte("BANK0000001"), []byte("BANKINBB"+mainOffice), []byte("400000")
	if n := testing.AllocsPerRun(100, func() {
		table.VPA(vpa)
		table.Agent(ifsc)
		table.Agent(bic)
		table.BIN(number)
		table.Account(number)
	}); n != 0 {
		t.Errorf("%v allocations per look-up, want 0", n)
	}
}

// TestRangesBothWays: random ranges lead where a search through all of them leads.
func TestRangesBothWays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var all []Entry
		for p := range 20 {
			e := Entry{Participant: Participant(p)}
			digits := 1 + random.IntN(3)
			low := fmt.Sprintf("%0*d", digits, random.IntN(10000))[:digits]
			high := fmt.Sprintf("%0*d", digits, random.IntN(10000))[:digits]
			e.Accounts = []Range{{min(low, high), max(low, high)}}
			if _, err := New(append(all, e)); err == nil {
				all = append(all, e)
			} else if !overlaps(all, e.Accounts[0]) {
				t.Fatalf("%v is refused after %v: %v", e, all, err)
			}
		}
		table, err := New(all)
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			number := strconv.Itoa(100000 + random.IntN(900000))[1:]
			want := Nobody
			for _, e := range all {
				if r := e.Accounts[0]; number[:len(r.Low)] >= r.Low && number[:len(r.Low)] <= r.High {
					want = e.Participant
				}
			}
			if got, ok := table.Account([]byte(number)); ok != (want != Nobody) || got != want {
				t.Fatalf("%s leads to %d, want %d: %v", number, got, want, all)
			}
		}
	}
}

// overlaps says whether some number is in a range and in one of those before.
func overlaps(all []Entry, r Range) bool {
	for n := range 1000 {
		number := fmt.Sprintf("%03d", n)
		in := func(r Range) bool { return number[:len(r.Low)] >= r.Low && number[:len(r.Low)] <= r.High }
		for _, e := range all {
			if in(r) && in(e.Accounts[0]) {
				return true
			}
		}
	}
	return false
}
