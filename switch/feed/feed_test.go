package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
)

// truth is what a participant must be told, found out by another way: the journal is
// stepped through a machine of its own, and who has taken part in a payment is who has
// sent it or was sent something.
func truth(t *testing.T, log journal.Log) map[route.Participant][]string {
	t.Helper()
	s, err := state.Open("truth", state.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, told, asked := payment.New(s), map[route.Participant][]string{}, map[[2]uint64]bool{}
	add := func(n route.Participant, seq uint64, what string) {
		told[n] = append(told[n], fmt.Sprintf("%d %s", seq, what))
	}
	var e payment.Event
	var out []payment.Effect
	err = log.Replay(1, func(seq uint64, record []byte) error {
		if err := payment.DecodeEvent(record, &e); err != nil {
			return err
		}
		out = m.Step(&e, out[:0])
		for i := range out {
			ef := &out[i]
			p := ef.Payment
			switch {
			case ef.Send && ef.Leg != payment.LegRequest:
				asked[[2]uint64{uint64(p.ID), uint64(ef.To)}] = true
			case ef.Notice == payment.Moved:
				for n := range names {
					n := route.Participant(n)
					asking := ef.State == payment.DebitSent && n == p.PayerBank || ef.State == payment.CreditSent && n == p.PayeeBank || ef.State == payment.Resolving && n == p.PayeePSP
					if n == p.Key.From || asking || asked[[2]uint64{uint64(p.ID), uint64(n)}] {
						add(n, seq, fmt.Sprintf("%d %v", p.ID, ef.State))
					}
				}
			case ef.Notice == payment.Late, ef.Notice == payment.Repeated, ef.Notice == payment.Conflict, ef.Notice == payment.Exception && e.Kind == payment.AnswerArrived:
				add(e.From, seq, fmt.Sprintf("%d %v", p.ID, ef.State))
			case ef.Notice == payment.Exception && ef.Recon == payment.ReversalStuckAt:
				add(p.PayerBank, seq, fmt.Sprintf("%d %v", p.ID, ef.State))
			case ef.Notice == payment.Exception || ef.Notice == payment.Commanded || ef.Notice == payment.BreakerTurned || ef.Notice == payment.CapNear:
				t.Errorf("the test does not expect %v %v", ef.Notice, ef.Recon)
			}
		}
		switch e.Kind {
		case payment.LinkUp, payment.LinkDown:
			add(e.From, seq, "0 ")
		case payment.ConfigChanged:
			for n := range names {
				add(route.Participant(n), seq, "0 ")
			}
		}
		b := s.Begin()
		m.Flush(b)
		return b.Commit(seq)
	})
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// TestEveryRecordOnce: under load, over a hundred cuts in the middle of lines for each
// participant and a crash, each reads all that concerns it, once, in order, and nothing
// else.
func TestEveryRecordOnce(t *testing.T) {
	fs := vfs.NewCrashableMem()
	w := start(t, fs, Options{OfOne: 1})
	readers := make([]*follower, len(names))
	for n, name := range names {
		readers[n] = &follower{name: name, next: "1"}
	}
	load := func(w *world, n int) {
		for i := range n {
			w.pay(bankA, bankB, int64(i%9))
			w.pay(bankB, bankA, int64(i%9))
			if i%6 == 0 {
				w.pay(quietC, bankB, 0)
				w.pay(bankA, quietD, 4)
			}
		}
	}
	follow := func(w *world, cuts int) (end func()) {
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for n, r := range readers {
			group.Go(func() {
				if err := r.until(ctx, w.feed, uint64(n), cuts); err != nil {
					t.Error(err)
				}
			})
		}
		return func() { cancel(); group.Wait() }
	}
	end := follow(w, 60)
	load(w, 60)
	w.settle()
	end()
	for _, r := range readers { // so that there is something to contradict
		if err := r.follow(t.Context(), w.feed, 1<<30, "&until=now"); err != nil {
			t.Fatal(err)
		}
	}
	crashed := fs.CrashClone(vfs.CrashCloneCfg{}) // what was synced, and nothing else
	w.stop()

	w = start(t, crashed, Options{OfOne: 1})
	end = follow(w, 1000)
	w.stan = 1000
	load(w, 60)
	w.settle()
	end()
	for _, r := range readers {
		for cuts := r.cuts; r.cuts < max(cuts, 100); { // there was not enough to tell: from the beginning, then
			again := &follower{name: r.name, next: "1"}
			for again.cuts < 100 && again.next != "" {
				if err := again.follow(t.Context(), w.feed, 300+37*again.cuts, "&until=now"); err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(again.next, fmt.Sprint(w.store.Applied()+1)) {
					break
				}
			}
			r.cuts += max(again.cuts, 1)
		}
		if err := r.follow(t.Context(), w.feed, 1<<30, "&until=now"); err != nil {
			t.Fatal(err)
		}
	}
	w.stop()
	want := truth(t, openLog(t, crashed))
	for n, r := range readers {
		check(t, r, want[route.Participant(n)])
	}
}

// check compares what a reader was told with the truth.
func check(t *testing.T, r *follower, want []string) {
	t.Helper()
	var got []string
	seen := map[string]bool{}
	for _, line := range r.lines {
		var l Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %d %s", l.Seq, l.Payment, l.State))
		seen[l.Event] = true
		for _, secret := range []string{secretPayer, secretPayee, secretName, secretNote, secretPayer[9:], "asha@"} {
			if strings.Contains(line, secret) {
				t.Errorf("%s is told %s", r.name, line)
			}
		}
		if own := slices.Contains(l.Roles, "sender"); !own && (l.Outcome+l.Code+l.RRN+l.EndToEnd != "" || l.STAN != 0) || l.EndToEnd != "" && l.EndToEnd != "e2e-"+r.name {
			t.Errorf("%s is told what was told to somebody else: %s", r.name, line)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s was told %d lines, want %d: %s", r.name, len(got), len(want), difference(got, want))
	}
	expected := map[string][]string{
		"BANKA":  {"configured", "signed_on", "requested", "resolving", "resolved", "debiting", "debited", "crediting", "credited", "declined", "reversing", "reversed", "reversal_stuck", "exception", "in_doubt", "deemed", "repeated", "conflict"},
		"QUIETC": {"requested", "debiting", "reversing", "reversed"},
		"QUIETD": {"crediting", "in_doubt", "deemed", "exception"},
	}
	for _, event := range expected[r.name] {
		if !seen[event] {
			t.Errorf("%s has not seen %s", r.name, event)
		}
	}
}

// difference is where two lists begin to differ.
func difference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("line %d is %q, want %q", i, got[i], want[i])
		}
	}
	return "one is the beginning of the other"
}
