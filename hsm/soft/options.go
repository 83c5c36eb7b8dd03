package soft

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"switchd/hsm"
)

// Options of a Module.
type Options struct {
	// Path of the key file. Without one the keys are in memory only and gone at the end.
	Path string
	// Passphrase or Key (32 bytes) that the file is sealed under: one of the two.
	// Neither is kept: the caller wipes them.
	Passphrase hsm.Secret
	Key        hsm.Secret
	// Cost of the passphrase, for Create; an existing file says its own.
	Cost Cost
	// ReadOnly opens a file beside its writer. Nothing can be changed, and what the
	// writer changes is not seen.
	ReadOnly bool

	Clock   func() int64 // required: UTC nanoseconds
	KeysMax int          // keys of all names and versions; default 4096, 1 to 65536
	Random  io.Reader    // safe for concurrent use; default crypto/rand
}

func (o Options) withDefaults() Options {
	if o.KeysMax == 0 {
		o.KeysMax = 4096
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Cost == (Cost{}) {
		o.Cost = Cost{MemoryKiB: 64 << 10, Passes: 3, Threads: 4}
	}
	return o
}

func (o Options) validate() error {
	var faults []error
	if o.Clock == nil {
		faults = append(faults, errors.New("hsm/soft: Clock is required"))
	}
	if o.KeysMax < 1 || o.KeysMax > 65536 {
		faults = append(faults, fmt.Errorf("hsm/soft: KeysMax %d is not 1 to 65536", o.KeysMax))
	}
	if err := o.Cost.validate(); err != nil {
		faults = append(faults, err)
	}
	if o.Path == "" && (o.ReadOnly || o.Passphrase.Len() > 0 || o.Key.Len() > 0) {
		faults = append(faults, errors.New("hsm/soft: keys without a file need no passphrase, and are not for reading only"))
	}
	if o.Path != "" && (o.Passphrase.Len() > 0) == (o.Key.Len() > 0) {
		faults = append(faults, errors.New("hsm/soft: a key file is sealed under a passphrase or a key, one of the two"))
	}
	if n := o.Key.Len(); n != 0 && n != rootBytes {
		faults = append(faults, fmt.Errorf("hsm/soft: the sealing key has %d bytes, not %d", n, rootBytes))
	}
	return errors.Join(faults...)
}
