package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/payment"
)

// TestProgress: a replay says how far it is, its metrics can be asked for all the while,
// and one that is ended goes on in the next start where it was.
func TestProgress(t *testing.T) {
	fs := vfs.NewCrashableMem()
	never := LoadStep{Fill: 100, Commit: time.Hour} // however slow this machine is
	e := openWith(t, fs, Options{Config: testConfig(time.Minute), Clock: clockOf, Load: LoadSteps{never, never, never, never}})
	stop := start(e, &sink{})
	const requests = 2*replayGroup + 10
	for stan := range uint32(requests) {
		request := push(stan + 1)
		request.Text.Set(payment.PayeeIFSC, []byte("ZZZZ0000001")) // declined at once
		submit(t, e, request)
		if stan%64 == 0 {
			totals(t, e) // lets the writer come by, so that the queue is not full
		}
	}
	for known := 0; known < requests; known, _ = totals(t, e) {
	}
	crashed := fs.CrashClone(vfs.CrashCloneCfg{}) // with the journal, and without rows
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	var said []string
	enough := errors.New("enough")
	o := Options{Config: testConfig(time.Minute), Clock: clockOf}
	o.Log, o.State = stores(t, crashed, nil)
	all := o.Log.Next() - 1
	attempt := func(limit uint64) (*Engine, []string, error) {
		said = nil
		registry := prometheus.NewRegistry()
		o.Registry = registry
		o.Progress = func(done, of uint64) error {
			said = append(said, fmt.Sprint(done, " of ", of))
			if families, err := registry.Gather(); err != nil || len(families) == 0 {
				t.Errorf("%d families of metrics, %v", len(families), err)
			}
			if done == limit {
				return enough
			}
			return nil
		}
		e, err := Open(o)
		return e, said, err
	}
	if _, said, err := attempt(0); !errors.Is(err, enough) || !slices.Equal(said, []string{fmt.Sprint("0 of ", all)}) {
		t.Errorf("ended at once: %v, %v", said, err)
	}
	if _, said, err := attempt(replayGroup); !errors.Is(err, enough) || !slices.Equal(said, []string{fmt.Sprint("0 of ", all), fmt.Sprint("1024 of ", all)}) {
		t.Errorf("ended after a group: %v, %v", said, err)
	}
	again, said, err := attempt(all + 1)
	if rest := all - replayGroup; err != nil || !slices.Equal(said, []string{fmt.Sprint("0 of ", rest), fmt.Sprint("1024 of ", rest)}) {
		t.Fatalf("the next start: %v, %v", said, err)
	}
	stop = start(again, &sink{})
	if known, _ := totals(t, again); known != requests {
		t.Errorf("%d payments are known, want %d", known, requests)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
