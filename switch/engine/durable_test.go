package engine

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/state"
)

// gate holds up every fsync of the journal while it is shut.
type gate struct {
	shut  atomic.Bool
	held  chan struct{} // an fsync waits
	leave chan struct{} // closed: it may go on
}

// MaybeError is asked before every operation.
func (g *gate) MaybeError(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
		if g.shut.Load() {
			select {
			case g.held <- struct{}{}:
			default:
			}
			<-g.leave
		}
	}
	return nil
}

// String names the gate in errors.
func (g *gate) String() string { return "gate" }

// TestReadersSeeWhatIsDurable: a payment that the journal has and the disk has not
// is in no search; it is as soon as the fsync is done, without a flush.
func TestReadersSeeWhatIsDurable(t *testing.T) {
	g := &gate{held: make(chan struct{}, 1), leave: make(chan struct{})}
	j, err := journal.OpenPebble("journal", journal.Options{FS: errorfs.Wrap(vfs.NewMem(), g)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := state.Open("state", state.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(Options{Log: j, State: s, Config: testConfig(time.Minute), Clock: clockOf})
	if err != nil {
		t.Fatal(err)
	}
	out := &sink{sent: make(chan string, 10)}
	stop := start(e, out)
	submit(t, e, links()...)
	if known, _ := totals(t, e); known != 0 {
		t.Fatalf("%d payments before the first", known)
	}
	found := func() []payment.Payment {
		t.Helper()
		page, err := s.Search(state.Query{Account: "a"})
		if err != nil {
			t.Fatal(err)
		}
		return page.Payments
	}
	g.shut.Store(true)
	submit(t, e, push(1))
	<-g.held        // the payment is written, and its fsync does not return
	for range 200 { // a writer that does not wait would have come by long since
		if got := found(); len(got) != 0 {
			t.Fatalf("payment %d was found, and is not durable", got[0].ID)
		}
		runtime.Gosched()
	}
	if n := s.Applied(); n >= j.Next()-1 {
		t.Errorf("rows have the effect of %d events, the disk has less than %d", n, j.Next()-1)
	}
	g.shut.Store(false)
	close(g.leave)
	<-out.sent                                // the debit has left
	if known, _ := totals(t, e); known != 1 { // and the group's rows are committed
		t.Fatalf("%d payments", known)
	}
	if got := found(); len(got) != 1 || got[0].State != payment.DebitSent {
		t.Errorf("found %d payments that are durable", len(got))
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
