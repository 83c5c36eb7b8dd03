package disk

import "fmt"

// Suspect has the next switch on a data folder decline marked repeats of requests
// that it does not know, until their senders no longer come back: for a folder that
// was restored, whose last requests are lost. What became of them elsewhere nobody
// here knows, and a second debit is worse than a no.
func Suspect(d Disk) error {
	if err := d.Note((&suspects{all: still}).text()); err != nil {
		return fmt.Errorf("data folder %s: the note about lost requests: %w", d, err)
	}
	return nil
}
