package mtls

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// onlyWrites is a connection that lets its owner read nothing until over ends.
type onlyWrites struct {
	net.Conn
	over <-chan struct{}
}

func (o onlyWrites) Read([]byte) (int, error) { <-o.over; return 0, io.EOF }

// Any single damaged byte of the record layer ends the link with an alert and
// never with other plaintext.
func TestDamagedRecord(t *testing.T) {
	dir := pki(t)
	server, client := serverConf(t, dir), clientConf(t, dir, "BANKA")
	for at := range 60 {
		a, b := tcpPair(t)
		l, wait := serve(server, a, 64<<10)
		d := &damaging{Conn: b}
		c := tls.Client(d, client)
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		d.at = at + 1
		if _, err := c.Write(bytes.Repeat([]byte{'x'}, 100)); err != nil {
			t.Fatal(err)
		}
		_ = b.(*net.TCPConn).CloseWrite()
		got, err := io.ReadAll(c)
		b.Close()
		wait()
		if len(got) != 0 || err == nil && l.err == nil {
			t.Errorf("byte %d: got %d bytes, %v", at, len(got), err)
		}
	}
}

// damaging flips a bit of byte at-1 of the next write.
type damaging struct {
	net.Conn
	at int
}

func (d *damaging) Write(b []byte) (int, error) {
	if d.at > 0 {
		b = bytes.Clone(b)
		b[d.at-1] ^= 0x40
		d.at = 0
	}
	return d.Conn.Write(b)
}

// openssl is a second implementation: its K command updates the keys of both
// sides, k those of its own side only, as often as it likes.
func TestKeyUpdateWithOpenSSL(t *testing.T) {
	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: key update is not tested")
	}
	dir := pki(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	p := paths(dir, "BANKA")
	cmd := exec.CommandContext(ctx, tool, "s_client", "-connect", ln.Addr().String(), "-tls1_3", "-cert", p.Cert, "-key", p.Key, "-CAfile", p.CA)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout // it reports commands there
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conf := serverConf(t, dir)
	l, wait := serve(conf, conn, 3)
	lines := bufio.NewReader(out)
	for _, step := range []string{"one", "K", "two", "k", "three", "K", "K", "four"} {
		if _, err := io.WriteString(in, step+"\n"); err != nil {
			t.Fatal(err)
		}
		// Words come back. A command is reported; what is typed before that
		// would be taken for a part of the command.
		want := step
		if len(step) == 1 {
			want = "KEYUPDATE"
		}
		for line := ""; strings.TrimSpace(line) != want; {
			if line, err = lines.ReadString('\n'); err != nil {
				t.Fatalf("waiting for %q: %v", step, err)
			}
		}
	}
	in.Close()
	_, _ = io.Copy(io.Discard, lines)
	_ = cmd.Wait()
	wait()
	if l.shook != nil || l.err != io.EOF {
		t.Errorf("handshake %v, loop %v", l.shook, l.err)
	}
}
