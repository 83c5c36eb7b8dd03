package payshield

import (
	"context"

	"switchd/hsm"
)

// Describe is what the key table says of the active key of a name. The HSM is not asked.
func (m *Module) Describe(_ context.Context, key hsm.KeyRef) (hsm.KeyInfo, error) {
	return m.keys.describe(key)
}

// ReadTable reads a key table as a start does, beside a switch that may be running, and
// gives what Describe says of its keys. A table that is not there is empty.
func ReadTable(path string, clock func() int64) (describe func(hsm.KeyRef) (hsm.KeyInfo, error), err error) {
	t, err := readTable(path, clock)
	if err != nil {
		return nil, err
	}
	return t.describe, nil
}

func (t *table) describe(key hsm.KeyRef) (hsm.KeyInfo, error) {
	k, err := t.find(key)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	return k.info(), nil
}
