package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLoadNamesTheFile: a file that cannot be read is a fault of the file.
func TestLoadNamesTheFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.yml") // without a writer, for whom opening would wait
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(t.TempDir(), "absent.yml"), t.TempDir(), pipe} {
		_, err := Load(file, known)
		var faults Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Line != 0 {
			t.Fatalf("%v", err)
		}
		if got := faults[0].String(); !strings.HasPrefix(got, file+": cannot be read: ") || strings.Count(got, file) != 1 {
			t.Errorf("%s", got)
		}
	}
}

// TestCheckFiles walks from nothing there to everything in order.
func TestCheckFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "switchd.yml")
	write(t, file, string(Example()), 0o600)
	c, err := Load(file, known)
	if err != nil {
		t.Fatal(err)
	}
	check := func(want ...string) {
		t.Helper()
		var got []string
		if err := CheckFiles(c); err != nil {
			got = strings.Split(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""), "\n")
		}
		if len(got) != len(want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("got %s\nwant %s", got[i], want[i])
			}
		}
	}
	check("switchd.yml:30:11: ca file certs/ca.pem does not exist",
		"switchd.yml:30:31: cert file certs/switch.pem does not exist",
		"switchd.yml:30:54: key file certs/switch-key.pem does not exist")
	if err := os.MkdirAll(filepath.Join(dir, "certs", "ca.pem"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, c.TLS.Cert, "x", 0o644)
	write(t, c.TLS.Key, "x", 0o644)
	write(t, c.DataDir, "x", 0o644)
	check("switchd.yml:18:11: data_dir data is not a folder",
		"switchd.yml:30:11: ca certs/ca.pem is not a file",
		"switchd.yml:30:54: key file certs/switch-key.pem is open to everyone (mode 0644)")
	for _, path := range []string{c.TLS.CA, c.DataDir} {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	write(t, c.TLS.CA, "x", 0o644)
	if err := os.Chmod(c.TLS.Key, 0o600); err != nil {
		t.Fatal(err)
	}
	check()

	// An archive that leads into the data folder.
	if err := os.MkdirAll(filepath.Join(c.DataDir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(c.DataDir, "state"), filepath.Join(dir, "archive")); err != nil {
		t.Fatal(err)
	}
	c.Retention.ArchiveDir = filepath.Join(dir, "archive")
	check("switchd.yml: archive_dir archive leads to data/state, inside data_dir")
	c.Retention.ArchiveDir = filepath.Join(dir, "elsewhere")
	check()
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}
