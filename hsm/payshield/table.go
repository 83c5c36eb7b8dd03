package payshield

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
	"switchd/hsm/rule"
)

// Limits of a key table.
const (
	tableVersion = 1
	tableMax     = 8 << 20 // bytes
	keysMax      = 10000
)

// entry is a key as the table has it: its name, the key under the LMK, and what may be
// done with it.
type entry struct {
	Name      hsm.KeyRef `json:"name"`
	Key       string     `json:"key"`
	Usage     hsm.Usage  `json:"usage"`
	Algorithm string     `json:"algorithm"`
	Mode      string     `json:"mode"`
	Export    string     `json:"export"`
	Type      string     `json:"type,omitempty"` // of a key that is no key block, where its usage does not say it
	Bits      int        `json:"bits,omitempty"`
	KCV       string     `json:"kcv,omitempty"`
	Version   uint32     `json:"version,omitempty"` // counts the keys of a name
	Until     int64      `json:"until,omitempty"`   // of a key that was replaced: when it ends, in UTC nanoseconds
	Past      string     `json:"past,omitempty"`    // of the active key: check values of those that are no longer in the table

	lmk string // check value of the LMK of who gave the key, if that was not the file
}

// tableFile is the form of the file.
type tableFile struct {
	Version int     `json:"version"`
	LMK     string  `json:"lmk,omitempty"` // check value of the LMK that the keys are under
	Keys    []entry `json:"keys"`
}

// table is the keys that the module may be asked to use: of a name the newest first,
// which is the active one; those after it were replaced and read until their end.
type table struct {
	path  string
	clock func() int64

	writing sync.Mutex        // one change at a time, its write to the disk included
	sum     [sha256.Size]byte // of the file as it was read or written last; guarded by writing
	tried   *trial            // a write that failed, until it is known what the file has; guarded by writing
	write   func(path string, text []byte) error

	mu       sync.RWMutex // guards all below
	lmk      string
	keys     map[hsm.KeyRef][]*entry
	reserved map[hsm.KeyRef]bool // names of keys that are being made
}

// readTable reads a table; one that is not there is empty.
func readTable(path string, clock func() int64) (*table, error) {
	t := &table{path: path, clock: clock, write: replace, keys: map[hsm.KeyRef][]*entry{}, reserved: map[hsm.KeyRef]bool{}}
	text, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, fmt.Errorf("payshield: key table: %w", err)
	}
	t.sum = sha256.Sum256(text)
	if err := t.parse(text); err != nil {
		return nil, fmt.Errorf("payshield: key table %s: %w", path, err)
	}
	return t, nil
}

// parse takes a table's text: every name known, every value as it must be.
func (t *table) parse(text []byte) error {
	var file tableFile
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&file); err != nil {
		return err
	}
	if _, err := in.Token(); err != io.EOF {
		return errors.New("there is more after the table")
	}
	check := wire.Take([]byte(file.LMK))
	switch {
	case file.Version != tableVersion:
		return fmt.Errorf("version %d is not %d", file.Version, tableVersion)
	case file.LMK != "" && (check.Hex(16) == nil || !check.Done()):
		return errors.New("lmk is not 16 hexadecimal digits in capitals")
	case len(file.Keys) > keysMax:
		return fmt.Errorf("%d keys, where %d are taken", len(file.Keys), keysMax)
	}
	var faults []error
	for i := range file.Keys {
		if err := t.load(&file.Keys[i]); err != nil {
			faults = append(faults, fmt.Errorf("key %d: %w", i+1, err))
		}
	}
	t.lmk = file.LMK
	return errors.Join(faults...)
}

// load takes an entry of the file: of a name the active one first.
func (t *table) load(k *entry) error {
	if err := k.validate(); err != nil {
		return err
	}
	ring := t.keys[k.Name]
	switch {
	case len(ring) == 0 && k.Until != 0:
		return errors.New("it has an end, and no newer key is before it")
	case len(ring) > 0 && (k.Until == 0 || k.Version >= ring[len(ring)-1].Version):
		return errors.New("its name is there already, and it is no older key with an end")
	case len(ring) > 0 && k.Past != "":
		return errors.New("past is for the newest key of a name")
	}
	t.keys[k.Name] = append(ring, k)
	return nil
}

// validate refuses an entry that is malformed, or that says something else than its key
// block does.
func (k *entry) validate() error {
	if !k.Name.Valid() {
		return errors.New("its name must be 1 to 64 of a-z, 0-9, '.', '-', '/'")
	}
	_, badCheck := k.check()
	past, badPast := k.past()
	switch {
	case k.Key == "" || wire.KeyLen([]byte(k.Key)) != len(k.Key) || k.Key[0] == wire.SchemeTR31:
		return fmt.Errorf("%s: it is no key of scheme S, U, T or Z", k.Name)
	case !k.known():
		return fmt.Errorf("%s: usage, algorithm, mode or export is not known", k.Name)
	case k.Bits != 0 && !k.algorithm().Fits(k.Bits/8) || k.Bits%8 != 0:
		return fmt.Errorf("%s: %s has no keys of %d bits", k.Name, k.algorithm(), k.Bits)
	case badCheck != nil:
		return fmt.Errorf("%s: kcv is not 6 to 10 hexadecimal digits", k.Name)
	case badPast != nil || len(past) > rule.PastMax:
		return fmt.Errorf("%s: past is not up to %d check values of 6 to 10 hexadecimal digits", k.Name, rule.PastMax)
	case !k.isBlock():
		return fmt.Errorf("%s: its key block says something else than its entry", k.Name)
	}
	return k.validateType()
}

// Entry is the text of an entry in a key table: a key under the LMK, its limits, and its
// type where its usage does not say it. Keys that a ceremony at the module has made come
// into the table in this way.
func Entry(key, kind string, i hsm.KeyInfo) ([]byte, error) {
	k := &entry{
		Name: i.Ref, Key: key, Usage: i.Usage, Algorithm: string(rune(i.Algorithm)), Mode: string(rune(i.Mode)), Export: string(rune(i.Export)),
		Type: kind, Bits: i.Bits,
	}
	if i.KCV != (hsm.KCV{}) {
		k.KCV = i.KCV.String()
	}
	if err := k.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", hsm.ErrKey, err)
	}
	return json.MarshalIndent(k, "", "\t")
}

// known tells whether the limits of the key are some that this switch knows.
func (k *entry) known() bool {
	return k.Usage.Known() && len(k.Algorithm) == 1 && strings.Contains("DTA", k.Algorithm) &&
		len(k.Mode) == 1 && k.mode().Known() && len(k.Export) == 1 && k.export().Known()
}

// isBlock tells whether the key's block, if it is one and says what this switch knows,
// says what its entry does.
func (k *entry) isBlock() bool {
	h, known := wire.KeyHeader(k.Key)
	return !known || sameUsage(h.Usage) == sameUsage(k.Usage) && h.Algorithm == k.algorithm() && h.Mode == k.mode() && h.Export == k.export()
}

// sameUsage takes K0 and K1 for one: a payShield calls the keys that wrap key blocks K0.
func sameUsage(u hsm.Usage) hsm.Usage {
	if u == hsm.KeyEncryption {
		return hsm.KeyProtection
	}
	return u
}

// validateType refuses a key that is no key block and whose type or length does not fit.
func (k *entry) validateType() error {
	bits := wire.KeyBits(k.Key[0])
	given := wire.Take([]byte(k.Type))
	switch {
	case k.Type != "" && (given.Hex(3) == nil || !given.Done()):
		return fmt.Errorf("%s: type is not three hexadecimal digits", k.Name)
	case k.keyType() == "":
		return fmt.Errorf("%s: a key of this usage needs a type, or to be a key block", k.Name)
	case bits != 0 && (k.algorithm() == hsm.AES || !k.algorithm().Fits(bits/8) || k.Bits != 0 && k.Bits != bits):
		return fmt.Errorf("%s: algorithm or bits are not those of its scheme", k.Name)
	}
	return nil
}

func (k *entry) algorithm() hsm.Algorithm { return hsm.Algorithm(k.Algorithm[0]) }
func (k *entry) mode() hsm.Mode           { return hsm.Mode(k.Mode[0]) }
func (k *entry) export() hsm.Export       { return hsm.Export(k.Export[0]) }

// check is the check value, zero if the table has none.
func (k *entry) check() (hsm.KCV, error) {
	if k.KCV == "" {
		return hsm.KCV{}, nil
	}
	b, err := hex.DecodeString(k.KCV)
	if err != nil {
		return hsm.KCV{}, err
	}
	return hsm.NewKCV(b)
}

// keyType is the type of a key for commands that name one.
func (k *entry) keyType() string {
	if k.Type != "" && k.Key[0] != wire.SchemeBlock {
		return k.Type
	}
	return wire.KeyType(k.Key[0], k.Usage)
}

// bits is the key's length, 0 if neither its scheme nor the table says it.
func (k *entry) bits() int {
	if n := wire.KeyBits(k.Key[0]); n != 0 {
		return n
	}
	return k.Bits
}

// info is what may be known of the key.
func (k *entry) info() hsm.KeyInfo {
	kcv, _ := k.check() // was looked at when the entry was made
	return hsm.KeyInfo{Ref: k.Name, Usage: k.Usage, Algorithm: k.algorithm(), Mode: k.mode(), Export: k.export(), Bits: k.bits(), KCV: kcv, Version: max(1, k.Version), State: hsm.StateActive}
}

// check is the check value of the LMK that the keys are under, "" if the table does not
// say it.
func (t *table) check() string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.lmk
}

// add puts a key into the table once the file has it, and gives the active one of its
// name: itself, or the one that was there, if both are the same key. The first key that
// an HSM gives says which LMK all keys are under.
func (t *table) add(k *entry, p placing) (*entry, error) {
	if err := k.validate(); err != nil {
		return nil, fmt.Errorf("%w: the HSM gave a key that the table does not take: %w", hsm.ErrBlock, err)
	}
	t.writing.Lock()
	defer t.writing.Unlock()
	if err := t.settle(); err != nil {
		return nil, err
	}
	t.mu.RLock()
	fresh := maps.Clone(t.keys)
	file := tableFile{Version: tableVersion, LMK: cmp.Or(t.lmk, k.lmk)}
	t.mu.RUnlock() // calls go on while the disk is written
	if k.lmk != file.LMK {
		return nil, fmt.Errorf("%w: %w", hsm.ErrDenied, otherLMK(k.lmk, file.LMK))
	}
	ring, err := k.place(fresh[k.Name], p, t.clock())
	if err != nil {
		return nil, err
	}
	if ring == nil {
		return fresh[k.Name][0], nil
	}
	fresh[k.Name] = ring
	for _, ref := range slices.Sorted(maps.Keys(fresh)) {
		for _, k := range fresh[ref] {
			file.Keys = append(file.Keys, *k)
		}
	}
	text, err := json.MarshalIndent(file, "", "\t")
	if err != nil {
		return nil, err
	}
	if len(text) >= tableMax || len(file.Keys) > keysMax { // which no start would read
		return nil, errTableFull
	}
	if err := t.unchanged(); err != nil {
		return nil, err
	}
	if err := t.save(&trial{text: append(text, '\n'), lmk: file.LMK, keys: fresh}); err != nil {
		return nil, err
	}
	return k, nil
}

// otherLMK is what is wrong with an HSM whose LMK is not the table's.
func otherLMK(has, want string) error {
	return fmt.Errorf("the LMK has the check value %s, and the keys of the table are under one with %s", has, want)
}
