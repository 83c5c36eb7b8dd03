package admin

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"sync"
	"time"

	"switchd/switch/access"
)

// Bounds of sessions.
const (
	sessionIdle   = 30 * time.Minute // without a request of a person
	sessionLife   = 12 * time.Hour
	sessionsMax   = 256 // one more ends the one that is idle longest
	sessionsByOne = 16  // of one token: one more ends its own, so that nobody ends those of all
	sessionBytes  = 32
)

// sessions are the logins of browsers. A session is as good as the token that it was
// opened with: once the file of users has that no more, it has ended.
type sessions struct {
	users  Users
	clock  func() int64
	secure bool // over TLS
	count  func(int)

	mu  sync.Mutex // guards the rest
	all map[string]*session
}

// session is one login. Its key is the digest of what the browser has: how long it takes
// to look that up tells nothing about the id itself.
type session struct {
	digest       access.Digest // of the token
	opened, used int64
}

func newSessions(users Users, clock func() int64, secure bool, count func(int)) *sessions {
	return &sessions{users: users, clock: clock, secure: secure, count: count, all: map[string]*session{}}
}

// cookieName is that of the cookie. Its prefix has browsers refuse one that another host
// of the same domain has set.
func (s *sessions) cookieName() string {
	if s.secure {
		return "__Host-switchd"
	}
	return "switchd"
}

func (s *sessions) cookie(value string, age int) *http.Cookie {
	return &http.Cookie{Name: s.cookieName(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteStrictMode}
}

// open begins a session, and gives the cookie of it.
func (s *sessions) open(d access.Digest) *http.Cookie {
	var raw [sessionBytes]byte
	_, _ = rand.Read(raw[:]) // it never fails
	id := hex.EncodeToString(raw[:])
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now, d)
	s.all[keyOf(id)] = &session{digest: d, opened: now, used: now}
	s.count(len(s.all))
	return s.cookie(id, int(sessionLife/time.Second))
}

func keyOf(id string) string {
	d := access.DigestOf(id)
	return string(d[:])
}

// forget makes room for one more of a token: of as many as one may have, it ends the one
// that is idle longest, and so of as many as there may be. s.mu is held.
func (s *sessions) forget(now int64, d access.Digest) {
	own, oldest, oldestOwn := 0, "", ""
	for key, each := range s.all {
		if each.over(now) {
			delete(s.all, key)
			continue
		}
		if oldest == "" || each.used < s.all[oldest].used {
			oldest = key
		}
		if each.digest != d {
			continue
		}
		if own++; oldestOwn == "" || each.used < s.all[oldestOwn].used {
			oldestOwn = key
		}
	}
	switch {
	case own >= sessionsByOne:
		delete(s.all, oldestOwn)
	case len(s.all) >= sessionsMax:
		delete(s.all, oldest)
	}
}

func (e *session) over(now int64) bool {
	return now-e.used >= int64(sessionIdle) || now-e.opened >= int64(sessionLife)
}

// shown is whose session a request shows; good says that it is one.
func (s *sessions) shown(r *http.Request) (key string, c access.Caller, shown, good bool) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil || cookie.Value == "" {
		return "", c, false, false
	}
	if len(cookie.Value) != 2*sessionBytes {
		return "", c, true, false
	}
	key = keyOf(cookie.Value)
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.all[key]
	if e == nil {
		return "", c, true, false
	}
	if c, good = s.users.ByDigest(e.digest); !good || e.over(now) {
		delete(s.all, key)
		s.count(len(s.all))
		return "", access.Caller{}, true, false
	}
	if !byItself(r) {
		e.used = now
	}
	return key, c, true, true
}

// pollHeader stands in what a page asks for by itself, with nobody at it.
const pollHeader = "Switchd-Poll"

// byItself says that a page asks, and no person: that is no use of the session, or a window
// that was left open would keep it. Who says so of what he asks for himself only has his
// session end sooner. A browser asks for a stream again by itself, too, and can say so no
// other way.
func byItself(r *http.Request) bool {
	return r.Header.Get(pollHeader) != "" || r.Header.Get("Accept") == "text/event-stream"
}

// lasts is whose session it is, if it has not ended. To ask is no use of it.
func (s *sessions) lasts(key string) (c access.Caller, good bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.all[key]
	if e == nil || e.over(s.clock()) {
		return c, false
	}
	return s.users.ByDigest(e.digest)
}

// end ends a session.
func (s *sessions) end(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, key)
	s.count(len(s.all))
}
