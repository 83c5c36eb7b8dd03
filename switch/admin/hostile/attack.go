package hostile

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Target is what is attacked.
type Target struct {
	Address string
	TLS     *tls.Config // nil: plain HTTP
	// Paths are those of its routes, with names in braces; without streams.
	Paths []string
	// Tokens are shown by some requests; Secrets must be in no answer. A token that is
	// shown is a secret as well.
	Tokens, Secrets []string
	// Allowed says that a server's fault (5xx) is expected, by its status and text; nil:
	// none but 503 is.
	Allowed func(status int, text string) bool
	// Patience is how long an answer may take. Default 90 s.
	Patience time.Duration
}

// Report is what has come of an attack.
type Report struct {
	Requests int
	Statuses map[int]int // of the answers
	Silent   int         // connections that were closed without an answer
	Faults   []Fault
}

// Fault is an answer that must not be.
type Fault struct {
	Number  int // of the request
	Request []byte
	Why     string
	Answer  []byte
}

// String is the fault in short.
func (f Fault) String() string {
	return fmt.Sprintf("request %d: %s\n%.300q\n%.300q", f.Number, f.Why, f.Request, f.Answer)
}

// faultsMax ends an attack: who reads more of them?
const faultsMax = 20

// answerBytesMax bounds what is read of one connection.
const answerBytesMax = 4 << 20

// Attack sends the first requests of a seed, one connection after the other.
func Attack(t Target, seed uint64, requests int) Report {
	m := NewMaker(seed, t.Paths, t.Tokens)
	r := Report{Statuses: map[int]int{}}
	for len(r.Faults) < faultsMax && r.Requests < requests {
		r.try(&t, m.Next())
	}
	return r
}

// Send sends one request.
func Send(t Target, request []byte) Report {
	r := Report{Statuses: map[int]int{}}
	r.try(&t, request)
	return r
}

// try sends one request and notes what is wrong with the answers.
func (r *Report) try(t *Target, request []byte) {
	if why, answer := r.look(t, request); why != "" {
		r.Faults = append(r.Faults, Fault{r.Requests, request, why, answer})
	}
	r.Requests++
}

// look sends one request and looks at the answers.
func (r *Report) look(t *Target, request []byte) (why string, answer []byte) {
	answer, err := t.exchange(request)
	if err != nil {
		return err.Error(), answer
	}
	if len(answer) == 0 {
		r.Silent++
		return "", nil
	}
	for _, secret := range append(t.Secrets, t.Tokens...) {
		if bytes.Contains(answer, []byte(secret)) {
			return "a secret is in the answer", answer
		}
	}
	return r.read(t, request, answer), answer
}

// read looks at the answers of one connection.
func (r *Report) read(t *Target, request, answer []byte) (why string) {
	method := "GET"
	if bytes.Contains(request, []byte("HEAD ")) {
		method = "HEAD" // an answer to it has a length, and no body
	}
	in := bufio.NewReader(bytes.NewReader(answer))
	for n := 0; ; n++ {
		if _, err := in.Peek(1); err == io.EOF {
			return ""
		}
		a, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			if n > 0 { // what came before was to another method, or the connection was cut
				return ""
			}
			return "the answer is not HTTP: " + err.Error()
		}
		text, err := io.ReadAll(a.Body)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return "the answer cannot be read: " + err.Error()
		}
		r.Statuses[a.StatusCode]++
		if t.fault(a.StatusCode, string(text)) {
			return "the server calls it its own fault: " + a.Status + " " + strings.TrimSpace(string(text))
		}
	}
}

// fault says whether an answer is one that a server gives for a fault of its own. Busy,
// and a method or a version that it does not have, are none.
func (t *Target) fault(status int, text string) bool {
	switch status {
	case http.StatusServiceUnavailable, http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500 && (t.Allowed == nil || !t.Allowed(status, text))
}

// exchange sends bytes on a connection of their own, ends the sending side, and reads what
// comes until the server closes.
func (t *Target) exchange(request []byte) ([]byte, error) {
	patience := t.Patience
	if patience == 0 {
		patience = 90 * time.Second
	}
	c, err := net.DialTimeout("tcp", t.Address, patience)
	if err != nil {
		return nil, fmt.Errorf("no connection: %w", err)
	}
	defer c.Close()
	defer time.AfterFunc(patience, func() { c.Close() }).Stop()
	raw := c
	if t.TLS != nil {
		c = tls.Client(c, t.TLS)
	}
	_, _ = c.Write(request) // the server may have had enough of it
	if half, can := c.(interface{ CloseWrite() error }); can {
		_ = half.CloseWrite()
	}
	answer, err := io.ReadAll(io.LimitReader(c, answerBytesMax))
	if errors.Is(err, net.ErrClosed) {
		return answer, errors.New("no end of the answer")
	}
	_ = raw.Close()
	return answer, nil // a reset is an end as well: what was sent was not all read
}
