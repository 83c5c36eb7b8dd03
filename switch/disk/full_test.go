package disk

import (
	"maps"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
)

const mib = int64(1) << 20

// TestFullThenFreed: somebody fills the disk to below the reserve. New payments are
// declined, open ones finish, nothing is lost, and with room again payments are
// taken, all without an operator.
func TestFullThenFreed(t *testing.T) {
	q := newQuota(vfs.NewMem(), 1<<30)
	h := newHub(t, q)
	h.starts(Options{Reserve: 128 * mib, Ballast: 16 * mib})
	h.pay(100)
	h.waiting(0)
	h.set(func() { h.silent = true })
	h.pay(200)
	h.waiting(200)
	q.leave(127 * mib)
	h.w.look()
	h.pay(50)
	if h.declined != 50 || h.w.State() != Reserve || h.w.Check() == nil {
		t.Fatalf("%d declined in state %v: %v", h.declined, h.w.State(), h.w.Check())
	}
	q.leave(least(200) - 1)
	h.w.look()
	if q.bulk != 0 {
		t.Error("the ballast was not given up")
	}
	h.speak()
	h.waiting(0)
	if n := h.total(payment.Success); n != 300 {
		t.Errorf("%d payments have succeeded, want 300", n)
	}
	q.leave(512 * mib)
	h.w.look()
	if q.bulk != 16*mib {
		t.Error("the ballast was not made again")
	}
	h.pay(50)
	h.waiting(0)
	if h.declined != 50 || h.w.Check() != nil {
		t.Errorf("%d declined after the disk was freed: %v", h.declined, h.w.Check())
	}
	h.stops()
	h.starts(Options{Reserve: 128 * mib})
	if n := h.total(payment.Success); n != 350 || len(h.told) != 350 {
		t.Errorf("after a restart %d payments have succeeded and %d were told, want 350", n, len(h.told))
	}
	h.stops()
}

// TestLeastIsEnough: what the watch says that open payments need is enough to finish
// them, each answer in a group of its own, and to stop in good order. The figure for
// one payment has a margin and is not far off.
func TestLeastIsEnough(t *testing.T) {
	const n = 1000
	for name, reversed := range map[string]bool{"credited": false, "reversed": true} {
		q := newQuota(vfs.NewMem(), 1<<30)
		h := newHub(t, q)
		h.starts(Options{Reserve: 32 * mib})
		h.set(func() { h.silent, h.slow, h.refuse = true, true, reversed })
		h.pay(n)
		h.waiting(n)
		q.leave(least(n))
		before := q.used("/")
		h.speak()
		h.waiting(0)
		h.stops()
		each := (q.most - before) / n
		t.Logf("%s: at most %d bytes for one of %d open payments", name, each, n)
		if each > paymentBytes || each < paymentBytes/8 {
			t.Errorf("%s: one open payment took %d bytes, paymentBytes is %d", name, each, paymentBytes)
		}
	}
}

// TestReserveJumpedOver: the disk is full before anybody has looked. The store that
// cannot write stops everything with one clear reason; without room the start is
// refused; with room what the sender was told is there.
func TestReserveJumpedOver(t *testing.T) {
	for _, unsynced := range []int{0, 50, 100} {
		mem := vfs.NewCrashableMem()
		q := newQuota(mem, 1<<30)
		h := newHub(t, q)
		h.starts(Options{Reserve: 128 * mib})
		h.pay(100)
		q.leave(5 << 10)
		err := h.untilFatal()
		if text := err.Error(); !strings.Contains(text, syscall.ENOSPC.Error()) || strings.Contains(text, "\n") {
			t.Errorf("it stopped with %q", text)
		}
		var told map[uint32]payment.Outcome
		h.set(func() { told = maps.Clone(h.told) })
		crashed := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rand.New(rand.NewPCG(7, uint64(unsynced)))})
		again := newHub(t, newQuota(crashed, 1<<30))
		again.disk.leave(0)
		if err := again.open(Options{Reserve: 128 * mib}); err == nil || !strings.Contains(err.Error(), "make room and start again") {
			t.Fatalf("a start on the full disk: %v", err)
		}
		again.disk.leave(512 * mib)
		again.starts(Options{Reserve: 128 * mib})
		if n := again.total(payment.Success); n < len(told) || len(told) == 0 {
			t.Errorf("%d were told of success, %d payments have succeeded", len(told), n)
		}
		again.stops()
	}
}

// untilFatal has links come and go, which is recorded, until a store cannot go on.
func (h *hub) untilFatal() error {
	for {
		_, _ = h.e.Submit([]payment.Event{{Kind: payment.LinkUp, From: 0}}) // the queue may be full
		select {
		case err := <-h.fatal:
			return err
		default:
		}
	}
}
