package unlock

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLine: one line of a file that is its owner's alone, and nothing else.
func TestLine(t *testing.T) {
	for _, c := range []struct {
		name, content string
		mode          os.FileMode
		want          string // "": refused
	}{
		{"a line", "271828\n", 0o600, "271828"},
		{"without an end", "27 18 28", 0o400, "27 18 28"},
		{"from Windows", "271828\r\n", 0o600, "271828"},
		{"nothing", "", 0o600, ""},
		{"an empty line", "\n", 0o600, ""},
		{"two lines", "271828\n314159\n", 0o600, ""},
		{"open to the group", "271828\n", 0o640, ""},
		{"open to all", "271828\n", 0o604, ""},
		{"too long", strings.Repeat("2", LineMax+1), 0o600, ""},
	} {
		path := filepath.Join(t.TempDir(), "pin")
		if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		got, err := Line(path)
		if string(got.Reveal()) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %d bytes, %v", c.name, got.Len(), err)
		}
		if err != nil && strings.Contains(err.Error(), "271828") {
			t.Errorf("%s: the secret is in the error", c.name)
		}
	}
	if _, err := Line(t.TempDir()); err == nil {
		t.Error("a folder is read")
	}
}

// TestPipe: a pipe, to which nobody writes, is refused and not waited for.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("there are no pipes with names here: ", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := Line(path)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a pipe is read")
		}
	case <-time.After(90 * time.Second):
		t.Fatal("it waits for somebody to write to the pipe")
	}
}
