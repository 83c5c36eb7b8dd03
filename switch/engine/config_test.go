package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
)

// crowd is a configuration of n participants with so many handles each.
func crowd(n, handles int) payment.Config {
	c := testConfig(time.Minute)
	like := c.Participants[0]
	c.Participants = nil
	for i := range n {
		p := like
		p.ID, p.Institution, p.IFSCPrefixes, p.Handles = fmt.Sprintf("BANK%04d", i), fmt.Sprint(100_000+i), []string{string([]byte{'B', 'A' + byte(i/676), 'A' + byte(i/26%26), 'A' + byte(i%26)})}, nil
		for h := range handles {
			p.Handles = append(p.Handles, fmt.Sprintf("handle%dofbank%d", h, i))
		}
		c.Participants = append(c.Participants, p)
	}
	return c
}

// TestLargestConfig: as many participants as there may be are one record of the
// journal, and come back from it.
func TestLargestConfig(t *testing.T) {
	fs := vfs.NewMem()
	stop := start(openOn(t, fs, crowd(route.ParticipantsMax, 10)), &sink{})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	e := openOn(t, fs, payment.Config{Currency: 356, OpenMax: 10})
	if n := len(e.Config().Participants); n != route.ParticipantsMax {
		t.Errorf("%d participants have come back", n)
	}
	if err := start(e, &sink{})(); err != nil {
		t.Error(err)
	}
}

// TestConfigTooLarge: a configuration that is too large for a record is refused by
// the start.
func TestConfigTooLarge(t *testing.T) {
	s, err := state.Open("state", state.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = Open(Options{Log: journal.NewMemory(), State: s, Config: crowd(route.ParticipantsMax, 250), Clock: clockOf})
	if err == nil || !strings.Contains(err.Error(), "a configuration of") {
		t.Error(err)
	}
}
