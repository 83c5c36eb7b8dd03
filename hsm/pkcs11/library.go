//go:build pkcs11

package pkcs11

import (
	"errors"
	"fmt"
	"sync"

	p11 "github.com/miekg/pkcs11"
)

// cryptoki is what is used of a library; *p11.Ctx is one. Tests stand between.
type cryptoki interface {
	GetInfo() (p11.Info, error)
	GetSlotList(tokenPresent bool) ([]uint, error)
	GetTokenInfo(slot uint) (p11.TokenInfo, error)
	OpenSession(slot, flags uint) (p11.SessionHandle, error)
	CloseSession(s p11.SessionHandle) error
	GetSessionInfo(s p11.SessionHandle) (p11.SessionInfo, error)
	Login(s p11.SessionHandle, user uint, pin string) error

	FindObjectsInit(s p11.SessionHandle, like []*p11.Attribute) error
	FindObjects(s p11.SessionHandle, most int) ([]p11.ObjectHandle, bool, error)
	FindObjectsFinal(s p11.SessionHandle) error
	GetAttributeValue(s p11.SessionHandle, o p11.ObjectHandle, a []*p11.Attribute) ([]*p11.Attribute, error)
	SetAttributeValue(s p11.SessionHandle, o p11.ObjectHandle, a []*p11.Attribute) error
	CreateObject(s p11.SessionHandle, a []*p11.Attribute) (p11.ObjectHandle, error)
	DestroyObject(s p11.SessionHandle, o p11.ObjectHandle) error
	GenerateKey(s p11.SessionHandle, m []*p11.Mechanism, a []*p11.Attribute) (p11.ObjectHandle, error)
	GenerateKeyPair(s p11.SessionHandle, m []*p11.Mechanism, public, private []*p11.Attribute) (p11.ObjectHandle, p11.ObjectHandle, error)
	WrapKey(s p11.SessionHandle, m []*p11.Mechanism, under, key p11.ObjectHandle) ([]byte, error)
	UnwrapKey(s p11.SessionHandle, m []*p11.Mechanism, under p11.ObjectHandle, wrapped []byte, a []*p11.Attribute) (p11.ObjectHandle, error)

	EncryptInit(s p11.SessionHandle, m []*p11.Mechanism, o p11.ObjectHandle) error
	Encrypt(s p11.SessionHandle, plain []byte) ([]byte, error)
	DecryptInit(s p11.SessionHandle, m []*p11.Mechanism, o p11.ObjectHandle) error
	Decrypt(s p11.SessionHandle, sealed []byte) ([]byte, error)
	SignInit(s p11.SessionHandle, m []*p11.Mechanism, o p11.ObjectHandle) error
	Sign(s p11.SessionHandle, message []byte) ([]byte, error)
}

// libraries are those of this process: a library has one state for all who use it. Once
// loaded, one stays so: what it has loaded in its turn (OpenSSL) cannot be unloaded.
var libraries = struct {
	sync.Mutex // guards all, and the counts in them
	all        map[string]*library
}{all: map[string]*library{}}

type library struct {
	ctx   *p11.Ctx
	users int
}

// load loads a library and readies it for one more user.
func load(path string) (*p11.Ctx, error) {
	libraries.Lock()
	defer libraries.Unlock()
	l := libraries.all[path]
	if l == nil {
		ctx := p11.New(path)
		if ctx == nil {
			return nil, fmt.Errorf("hsm/pkcs11: %s is no PKCS#11 library", path)
		}
		l = &library{ctx: ctx}
		libraries.all[path] = l
	}
	if l.users == 0 {
		if err := l.ctx.Initialize(); err != nil && !errors.Is(err, p11.Error(p11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
			return nil, fmt.Errorf("hsm/pkcs11: library %s: %w", path, err)
		}
	}
	l.users++
	return l.ctx, nil
}

// unload ends the use of a library; with the last user its sessions end.
func unload(path string) error {
	libraries.Lock()
	defer libraries.Unlock()
	l := libraries.all[path]
	if l.users--; l.users > 0 {
		return nil
	}
	if err := l.ctx.Finalize(); err != nil {
		return fmt.Errorf("hsm/pkcs11: library %s: %w", path, err)
	}
	return nil
}
