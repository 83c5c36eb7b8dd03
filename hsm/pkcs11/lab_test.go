//go:build pkcs11

package pkcs11

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"switchd/hsm"
)

var ctx = context.Background()

// softHSM is the library that Debian's softhsm2 has, in the places where it is.
var softHSM = []string{
	"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
	"/usr/local/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so",
}

// openssl has SoftHSM's OpenSSL know DES, which is in its legacy provider.
const openssl = `openssl_conf = init
[init]
providers = providers
[providers]
default = on
legacy = on
[on]
activate = 1
`

// TestMain: OpenSSL reads its configuration once in a process.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "pkcs11")
	if err == nil {
		file := filepath.Join(dir, "openssl.cnf")
		if err = os.WriteFile(file, []byte(openssl), 0o600); err == nil {
			err = os.Setenv("OPENSSL_CONF", file)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// clock is what the module under test takes for the time.
type clock struct{ at atomic.Int64 }

func (c *clock) now() int64              { return c.at.Load() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// lab is a token of SoftHSM that is the test's own.
type lab struct {
	o     Options
	clock *clock
	dir   string // of the tokens
}

const userPIN = "271828"

// newLab makes a token, or skips the test where there is no SoftHSM.
func newLab(t testing.TB) *lab {
	t.Helper()
	l := &lab{clock: new(clock), dir: t.TempDir()}
	l.clock.at.Store(1_700_000_000_000_000_000)
	for _, path := range softHSM {
		if _, err := os.Stat(path); err == nil {
			l.o.Library = path
		}
	}
	tool, err := exec.LookPath("softhsm2-util")
	if err != nil || l.o.Library == "" {
		t.Skip("SoftHSM is not here (Debian: softhsm2): the driver for PKCS#11 is not tested")
	}
	conf := filepath.Join(t.TempDir(), "softhsm2.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", l.dir), 0o600); err != nil {
		t.Fatal(err)
	}
	switch t := t.(type) {
	case *testing.T:
		t.Setenv("SOFTHSM2_CONF", conf)
	case *testing.B:
		t.Setenv("SOFTHSM2_CONF", conf)
	}
	out, err := exec.Command(tool, "--init-token", "--free", "--label", "switch", "--so-pin", "314159", "--pin", userPIN).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	l.o.Token, l.o.PIN, l.o.Clock = "switch", hsm.NewSecret([]byte(userPIN)), l.clock.now
	return l
}

// open opens the token; the test closes it.
func (l *lab) open(t testing.TB) *Module {
	t.Helper()
	m, err := Open(l.o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// must makes a key.
func must(t testing.TB) func(hsm.KeyInfo, error) hsm.KeyInfo {
	return func(i hsm.KeyInfo, err error) hsm.KeyInfo {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
}
