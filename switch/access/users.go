package access

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// Bounds of the file of users.
const (
	usersMax     = 256 // names; each token is compared with all of them
	entriesMax   = 1024
	fileBytesMax = 256 << 10
)

// openMode are the permission bits that the file must not have: who can write it can
// make himself a user. Its hashes may be read: nothing follows from them.
const openMode = 0o022

// Digest is the SHA-256 of a token. Tokens are 256 random bits, not words that people
// choose: nobody can guess one or list them all, so a plain hash gives nothing away, and
// a slow one (scrypt, argon2) would only let strangers keep the switch busy.
type Digest [sha256.Size]byte

// DigestOf is the digest of a token.
func DigestOf(token string) Digest { return sha256.Sum256([]byte(token)) }

// Users are those of a file. All methods are safe for concurrent use.
type Users struct {
	file string
	now  atomic.Pointer[list]

	mu   sync.Mutex // guards the rest: Watch and Reload look at the file
	held Digest     // content that is in force
	seen Digest     // content of the last look
	told string     // why the content is refused; "": it is not
}

// list is the content of a file. It does not change.
type list struct {
	callers      map[string]Caller // by name
	tokens       []tokenOf
	uris         map[string]string // name by SAN URI
	pins         map[Digest]string // name by the SHA-256 of the public key
	certificates bool
}

type tokenOf struct {
	digest Digest
	name   string
}

// Load reads a file of users. Its errors are of type Faults where the content is wrong.
func Load(file string) (*Users, error) {
	u := &Users{file: file}
	_, err := u.look(true)
	if err != nil {
		return nil, err
	}
	return u, nil
}

// File is where the users stand.
func (u *Users) File() string { return u.file }

// Len is how many users there are.
func (u *Users) Len() int { return len(u.now.Load().callers) }

// ByName is who has a name now, for what somebody has begun before.
func (u *Users) ByName(name string) (c Caller, known bool) {
	c, known = u.now.Load().callers[name]
	return c, known
}

// Certificates says whether some user is known by a certificate.
func (u *Users) Certificates() bool { return u.now.Load().certificates }

// ByDigest is who has the token of a digest. Each is compared with all of them, so that
// the time tells nothing about how much of one was right.
func (u *Users) ByDigest(d Digest) (c Caller, known bool) {
	l := u.now.Load()
	at := -1
	for i := range l.tokens {
		if subtle.ConstantTimeCompare(d[:], l.tokens[i].digest[:]) == 1 {
			at = i
		}
	}
	if at < 0 {
		return Caller{}, false
	}
	return l.callers[l.tokens[at].name], true
}

// ByToken is who has a token.
func (u *Users) ByToken(token string) (Caller, bool) {
	if len(token) > TokenBytesMax {
		return Caller{}, false
	}
	return u.ByDigest(DigestOf(token))
}

// TokenBytesMax bounds what is hashed for a stranger.
const TokenBytesMax = 256

// ByCertificate is whose certificate it is: by its public key, else by a URI of its
// names. The URI says something only of a certificate that an authority has vouched for.
func (u *Users) ByCertificate(c *x509.Certificate) (Caller, bool) {
	l := u.now.Load()
	if name, known := l.pins[sha256.Sum256(c.RawSubjectPublicKeyInfo)]; known {
		return l.callers[name], true
	}
	for _, uri := range c.URIs {
		if name, known := l.uris[uri.String()]; known {
			return l.callers[name], true
		}
	}
	return Caller{}, false
}

// Reload takes the file if it has changed, and says what is wrong with it; then the users
// of before stay.
func (u *Users) Reload() (changed bool, err error) { return u.look(true) }

// Watch is a look at the file, now and then: a change counts when two looks have seen it,
// so that the file is not taken while it is written. What is wrong is told once.
func (u *Users) Watch() (changed bool, err error) { return u.look(false) }

// Bad says whether the users in force are not what stands in the file, because that is not
// good.
func (u *Users) Bad() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.told != ""
}

func (u *Users) look(force bool) (changed bool, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	data, err := u.read()
	sum := Digest(sha256.Sum256(data))
	switch {
	case err == nil && sum == u.held && u.now.Load() != nil:
		u.seen, u.told = sum, ""
		return false, nil
	case err == nil && !force && sum != u.seen:
		u.seen = sum
		return false, nil
	}
	u.seen = sum
	var l *list
	if err == nil {
		l, err = parse(u.file, data)
	}
	if err != nil {
		again := !force && u.told == err.Error()
		u.told = err.Error()
		if again {
			return false, nil
		}
		return false, err
	}
	u.now.Store(l)
	u.held, u.told = sum, ""
	return true, nil
}

// read reads the file, which is a regular one, not too large and not open to others.
func (u *Users) read() ([]byte, error) {
	info, err := os.Stat(u.file) // before opening: a pipe would block
	if err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("users: %s is not a file", u.file)
	case info.Mode().Perm()&openMode != 0:
		return nil, fmt.Errorf("users: %s can be written by others (mode %04o): chmod 640 it", u.file, info.Mode().Perm())
	}
	f, err := os.Open(u.file)
	if err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, fileBytesMax+1))
	if err == nil && len(data) > fileBytesMax {
		err = fmt.Errorf("users: %s has more than %d bytes", u.file, fileBytesMax)
	}
	return data, err
}

// Parse reads what a file of users holds, for checks of it; file names it in errors.
func Parse(file string, data []byte) error {
	_, err := parse(file, data)
	return err
}

func parse(file string, data []byte) (*list, error) {
	p := parser{file: file, list: &list{callers: map[string]Caller{}, uris: map[string]string{}, pins: map[Digest]string{}}, lines: map[string]int{}}
	for text := range bytes.Lines(data) {
		p.line++
		p.entry(string(bytes.TrimRight(text, "\r\n")))
	}
	if len(p.faults) == 0 && p.entries == 0 {
		p.fault(0, "the file has no user: write NAME ROLE token HEX64, which `switchd user add` makes")
	}
	if len(p.faults) > 0 {
		return nil, p.faults
	}
	return p.list, nil
}

// digestIn reads the hex of a digest, in lower case.
func digestIn(text string) (d Digest, ok bool) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(d) || hex.EncodeToString(raw) != text {
		return d, false
	}
	return Digest(raw), true
}
