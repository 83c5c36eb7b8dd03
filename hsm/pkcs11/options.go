//go:build pkcs11

package pkcs11

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"switchd/hsm"
)

// Options of a Module.
type Options struct {
	// Library is the path of the token's library, Token the label of the token.
	Library, Token string
	// PIN of the token's user. A copy is kept until Close, since a token that comes back
	// wants it again; the caller wipes his.
	PIN hsm.Secret

	Clock    func() int64  // required: UTC nanoseconds
	Sessions int           // calls inside the token at once; default 8, 1 to 256
	NamesMax int           // names of keys that are remembered; default 4096, 1 to 65536
	Fresh    time.Duration // how long what is remembered of a name counts, which another process may change; default 10 s
	Random   io.Reader     // safe for concurrent use; default crypto/rand
}

func (o Options) withDefaults() Options {
	if o.Sessions == 0 {
		o.Sessions = 8
	}
	if o.NamesMax == 0 {
		o.NamesMax = 4096
	}
	if o.Fresh == 0 {
		o.Fresh = 10 * time.Second
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return o
}

func (o Options) validate() error {
	var faults []error
	if o.Clock == nil || o.Library == "" || o.Token == "" || o.PIN.Len() == 0 {
		faults = append(faults, errors.New("hsm/pkcs11: Clock, Library, Token and PIN are required"))
	}
	if o.Sessions < 1 || o.Sessions > 256 {
		faults = append(faults, fmt.Errorf("hsm/pkcs11: Sessions %d is not 1 to 256", o.Sessions))
	}
	if o.NamesMax < 1 || o.NamesMax > 65536 {
		faults = append(faults, fmt.Errorf("hsm/pkcs11: NamesMax %d is not 1 to 65536", o.NamesMax))
	}
	if o.Fresh < 0 {
		faults = append(faults, fmt.Errorf("hsm/pkcs11: Fresh %s is negative", o.Fresh))
	}
	return errors.Join(faults...)
}
