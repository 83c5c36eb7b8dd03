package journal

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// BenchmarkGroup is what a record costs the sequencer before any I/O: checksum,
// leaf, its share of the tree and of the head, in groups of 256 records of 300
// bytes. It must not allocate.
func BenchmarkGroup(b *testing.B) {
	record := make([]byte, 300)
	var g Group
	end := start
	fill := func() {
		g.Reset(end.next)
		for range 256 {
			g.Add(record)
		}
		g.seal(&end)
	}
	fill()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		fill()
		n += 256
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
}

// benchGroup fills g with 256 records of 300 bytes, what a busy switch has waiting.
func benchGroup(g *Group, next uint64, record []byte) {
	g.Reset(next)
	g.At(1)
	for range 256 {
		g.Add(record)
	}
}

// BenchmarkCommit is the group commit on a real disk, with one group on its way
// while the next one is made. In turns with it, so that both have the same disk,
// the same bytes are appended to a bare file and synced: what the disk can do.
// Budget: 300,000 records a second (architecture 10).
func BenchmarkCommit(b *testing.B) {
	const turn = 64
	dir := b.TempDir()
	file, err := os.Create(filepath.Join(dir, "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	l, err := OpenPebble(filepath.Join(dir, "journal"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	record := make([]byte, 300)
	var g [2]Group
	var before Ticket
	var bare time.Duration
	wait := func() {
		if before != nil {
			if err := before.Wait(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%turn == 0 {
			wait()
			before = nil
			b.StopTimer()
			bare += bareSyncs(b, file, g[0].buf, turn)
			b.StartTimer()
		}
		g := &g[n&1]
		benchGroup(g, l.Next(), record)
		t, err := l.Append(g)
		if err != nil {
			b.Fatal(err)
		}
		wait()
		before = t
	}
	wait()
	rate := float64(n) / b.Elapsed().Seconds()
	b.ReportMetric(rate*256, "records/s")
	if bare > 0 {
		bareRate := float64(n/turn*turn) / bare.Seconds()
		b.ReportMetric(rate/bareRate, "of-bare-fsyncs")
		b.ReportMetric(bareRate, "bare-fsyncs/s")
	}
}

// bareSyncs is how long it takes to append the same bytes n times to a file, and to
// sync it each time.
func bareSyncs(b *testing.B, f *os.File, value []byte, n int) time.Duration {
	b.Helper()
	begin := time.Now()
	for range n {
		if _, err := f.Write(value); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begin)
}

// BenchmarkAppend is what a record costs the processor from its bytes to its ticket
// and back, on a disk that costs nothing: in groups of 256, and alone.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{256, 16, 1} {
		b.Run(fmt.Sprintf("groups-of-%d", size), func(b *testing.B) {
			l, err := OpenPebble("journal", Options{FS: vfs.NewMem()})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			record := make([]byte, 300)
			var g Group
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				g.Reset(l.Next())
				for range size {
					g.Add(record)
				}
				t, err := l.Append(&g)
				if err != nil {
					b.Fatal(err)
				}
				if err := t.Wait(); err != nil {
					b.Fatal(err)
				}
				n += size
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
		})
	}
}

// benchLog is a journal of 200 groups of 256 records of 300 bytes.
func benchLog(b *testing.B) *PebbleLog {
	b.Helper()
	l, err := OpenPebble(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	record := make([]byte, 300)
	var g Group
	for range 200 {
		benchGroup(&g, l.Next(), record)
		t, err := l.Append(&g)
		if err != nil {
			b.Fatal(err)
		}
		if err := t.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

// BenchmarkTail is how fast a reader catches up.
func BenchmarkTail(b *testing.B) {
	l := benchLog(b)
	defer l.Close()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r := l.Tail(1)
		for range l.Durable() {
			if _, err := r.Next(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		n += int(l.Durable())
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkVerify is how fast all of it is checked.
func BenchmarkVerify(b *testing.B) {
	l := benchLog(b)
	defer l.Close()
	var r Report
	for b.Loop() {
		var err error
		if r, err = l.Verify(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(r.Bytes))
	b.ReportMetric(float64(r.Records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkProve is a proof of two records, made and checked.
func BenchmarkProve(b *testing.B) {
	l := benchLog(b)
	defer l.Close()
	signer, verifiers := testKey(b)
	for b.Loop() {
		p, err := l.Prove(signer, 300, 40_000)
		if err != nil {
			b.Fatal(err)
		}
		text, err := MarshalProof(p)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := VerifyProof(text, verifiers); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen is a start after a kill -9 that has left 100,000 groups of one
// record in the write-ahead logs, or as many as fit: the reading of the logs, the
// replay by Pebble, the walk over the groups. Budget: a second for 100,000 groups.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	from := filepath.Join(dir, "journal")
	l, err := OpenPebble(from, Options{})
	if err != nil {
		b.Fatal(err)
	}
	record := make([]byte, 300)
	var g Group
	var last Ticket
	for range 100_000 {
		g.Reset(l.Next())
		g.Add(record)
		batch := l.db.NewBatch()
		if err := l.put(batch, &g); err != nil {
			b.Fatal(err)
		}
		if err := l.db.Apply(batch, pebble.NoSync); err != nil {
			b.Fatal(err)
		}
	}
	g.Reset(l.Next())
	g.Add(record)
	if last, err = l.Append(&g); err != nil {
		b.Fatal(err)
	}
	if err := last.Wait(); err != nil {
		b.Fatal(err)
	}
	n, groups := 0, 0
	for b.Loop() {
		b.StopTimer()
		killed := filepath.Join(dir, fmt.Sprint(n))
		n++
		// A flush may take a file away that is about to be copied: once more then.
		for try := 0; ; try++ {
			err := os.CopyFS(killed, os.DirFS(from))
			if err == nil {
				break
			}
			if try == 100 || os.RemoveAll(killed) != nil {
				b.Fatal(err)
			}
		}
		s, err := newSurvey(vfs.Default, killed, "")
		if err != nil {
			b.Fatal(err)
		}
		groups += int(s.next - s.first)
		b.StartTimer()
		again, err := OpenPebble(killed, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if again.Durable() != l.Durable() {
			b.Fatalf("opened to %d of %d", again.Durable(), l.Durable())
		}
		if err := again.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(groups)/float64(n), "groups")
	b.ReportMetric(b.Elapsed().Seconds()/float64(groups)*100_000, "s/100000-groups")
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}
