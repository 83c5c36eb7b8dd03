package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"switchd/switch/profile"
)

// profiles: operators and security officers get them, nobody else; what is asked wrongly is
// refused; a second one waits for its turn; one whose client goes away ends.
func (o *office) profiles(t *testing.T) {
	const now = profilePage + "?kind=goroutine"
	for name, want := range map[string]int{"vera": http.StatusForbidden, "ada": http.StatusForbidden, "omar": http.StatusOK, "sam": http.StatusOK} {
		status, body := o.ask(name, http.MethodGet, now, nil)
		if status != want {
			t.Errorf("%s: %d %.200s", name, status, body)
		}
		if status == http.StatusOK && !bytes.Contains(unzipped(t, body), []byte("switch/admin.(*Server).Run")) {
			t.Errorf("%s: the goroutine of the admin port is not in the profile", name)
		}
	}
	for query, want := range map[string]string{
		"": "kind is one of", "?kind=memory": "kind is one of", "?kind=cpu&seconds=0": "1 to 60 seconds", "?kind=cpu&seconds=61": "1 to 60 seconds",
		"?kind=cpu&seconds=18446744073709551615": "seconds is no number", "?kind=cpu&seconds=9223372036854775807": "1 to 60 seconds",
		"?kind=heap&seconds=1": "takes no seconds", "?kind=cpu&gc=1": "takes no parameter",
	} {
		if status, body := o.ask("omar", http.MethodGet, profilePage+query, nil); status != http.StatusBadRequest || !bytes.Contains(body, []byte(want)) {
			t.Errorf("%q: %d %s, want %q", query, status, body, want)
		}
	}
	o.profileBusy(t, now)
	if _, said := runs(t, exitUsage, "bench", "--config", o.config, "--duration", "1s"); !strings.Contains(said, "has admin_access, and bench reads figures from the admin port: name --token-file") {
		t.Errorf("a load that could read nothing from this admin port: %s", said)
	}
}

// TestProfileFile: browsers name a profile for the tool that reads it.
func TestProfileFile(t *testing.T) {
	for kind, want := range map[profile.Kind]string{profile.CPU: "switchd-cpu.pprof", profile.Heap: "switchd-heap.pprof", profile.Trace: "switchd-trace.out"} {
		w := httptest.NewRecorder()
		if _, err := (&attachment{ResponseWriter: w, name: profileFile(kind)}).Write([]byte("profile")); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="`+want+`"` {
			t.Error(got)
		}
	}
}

// profileBusy holds the place of the only profile, and gives it up.
func (o *office) profileBusy(t *testing.T, now string) {
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+o.admin+profilePage+"?kind=mutex&seconds=60", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+tokenOfUser("omar"))
	gone := make(chan error, 1)
	go func() {
		for {
			answer, err := o.http.Do(r)
			if err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusConflict {
					continue // that of the question below was faster
				}
			}
			gone <- err
			return
		}
	}()
	until(t, patience, "a second profile is refused", func() bool {
		status, _ := o.ask("sam", http.MethodGet, now, nil)
		return status == http.StatusConflict
	})
	leave()
	if err := <-gone; err == nil {
		t.Error("a profile of a minute was there at once")
	}
	until(t, patience, "the place is free again", func() bool {
		status, _ := o.ask("sam", http.MethodGet, now, nil)
		return status == http.StatusOK
	})
}

func unzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
