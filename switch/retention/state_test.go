package retention

import "testing"

// TestNothingToForget: without a payment that is old enough, as in a new folder, no
// event is made of it.
func TestNothingToForget(t *testing.T) {
	w := newWorld(t, 3)
	w.run()
	if w.rows.known != 0 {
		t.Errorf("in a new folder the payments below %d are forgotten", w.rows.known)
	}
	w.write(40)
	w.run()
	if w.rows.known == 0 {
		t.Error("nothing is forgotten: this proves nothing")
	}
}
