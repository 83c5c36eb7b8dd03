package soft

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"

	"switchd/hsm"
	"switchd/hsm/unlock"
)

// A key file is a header in the clear and the content, sealed with AES-256-GCM as a
// whole; the header is authenticated with it. The sealing key is made of the root and
// the salt (HKDF-SHA-256), the root is the key, or comes of the passphrase and the salt
// (argon2id). Each write draws a nonce.
//
//	"SWKEYS" | version 1 = 1 | root 1 | passes 2 | threads 1 | 0 1 | memory in KiB 4 | salt 16 | nonce 12
const (
	magic      = "SWKEYS"
	version    = 1
	headBytes  = 44
	saltAt     = 16
	saltBytes  = 16
	nonceAt    = saltAt + saltBytes
	nonceBytes = headBytes - nonceAt
	tagBytes   = 16
	rootBytes  = 32

	fileBytesMax = headBytes + contentBytesMax + tagBytes
)

// Where the root of a file comes from.
const (
	rootPassphrase byte = 1 // argon2id
	rootKey        byte = 2
)

// Cost is what it takes to try a passphrase (argon2id, RFC 9106).
type Cost struct {
	MemoryKiB uint32 // default 64 MiB, 8 to 256
	Passes    uint16 // default 3, 1 to 10
	Threads   uint8  // default 4, 1 to 16
}

// validate bounds what a file can make this process do: it is read before anything
// proves who has written it.
func (c Cost) validate() error {
	if c.MemoryKiB < 8<<10 || c.MemoryKiB > 256<<10 || c.Passes < 1 || c.Passes > 10 || c.Threads < 1 || c.Threads > 16 {
		return errors.New("hsm/soft: the cost of a passphrase is 8 to 256 MiB, 1 to 10 passes, 1 to 16 threads")
	}
	return nil
}

// passphraseMin is the shortest passphrase of a new file, in bytes.
const passphraseMin = 12

// header is the readable part of a key file.
type header struct {
	root  byte
	cost  Cost // zero for a root that is a key
	salt  [saltBytes]byte
	nonce [nonceBytes]byte
}

func (h *header) encode() []byte {
	b := make([]byte, 0, headBytes)
	b = append(append(b, magic...), version, h.root)
	b = binary.BigEndian.AppendUint16(b, h.cost.Passes)
	b = append(b, h.cost.Threads, 0)
	b = binary.BigEndian.AppendUint32(b, h.cost.MemoryKiB)
	b = append(b, h.salt[:]...)
	return append(b, h.nonce[:]...)
}

// parseHeader reads a header, bounds included.
func parseHeader(b []byte) (*header, error) {
	if len(b) < headBytes+tagBytes || string(b[:len(magic)]) != magic {
		return nil, errors.New("it is no key file")
	}
	if b[6] != version {
		return nil, fmt.Errorf("it has version %d, this is for version %d", b[6], version)
	}
	h := &header{root: b[7], cost: Cost{Passes: binary.BigEndian.Uint16(b[8:]), Threads: b[10], MemoryKiB: binary.BigEndian.Uint32(b[12:])}}
	copy(h.salt[:], b[saltAt:])
	copy(h.nonce[:], b[nonceAt:headBytes])
	switch {
	case b[11] != 0, h.root != rootPassphrase && h.root != rootKey, h.root == rootKey && h.cost != (Cost{}):
		return nil, errors.New("its header is damaged")
	case h.root == rootPassphrase && h.cost.validate() != nil:
		return nil, errors.New("its header asks for more memory or time than a passphrase may cost")
	}
	return h, nil
}

// rootOf makes the root of a file.
func (h *header) rootOf(o *Options) (hsm.Secret, error) {
	switch {
	case h.root == rootKey && o.Key.Len() == 0:
		return hsm.Secret{}, errors.New("it is sealed under a key, not a passphrase")
	case h.root == rootKey:
		return hsm.CopySecret(o.Key.Reveal()), nil
	case o.Passphrase.Len() == 0:
		return hsm.Secret{}, errors.New("it is sealed under a passphrase, not a key")
	}
	return hsm.NewSecret(argon2.IDKey(o.Passphrase.Reveal(), h.salt[:], uint32(h.cost.Passes), h.cost.MemoryKiB, h.cost.Threads, rootBytes)), nil
}

// sealer is the cipher of a file.
func (h *header) sealer(root hsm.Secret) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, root.Reveal(), h.salt[:], "switchd hsm/soft file", rootBytes)
	if err != nil {
		return nil, err
	}
	defer clear(k)
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal makes the whole file, under a new nonce.
func (h *header) seal(root hsm.Secret, t table) ([]byte, error) {
	content, err := t.encode()
	if err != nil {
		return nil, err
	}
	defer clear(content)
	a, err := h.sealer(root)
	if err != nil {
		return nil, err
	}
	rand.Read(h.nonce[:])
	return a.Seal(h.encode(), h.nonce[:], content, h.encode()), nil
}

// unseal reads a whole file.
func unseal(file []byte, o *Options) (*header, hsm.Secret, table, error) {
	h, err := parseHeader(file)
	if err != nil {
		return nil, hsm.Secret{}, nil, err
	}
	root, err := h.rootOf(o)
	if err != nil {
		return nil, hsm.Secret{}, nil, err
	}
	t, err := h.open(root, file, o.KeysMax)
	if err != nil {
		root.Wipe()
		return nil, hsm.Secret{}, nil, err
	}
	return h, root, t, nil
}

func (h *header) open(root hsm.Secret, file []byte, keysMax int) (table, error) {
	a, err := h.sealer(root)
	if err != nil {
		return nil, err
	}
	content, err := a.Open(nil, h.nonce[:], file[headBytes:], file[:headBytes])
	if err != nil {
		what := "passphrase"
		if h.root == rootKey {
			what = "key"
		}
		return nil, fmt.Errorf("%w: the %s does not open it: it is wrong, or the file was changed", hsm.ErrVerify, what)
	}
	defer clear(content)
	return decode(content, keysMax)
}

// ErrInUse is wrapped by the error about a key file that has a writer.
var ErrInUse = errors.New("another process has it open and may write to it")

// keyFile is the file of an open module.
type keyFile struct {
	path string
	head *header
	root hsm.Secret // of a writer
	lock *os.File   // of a writer
	disk disk
}

// createFile makes a file without a key.
func createFile(o Options) (*keyFile, table, error) {
	if n := o.Passphrase.Len(); n > 0 && n < passphraseMin {
		return nil, nil, fmt.Errorf("hsm/soft: a passphrase has %d characters at least", passphraseMin)
	}
	if o.ReadOnly {
		return nil, nil, errors.New("hsm/soft: a new key file is not for reading only")
	}
	f, err := lockFile(o.Path)
	if err != nil {
		return nil, nil, err
	}
	if err = f.fresh(&o); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("hsm/soft: %s: %w", o.Path, err), f.close())
	}
	return f, table{}, nil
}

// fresh writes the file for the first time.
func (f *keyFile) fresh(o *Options) (err error) {
	if _, err := os.Lstat(f.path); err == nil {
		return errors.New("it is there already")
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f.head = &header{root: rootKey}
	if o.Passphrase.Len() > 0 {
		f.head = &header{root: rootPassphrase, cost: o.Cost}
	}
	rand.Read(f.head.salt[:])
	if f.root, err = f.head.rootOf(o); err != nil {
		return err
	}
	return f.save(table{})
}

// openFile reads a file, and locks it for a writer first.
func openFile(o Options) (*keyFile, table, error) {
	f := &keyFile{path: o.Path}
	if !o.ReadOnly {
		// The file itself is locked and replaced, not a link to it: two links would be two
		// locks, and the first change would put a file in the place of the link.
		path, err := filepath.EvalSymlinks(o.Path)
		if err != nil {
			return nil, nil, unopened(o.Path, err)
		}
		if f, err = lockFile(path); err != nil {
			return nil, nil, err
		}
	}
	t, err := f.load(&o)
	if err != nil {
		return nil, nil, errors.Join(unopened(o.Path, err), f.close())
	}
	return f, t, nil
}

func (f *keyFile) load(o *Options) (table, error) {
	b, err := unlock.File(f.path, fileBytesMax)
	if err != nil {
		return nil, err
	}
	h, root, t, err := unseal(b, o)
	if err != nil {
		return nil, err
	}
	f.head = h
	if f.root = root; o.ReadOnly {
		f.root.Wipe()
	}
	return t, nil
}

// save puts the keys into the file, as a whole or not at all.
func (f *keyFile) save(t table) error {
	sealed, err := f.head.seal(f.root, t)
	if err != nil {
		return err
	}
	return f.disk.replace(f.path, sealed)
}

// close wipes the root and gives the lock back.
func (f *keyFile) close() error {
	f.root.Wipe()
	if f.lock == nil {
		return nil
	}
	lock := f.lock
	f.lock = nil
	return unlockFile(lock)
}
