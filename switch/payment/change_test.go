package payment

import (
	"bytes"
	"strings"
	"testing"

	"switchd/ledger"
	"switchd/switch/route"
)

// order has the machine carry out a command.
func order(m *Machine, seq uint64, c Command, text map[TextField]string) (refused bool) {
	e := &Event{Seq: seq, At: m.LastAt() + 1, Kind: CommandGiven, From: route.Nobody, Command: &c}
	for f, v := range text {
		e.Text.Set(f, []byte(v))
	}
	for _, ef := range m.Step(e, nil) {
		refused = refused || ef.Notice == CommandRefused
	}
	return refused
}

// TestChangesAreKept: each deed of an operator leaves a row of all that it said, one
// that was refused too, and forgetting leaves none.
func TestChangesAreKept(t *testing.T) {
	store := newMemory()
	m := New(store)
	c := &Config{Currency: 356, OpenMax: 10, Participants: []Profile{testProfile(0, "BANKA")}}
	e := &Event{Seq: 1, At: 1, Kind: ConfigChanged, From: route.Nobody, Config: c}
	e.Text.Set(Reason, []byte("start"))
	e.Text.Set(Operator, []byte("switchd"))
	m.Step(e, nil)
	all := map[TextField]string{Reason: "why", Operator: "who", Approver: "another", Deed: "backup"}
	limit := Command{Kind: SetCap, Participant: 0, Amount: ledger.Amount{Minor: 5, Currency: 356}}
	noted := Command{Kind: Noted, Participant: route.Nobody, Payment: 7}
	for i, s := range []struct {
		command Command
		text    map[TextField]string
		refused bool
	}{
		{limit, all, false},
		{noted, all, false},
		{noted, map[TextField]string{Deed: "without a reason"}, true},
		{noted, map[TextField]string{Reason: "x", Deed: strings.Repeat("d", DeedBytesMax+1)}, true},
		{limit, map[TextField]string{Reason: "x", Approver: strings.Repeat("a", OperatorBytesMax+1)}, true},
		{Command{Kind: Drain, Participant: 9}, all, true},
		{Command{Kind: Drain, Participant: 0}, all, false},
		{Command{Kind: Forget, Payment: 5}, all, false},
	} {
		if refused := order(m, uint64(i+2), s.command, s.text); refused != s.refused {
			t.Errorf("%v %v: refused %v", s.command, s.text, refused)
		}
	}
	m.Flush(store)
	if len(store.changes) != 8 {
		t.Errorf("%d rows, want 8", len(store.changes))
	}
	for seq, want := range map[uint64]struct {
		kind    CommandKind
		payment ID
		refused bool
	}{1: {}, 2: {kind: SetCap}, 3: {kind: Noted, payment: 7}, 4: {kind: Noted, payment: 7, refused: true}, 8: {kind: Drain}} {
		row := store.changes[seq]
		var got Change
		if err := DecodeChange(row, &got); err != nil || got.Seq != seq || got.At != int64(seq) {
			t.Fatalf("change %d: %+v, %v", seq, got, err)
		}
		if got.Command.Kind != want.kind || got.Command.Payment != want.payment || got.Refused != want.refused {
			t.Errorf("change %d is %+v", seq, got)
		}
		if again := got.append(nil); !bytes.Equal(again, row) {
			t.Errorf("change %d is written as %x, then as %x", seq, row, again)
		}
		if at := SecretAt(row); bytes.Contains(row[:at], []byte("why")) || bytes.Contains(row[:at], []byte("backup")) {
			t.Errorf("change %d has its reason in the clear", seq)
		}
		if err := DecodeChange(row[:len(row)-1], &got); err == nil {
			t.Errorf("change %d: a row that is cut is read", seq)
		}
	}
	var config Change
	if err := DecodeChange(store.changes[1], &config); err != nil || config.Kind != ConfigChanged || string(config.Text.Get(Reason)) != "start" || string(config.Text.Get(Operator)) != "switchd" {
		t.Errorf("the configuration: %+v, %v", config, err)
	}
}

// TestConfigRecordSaysWho: a configuration's record has who changed it and why, and one
// of before that is read as well.
func TestConfigRecordSaysWho(t *testing.T) {
	e := &Event{Seq: 1, At: 1, Kind: ConfigChanged, From: route.Nobody, Config: &Config{Currency: 356, OpenMax: 10}}
	old := AppendEvent(nil, e)
	e.Text.Set(Reason, []byte("more business"))
	e.Text.Set(Operator, []byte("ann"))
	record := AppendEvent(nil, e)
	if SecretAt(record) != len(record) {
		t.Error("part of a configuration's record is secret")
	}
	for _, r := range [][]byte{old, record} {
		var got Event
		if err := DecodeEvent(r, &got); err != nil || got.Config.OpenMax != 10 || !bytes.Equal(AppendEvent(nil, &got), r) {
			t.Errorf("%+v, %v", got, err)
		}
		if named := len(r) > len(old); named && string(got.Text.Get(Operator)) != "ann" || got.Text.Has(Reason) != named {
			t.Errorf("it was %q, because %q", got.Text.Get(Operator), got.Text.Get(Reason))
		}
	}
	bad := append([]byte{}, old[:bytes.IndexByte(old, '{')]...)
	if err := DecodeEvent(append(append(bad, 0), old[len(bad):]...), new(Event)); err == nil {
		t.Error("a configuration after no text at all is read")
	}
}

// TestApproverIsOfTheLatestDecision: who has approved one decision has not approved the
// next.
func TestApproverIsOfTheLatestDecision(t *testing.T) {
	s := newStepper()
	s.request(1)
	p := s.m.open[ID(s.seq)]
	s.m.die(p, LegReversal)
	for i, c := range []struct {
		kind     CommandKind
		approver string
	}{{Retry, "bob"}, {Settle, ""}} {
		s.m.die(p, LegReversal)
		text := map[TextField]string{Reason: "by phone", Operator: "ann"}
		if c.approver != "" {
			text[Approver] = c.approver
		}
		s.at++
		e := &Event{Seq: s.seq + uint64(i) + 1, At: s.at, Kind: CommandGiven, Command: &Command{Kind: c.kind, Payment: p.ID}}
		for f, v := range text {
			e.Text.Set(f, []byte(v))
		}
		s.m.Step(e, nil)
		if got := string(p.Text.Get(Approver)); got != c.approver || string(p.Text.Get(Operator)) != "ann" {
			t.Errorf("%v: approved by %q, want %q", c.kind, got, c.approver)
		}
	}
}

// TestDrainIsInTheRow: the row of a participant says that it is drained, and the rows of
// others are what they were before there was such a thing.
func TestDrainIsInTheRow(t *testing.T) {
	s := newStepper()
	before := s.m.appendParticipant(nil, 1)
	if order(s.m, s.seq+1, Command{Kind: Drain, Participant: 1}, map[TextField]string{Reason: "x"}) || !s.m.Drained(1) || s.m.Drained(0) || s.m.Drained(99) {
		t.Fatal("not drained")
	}
	row := s.m.appendParticipant(nil, 1)
	if !bytes.Equal(row, append(bytes.Clone(before), 1)) {
		t.Errorf("%x, drained %x", before, row)
	}
	for _, c := range []struct {
		row  []byte
		good bool
	}{{row, true}, {append(bytes.Clone(before), 2), false}, {append(bytes.Clone(row), 1), false}} {
		m := New(discard{})
		if err := m.restoreParticipant(1, c.row); (err == nil) != c.good || c.good && !m.Drained(1) {
			t.Errorf("%x: %v, drained %v", c.row, err, m.Drained(1))
		}
	}
}
