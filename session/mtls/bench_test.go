package mtls

import (
	"context"
	"crypto/tls"
	"sync"
	"testing"
)

// established returns both ends of a session in memory, shaken.
func established(t testing.TB) (server, client *Conn) {
	t.Helper()
	dir := pki(t)
	return meet(t, serverConf(t, dir), clientConf(t, dir, "BANKA"), nil)
}

// meet has two ends shake hands. Safe for concurrent use.
func meet(t testing.TB, serverConf, clientConf *tls.Config, turns chan struct{}) (server, client *Conn) {
	news := make(chan struct{}, 16)
	opt := Options{Notify: func() { news <- struct{}{} }, Turns: turns}
	server = Server(serverConf, opt)
	opt.Turns = nil
	client = Client(clientConf, opt)
	var workers sync.WaitGroup
	defer workers.Wait()
	for _, c := range []*Conn{server, client} {
		workers.Go(func() { _ = c.Handshake(context.Background()) })
	}
	for !server.Established() || !client.Established() {
		<-news
		for _, d := range [][2]*Conn{{server, client}, {client, server}} {
			if out := d[0].Take(); len(out) > 0 {
				if err := d[1].Feed(out); err != nil {
					t.Error(err)
				}
			}
		}
	}
	return server, client
}

// echo is what a link does for one burst: decrypt all, encrypt all, hand over.
func echo(t testing.TB, c *Conn, in, plain, out []byte) []byte {
	c.Lend(out)
	if err := c.Feed(in); err != nil {
		t.Fatal(err)
	}
	n := 0
	for {
		k, err := c.Read(plain[n:])
		n += k
		if err == ErrEmpty {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Write(plain[:n]); err != nil {
		t.Fatal(err)
	}
	return c.Take()
}

// benchmarkEcho measures the server alone: the client's records are made ahead.
// records is how many TLS records a burst of messages of 200 bytes comes in.
func benchmarkEcho(b *testing.B, messages, records int) {
	server, client := established(b)
	const ahead = 1024
	message := make([]byte, 200*messages/records)
	bursts := make([][]byte, 0, ahead)
	plain, out := make([]byte, 64<<10), make([]byte, 0, 64<<10)
	b.SetBytes(int64(200 * messages))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%ahead == 0 {
			b.StopTimer()
			bursts = bursts[:0]
			for range min(ahead, b.N-i) {
				client.Lend(nil)
				for range records {
					if _, err := client.Write(message); err != nil {
						b.Fatal(err)
					}
				}
				bursts = append(bursts, client.Take())
			}
			b.StartTimer()
		}
		out = echo(b, server, bursts[i%ahead], plain, out)
	}
}

// BenchmarkEcho is one 200-byte message in, one out; Burst16 is sixteen in one
// record each way, Records16 sixteen records in and one out.
func BenchmarkEcho(b *testing.B)          { benchmarkEcho(b, 1, 1) }
func BenchmarkEchoBurst16(b *testing.B)   { benchmarkEcho(b, 16, 1) }
func BenchmarkEchoRecords16(b *testing.B) { benchmarkEcho(b, 16, 16) }

// The allocations are those of crypto/tls: two readers of 24 bytes for each
// record. Whatever is on top would be ours.
func TestAllocationsPerEcho(t *testing.T) {
	server, client := established(t)
	message := make([]byte, 200)
	var bursts [][]byte
	for range 300 {
		client.Lend(nil)
		if _, err := client.Write(message); err != nil {
			t.Fatal(err)
		}
		bursts = append(bursts, client.Take())
	}
	plain, out := make([]byte, 64<<10), make([]byte, 0, 64<<10)
	n := testing.AllocsPerRun(200, func() {
		out = echo(t, server, bursts[0], plain, out)
		bursts = bursts[1:]
	})
	if n > 4 {
		t.Errorf("%v allocations per echo, want at most 4", n)
	}
	t.Logf("%v allocations per echo", n)
}
