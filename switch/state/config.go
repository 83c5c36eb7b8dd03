package state

import (
	"encoding/json"
	"fmt"

	"switchd/switch/payment"
)

// Config is the configuration in force, with the numbers of the participants; nil
// when there is none yet.
func (s *Store) Config() (*payment.Config, error) {
	v, err := s.view()
	if err != nil {
		return nil, err
	}
	defer v.close()
	text, err := row(v.rows, []byte{tagConfig})
	if err != nil || text == nil {
		return nil, err
	}
	c := new(payment.Config)
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("configuration in the state store: %w", err)
	}
	return c, nil
}
