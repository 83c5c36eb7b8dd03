package faultline

import (
	"fmt"
	"time"
)

// Direction is where bytes go.
type Direction uint8

// The directions, as whoever has connected sees them.
const (
	Up         Direction = iota // to the target
	Down                        // from the target
	directions                  // how many there are
)

// End is how a connection ends, or a direction of it.
type End uint8

// The ends.
const (
	// Never leaves it as it is: After and Lose mean nothing.
	Never End = iota
	// Reset resets both connections. What one has not been sent yet is lost.
	Reset
	// Close ends both connections in good order, behind what they have been sent. A peer
	// that sends at this moment sees a reset, as it does everywhere.
	Close
	// HalfClose ends this direction in good order. The other goes on.
	HalfClose
	// Silence loses what is sent this way from here on, the end of it included, and
	// tells nobody: the receiver has a connection that is half-open. Writes of the
	// sender succeed, as they do until a kernel gives up.
	Silence
)

// Way is how the bytes of one direction travel. The zero Way lets them pass.
type Way struct {
	Delay   time.Duration // how much later bytes come, and the end behind them
	Jitter  time.Duration // up to so much more, by chance; their order stays
	Rate    int           // bytes per second; 0: no limit
	Segment int           // bytes of one write at most; 0: no limit
	After   int64         // how many pass before Then
	Lose    int64         // how many are lost behind those, before Then
	Then    End
}

// validate names what no line can do.
func (w *Way) validate() error {
	if w.Delay < 0 || w.Jitter < 0 || w.Rate < 0 || w.Segment < 0 || w.After < 0 || w.Lose < 0 || w.Then > Silence {
		return fmt.Errorf("faultline: a way cannot be %+v", *w)
	}
	return nil
}
