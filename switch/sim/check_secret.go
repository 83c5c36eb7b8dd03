package sim

import "bytes"

// secrets: the senders put a card number, a track and a PIN block into every
// request. None of them is in the journal, in a row or in the process's log.
func (j *judge) secrets() {
	look := func(where string, b []byte) {
		for what, secret := range map[string]string{"card number": secretPAN, "track": secretTrack, "PIN block": secretPIN} {
			if bytes.Contains(b, []byte(secret)) {
				j.violation("secret", 0, "a %s is in the %s", what, where)
			}
		}
	}
	_ = j.w.log.Replay(1, func(_ uint64, record []byte) error {
		look("journal", record)
		return nil
	})
	for _, row := range j.w.rows.all {
		look("state store", row)
	}
	look("log", j.said.Bytes())
}
