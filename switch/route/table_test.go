package route

import "testing"

func TestTable(t *testing.T) {
	table, err := New([]Entry{
		{Participant: 0, Handles: []string{"banka", "payapp"}, IFSCPrefixes: []string{"BNKA"}},
		{Participant: 1, Handles: []string{"bankb"}, IFSCPrefixes: []string{"BNKB"}},
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
	} {
		if _, err := New(entries); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	table, _ := New([]Entry{{Participant: 3, Handles: []string{"bank"}, IFSCPrefixes: []string{"BANK"}}})
	vpa, ifsc := []byte("user@bank"), []byte("BANK0000001")
	if n := testing.AllocsPerRun(100, func() { table.VPA(vpa); table.IFSC(ifsc) }); n != 0 {
		t.Errorf("%v allocations per look-up, want 0", n)
	}
}
