package hostile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
)

// Maker makes requests. It is used from one goroutine.
type Maker struct {
	rand   *rand.Rand
	paths  []string
	tokens []string
}

// NewMaker makes the requests of a seed against paths, as routes have them, with names in
// braces. Some of the requests have one of the tokens.
func NewMaker(seed uint64, paths, tokens []string) *Maker {
	return &Maker{rand: rand.New(rand.NewPCG(seed, 0x686f7374696c65)), paths: paths, tokens: tokens}
}

func pick[T any](m *Maker, of []T) T { return of[m.rand.IntN(len(of))] }

// often says yes so many times of a hundred.
func (m *Maker) often(percent int) bool { return m.rand.IntN(100) < percent }

var (
	methods = []string{"GET", "GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW", "get", "G\x00T", ""}
	parts   = []string{"0", "1", "18446744073709551616", "-1", "SWD00000000000000000000000000000001", "BANKA", "..", ".", "%2e%2e", "%2f", "%00", "%zz", "%", "a b", "\xff\xfe", "é", "<script>", "'--", "{id}", "*", "~", "~root", "x%0d%0aSet-Cookie:%20a=b", strings.Repeat("a", 300)}
	names   = []string{"from", "to", "limit", "page", "id", "state", "account", "before", "seconds", "participant", "verbose", "next", "x", "", "%zz", "a[]", "a;b", "constructor"}
	values  = []string{"", "0", "1", "-1", "99999999999999999999", "1e9", "NaN", "true", "null", "SUCCESS", "%00", "%zz", "a;b", "../../etc/passwd", "\xc3\x28", "<img src=x>", "//evil.example", strings.Repeat("9", 2000)}
	hosts   = []string{"localhost", "localhost", "localhost", "127.0.0.1", "127.0.0.1:1", "[::1]", "evil.example", "", "127.0.0.1.evil.example", "localhost:x", "[::1", "[::1]:", "a b", "localhost\tx", strings.Repeat("h", 1000)}
	kinds   = []string{"application/json", "application/json", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset", "", "x"}
	headers = []string{"Accept: application/json", "Accept: text/html", "Accept: " + strings.Repeat("a,", 500), "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-origin", "Origin: null", "Origin: http://evil.example", "Origin: ::",
		"Cookie: switchd=" + strings.Repeat("0", 64), "Cookie: switchd=x; switchd=y", "Cookie: ;=;", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: localhost", "X-HTTP-Method-Override: DELETE", "Range: bytes=0-1,5-",
		"If-None-Match: *", "Expect: 100-continue", "Expect: x", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: x",
		"Content-Length: 5", "Content-Length: -1", "Content-Length: 9999999999999999999999", "Content-Encoding: gzip", "Te: trailers", "Trailer: Authorization", "X-Long: " + strings.Repeat("x", 9000), " folded", "No colon", "Bad Name: x", ": x", "X: \x01", "Authorization: Basic dTpw", "Authorization:", "Authorization: Bearer", "Authorization: Bearer " + strings.Repeat("A", 4000)}
	bodies = []string{"", "{}", "[]", "null", "{", `{"command":"settle","payment":"1","reason":"x","operator":"x"}`, `{"command":"set-cap","participant":"BANKA","amount":"-1","reason":"x"}`, `{"approval":18446744073709551615,"command":"approve","reason":"x"}`,
		`{"command":1}`, `{"command":"x","command":"y"}`, `{"COMMAND":"drain","reason":"x"}`, `{"x":` + strings.Repeat("[", 3000), `{"out":"/nowhere/../x"}`, `{"reason":"\ud800","operator":"\u0000"}`, "\xef\xbb\xbf{}", "token=x&next=//evil", "token=" + strings.Repeat("t", 3000), "\x00\x01\x02",
		`{"account":"5","state":["SUCCESS",1]}`, strings.Repeat(" ", 5000), `{"reason":"` + strings.Repeat("r", 5000) + `"}`}
	noise = []string{"\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "GET /\r\n", "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET //livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx", "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "\xff\xff\xff\xff"}
)

// Next is the next request, as bytes for a connection of its own. It may be several, or
// none at all.
func (m *Maker) Next() []byte {
	if m.often(4) {
		return m.garbage()
	}
	b := m.one()
	for m.often(8) && len(b) < 100_000 { // pipelined, and the last one perhaps cut
		b = append(b, m.one()...)
	}
	if m.often(6) {
		b = b[:m.rand.IntN(len(b)+1)]
	}
	if m.often(4) && len(b) > 0 {
		for range 1 + m.rand.IntN(5) {
			b[m.rand.IntN(len(b))] ^= byte(1 << m.rand.IntN(8))
		}
	}
	return b
}

func (m *Maker) garbage() []byte {
	if m.often(50) {
		return []byte(pick(m, noise))
	}
	b := make([]byte, m.rand.IntN(2000))
	for i := range b {
		b[i] = byte(m.rand.Uint32())
	}
	return b
}

// one is one request.
func (m *Maker) one() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", pick(m, methods), m.target())
	host := "localhost"
	if m.often(15) {
		host = pick(m, hosts)
	}
	fmt.Fprintf(&b, "Host: %s\r\n", host)
	if len(m.tokens) > 0 && m.often(70) {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", pick(m, m.tokens))
	}
	for m.often(40) {
		b.WriteString(pick(m, headers) + "\r\n")
	}
	if !m.often(60) {
		b.WriteString("Connection: close\r\n\r\n")
		return b.Bytes()
	}
	body := pick(m, bodies)
	fmt.Fprintf(&b, "Content-Type: %s\r\n", pick(m, kinds))
	switch {
	case m.often(20):
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		m.chunks(&b, body)
	case m.often(10): // it says less or more than comes
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", m.rand.IntN(2*len(body)+2), body)
	default:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	}
	return b.Bytes()
}

// chunks writes a body in chunks, not all of them as they should be.
func (m *Maker) chunks(b *bytes.Buffer, body string) {
	for len(body) > 0 {
		n := 1 + m.rand.IntN(len(body))
		size := strconv.FormatInt(int64(n), 16)
		if m.often(5) {
			size = pick(m, []string{"-1", "g", "0x5", "", "7fffffffffffffff", size + ";" + strings.Repeat("x", 100)})
		}
		fmt.Fprintf(b, "%s\r\n%s\r\n", size, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
}

// target is where a request goes: a path with something in its braces, or what is no path.
func (m *Maker) target() string {
	path := pick(m, m.paths)
	for {
		before, rest, more := strings.Cut(path, "{")
		if !more {
			break
		}
		_, after, _ := strings.Cut(rest, "}")
		path = before + pick(m, parts) + after
	}
	if m.often(10) {
		path += "/" + pick(m, parts)
	}
	if m.often(5) {
		path = pick(m, []string{"*", "/", "//", "/" + pick(m, parts), "http://localhost" + path, "/console/" + pick(m, parts), "/debug/pprof/heap", "/.git/config", path + "/../../livez", strings.ToUpper(path)})
	}
	if m.often(50) {
		return path
	}
	query := []string{}
	for range 1 + m.rand.IntN(4) {
		value := pick(m, values)
		if m.often(50) {
			value = url.QueryEscape(value)
		}
		query = append(query, pick(m, names)+"="+value)
	}
	return path + "?" + strings.Join(query, pick(m, []string{"&", "&", "&", ";"}))
}
