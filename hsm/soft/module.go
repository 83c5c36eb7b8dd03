package soft

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"switchd/hsm"
	"switchd/hsm/rule"
)

// Module is the software module. All methods are safe for concurrent use.
type Module struct {
	o    Options
	file *keyFile // nil for keys in memory only

	writing sync.Mutex   // one change at a time, its write to the disk included
	mu      sync.RWMutex // guards keys: calls read, the end of a change and Close write
	keys    table        // nil after Close
}

var (
	_ hsm.Keeper = (*Module)(nil)
	_ hsm.Prompt = (*Module)(nil)
)

// New makes a module whose keys are in memory only.
func New(o Options) (*Module, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	if o.Path != "" {
		return nil, errors.New("hsm/soft: a module with a file is created or opened")
	}
	return &Module{o: o, keys: table{}}, nil
}

// Create makes a key file without a key; there must be none yet. The module is its
// writer.
func Create(o Options) (*Module, error) { return withFile(o, createFile) }

// Open reads a key file. Unless it is for reading only, the module is the file's one
// writer until Close; a second one is refused.
func Open(o Options) (*Module, error) { return withFile(o, openFile) }

func withFile(o Options, get func(Options) (*keyFile, table, error)) (*Module, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	if o.Path == "" {
		return nil, errors.New("hsm/soft: Path is required")
	}
	f, keys, err := get(o)
	if err != nil {
		return nil, err
	}
	o.Passphrase, o.Key = hsm.Secret{}, hsm.Secret{}
	return &Module{o: o, file: f, keys: keys}, nil
}

// Close wipes all keys and lets the file go; calls that are inside finish first, and
// later ones are refused. It may be called again.
func (m *Module) Close() error {
	m.writing.Lock()
	defer m.writing.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys.wipe(nil)
	m.keys = nil
	if m.file == nil {
		return nil
	}
	return m.file.close()
}

// Banner is what a command says before it uses this module.
func (m *Module) Banner() string {
	return "HSM in software, for development and tests only: the keys are in the memory of this process. Not for production."
}

// Prompt says which calls are prompt: those of messages, which take some microseconds by
// a symmetric key. What they may wait for is one table of keys taking the place of another.
func (m *Module) Prompt(op hsm.Op) bool {
	return op == hsm.OpMAC || op == hsm.OpVerifyMAC || op == hsm.OpTranslatePIN
}

// Health tells that there is no hardware.
func (m *Module) Health(ctx context.Context) (hsm.Health, error) {
	if err := m.enter(ctx); err != nil {
		return hsm.Health{}, err
	}
	defer m.mu.RUnlock()
	return hsm.Health{Driver: "soft", Detail: fmt.Sprintf("development only, %d keys", m.keys.count())}, nil
}

// enter begins a call, which ends with m.mu.RUnlock.
func (m *Module) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &hsm.Fault{Kind: hsm.ErrTimeout, Cause: err}
	}
	m.mu.RLock()
	if m.keys == nil {
		m.mu.RUnlock()
		return closed()
	}
	return nil
}

func closed() error { return &hsm.Fault{Kind: hsm.ErrDown, Cause: errors.New("the module is closed")} }

// active is the key of a name that something is made with.
func (m *Module) active(ref hsm.KeyRef, r *rule.Right) (*key, error) {
	ring := m.keys[ref]
	if len(ring) == 0 {
		return nil, unknown(ref)
	}
	if err := ring[0].refuses(r, m.o.Clock()); err != nil {
		return nil, err
	}
	return ring[0], nil
}

// refuses tells why a key may not do something now, nil if it may.
func (k *key) refuses(r *rule.Right, now int64) error { return r.Refuses(&k.KeyInfo, now) }

func unknown(ref hsm.KeyRef) error {
	if !ref.Valid() {
		return fmt.Errorf("%w: that is no name of a key", hsm.ErrKey)
	}
	return fmt.Errorf("%w: there is no key %s", hsm.ErrKey, ref)
}

// try reads with the keys of a name that may, the active one first, until one fits. If
// none does, the error is that of the first.
func (m *Module) try(ref hsm.KeyRef, r *rule.Right, read func(*key) error) error {
	now := m.o.Clock()
	var failed, refused error
	for _, k := range m.keys[ref] {
		if err := k.refuses(r, now); err != nil {
			if refused == nil {
				refused = err
			}
			continue
		}
		err := read(k)
		if err == nil {
			return nil
		}
		if failed == nil {
			failed = err
		}
	}
	switch {
	case failed != nil:
		return failed
	case refused != nil:
		return refused
	}
	return unknown(ref)
}

// change edits a copy of the table, writes it to the file and puts it in the place of
// the present one. What fails has changed nothing, but for a Fault that says otherwise.
func (m *Module) change(ctx context.Context, edit func(table) error) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	if err := m.enter(ctx); err != nil {
		return err
	}
	fresh := maps.Clone(m.keys)
	m.mu.RUnlock()
	if m.o.ReadOnly {
		return fmt.Errorf("%w: the key file is open for reading only", hsm.ErrDenied)
	}
	if err := edit(fresh); err != nil {
		return err
	}
	if n := fresh.count(); n > m.o.KeysMax {
		return fmt.Errorf("%w: there would be more than %d keys", hsm.ErrDenied, m.o.KeysMax)
	}
	if m.file != nil {
		if err := m.file.save(fresh); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys.wipe(fresh)
	m.keys = fresh
	return nil
}
