package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"switchd/switch/view"
)

func postBackup(ctx context.Context, t *testing.T, s *Server, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+backupPath, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// TestBackupIsToldStepByStep: each step is a line, the last one says how it ended;
// what is refused before the first step has a status.
func TestBackupIsToldStepByStep(t *testing.T) {
	said := make(chan bool)
	s := serve(t, Options{Backup: func(c *Call, progress func(any)) (any, error) {
		switch string(c.Body) {
		case "busy":
			return nil, fmt.Errorf("%w: another one", view.ErrConflict)
		case "no":
			return nil, errors.New("no such folder")
		}
		progress(1)
		<-said
		if string(c.Body) == "late" {
			return nil, errors.New("the disk is full")
		}
		return "made", nil
	}})
	for body, want := range map[string]int{"busy": 409, "no": 422} {
		if r := postBackup(t.Context(), t, s, body); r.StatusCode != want {
			t.Errorf("%s: status %d, want %d", body, r.StatusCode, want)
		}
	}
	for body, want := range map[string]string{"yes": `{"backup":"made"}`, "late": `{"error":"the disk is full"}`} {
		r := postBackup(t.Context(), t, s, body) // returns with the first line, while the backup is being made
		said <- true
		if got := text(t, r); r.StatusCode != 200 || got != `{"progress":1}`+"\n"+want+"\n" {
			t.Errorf("%s: %d %s", body, r.StatusCode, got)
		}
	}
	if r := get(t, s, backupPath); r.StatusCode != 405 {
		t.Errorf("a GET: status %d", r.StatusCode)
	}
	if r := postBackup(t.Context(), t, serve(t, Options{}), "yes"); r.StatusCode != 404 {
		t.Errorf("of a server that makes none: status %d", r.StatusCode)
	}
}

// TestBackupEndsWithItsClient: one that nobody waits for is not made.
func TestBackupEndsWithItsClient(t *testing.T) {
	ended := make(chan error, 1)
	s := serve(t, Options{Backup: func(c *Call, progress func(any)) (any, error) {
		progress(1)
		<-c.Context.Done()
		ended <- c.Context.Err()
		return nil, c.Context.Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	postBackup(ctx, t, s, "{}")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
