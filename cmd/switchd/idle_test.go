package main

import (
	"flag"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"
)

var dropFor = flag.Duration("drop-for", 0, "how long links connect and drop in TestThousandLinks; 0: a bounded number of times")

// crowd are links of many participants, each from an address of its own: no address
// and no participant comes too often.
type crowd struct {
	s     *scheme
	links []*client
}

// connect opens so many links. To sign on is for those that stay: a participant may do
// it 60 times in a minute.
func (c *crowd) connect(n int, signOn bool) {
	c.s.t.Helper()
	for i := range n {
		p := i % len(c.s.ids)
		l := c.s.connectFrom(c.s.ids[p], fmt.Sprintf("127.3.0.%d", p+1), func(c net.Conn) net.Conn { return c })
		if signOn {
			l.signOn()
		}
		c.links = append(c.links, l)
	}
}

// drop ends all links, every third in the middle of a frame, every third by a reset.
func (c *crowd) drop() {
	for i, l := range c.links {
		switch i % 3 {
		case 1:
			l.write([]byte("03"))
		case 2:
			_ = l.raw.SetLinger(0)
		}
		_ = l.raw.Close()
	}
	c.links = nil
}

// TestThousandLinks: a thousand idle links that are signed on take at most 64 KiB each
// in the process of the switch, whatever the other end takes; and when links connect
// and drop, again and again, no descriptor, no goroutine and no memory stays behind.
func TestThousandLinks(t *testing.T) {
	links, rounds, budget := 1000, 3, float64(64<<10)
	if testing.Short() || raced {
		links, rounds = 200, 2
	}
	var all []schemeParticipant
	for _, p := range pairs(20) {
		if p.Framing == "ASCII4" {
			all = append(all, p)
		}
	}
	s := newSchemeOf(t, "idle: 10m, echo: 10s", all, nil)
	p := s.serve("--quiet")
	c := &crowd{s: s}
	// Twice, so that what stays for the next links is there before it is weighed.
	for range 2 {
		c.connect(links/5, false)
		c.drop()
		until(t, patience, "they are gone", func() bool { return s.metric(`switchd_links{state="up"}`) == 0 })
	}
	weigh := func() (resident, heap, files, goroutines float64) {
		for range 3 { // reading makes garbage, which makes collections come
			s.metric("go_goroutines")
		}
		return s.metric("process_resident_memory_bytes"), s.metric("go_memstats_heap_inuse_bytes") + s.metric("go_memstats_stack_inuse_bytes"),
			s.metric("process_open_fds"), s.metric("go_goroutines")
	}
	resident, heap, files, goroutines := weigh()
	c.connect(links, true)
	if n := s.metric(`switchd_links{state="up"}`); n != float64(links) {
		t.Fatalf("%v links are up", n)
	}
	r, h, f, _ := weigh()
	t.Logf("%d idle links: %.1f KiB resident each, %.1f KiB of heap and stacks, garbage included; %v descriptors", links, (r-resident)/float64(links)/1024, (h-heap)/float64(links)/1024, f-files)
	if per := (r - resident) / float64(links); per > budget && runtime.GOOS == "linux" {
		t.Errorf("%.0f bytes for each idle link, want at most %.0f", per, budget)
	}
	c.drop()
	until(t, patience, "they are gone", func() bool { return s.metric(`switchd_links{state="up"}`) == 0 })

	r, _, _, _ = weigh()
	began, drops := time.Now(), 0
	for round := 0; round < rounds || time.Since(began) < *dropFor; round++ {
		c.connect(links/5, false)
		drops += len(c.links)
		c.drop()
	}
	until(t, patience, "no link, descriptor or goroutine is left of them", func() bool {
		return s.metric(`switchd_links{state="up"}`)+s.metric(`switchd_links{state="handshake"}`)+s.metric(`switchd_links{state="closing"}`) == 0 &&
			s.metric("process_open_fds") <= files+2 && s.metric("go_goroutines") <= goroutines+2 // those of the question itself
	})
	after, _, _, _ := weigh()
	t.Logf("%d links connected and dropped within %v: resident memory %.1f -> %.1f MiB", drops, time.Since(began).Round(time.Millisecond), r/1024/1024, after/1024/1024)
	if grown := after - r; grown > 16<<20 {
		t.Errorf("resident memory has grown by %.0f bytes", grown)
	}
	s.stopClean(p)
}
