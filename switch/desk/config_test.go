package desk

import (
	"errors"
	"testing"

	"switchd/switch/access"
	"switchd/switch/view"
)

// TestTheFileIsReadForThoseWhoMayActOnIt: and for so many at once.
func TestTheFileIsReadForThoseWhoMayActOnIt(t *testing.T) {
	reads, goOn := make(chan struct{}, filesMax), make(chan struct{})
	r := newRig(t, func(o *Options) {
		o.Pending = func() Pending {
			reads <- struct{}{}
			<-goOn
			return Pending{Changes: []string{"one"}}
		}
	})
	if v, err := r.Config(t.Context(), viewer); err != nil || v.Unread == "" || len(reads) != 0 {
		t.Errorf("a viewer: %+v, %v, %d reads", v, err, len(reads))
	}
	done := make(chan view.Config, filesMax)
	for range filesMax {
		go func() {
			v, err := r.Config(t.Context(), omar)
			if err != nil {
				t.Error(err)
			}
			done <- v
		}()
	}
	for range filesMax {
		<-reads
	}
	if _, err := r.Config(t.Context(), omar); !errors.Is(err, view.ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	close(goOn)
	for range filesMax {
		if v := <-done; len(v.Pending) != 1 || v.Unread != "" {
			t.Errorf("%+v", v)
		}
	}
}

// TestReasonOfTheConfiguration: it is shown as the deed's is.
func TestReasonOfTheConfiguration(t *testing.T) {
	r := newRig(t, func(o *Options) {
		force := o.Force()
		force.Reason = "for 4111111111111111"
		o.Force = func() Force { return force }
	})
	for c, want := range map[access.Caller]string{viewer: Hidden, omar: "********"} {
		if v, err := r.Config(t.Context(), c); err != nil || v.Reason != want {
			t.Errorf("%s sees %q, %v", c.Name, v.Reason, err)
		}
	}
}
