package journal

import "testing"

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

// BenchmarkAppend is the group commit on a real disk: 256 events of 300 bytes,
// one fsync. Budget: 300,000 events a second (architecture 10).
func BenchmarkAppend(b *testing.B) {
	l, err := OpenPebble(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	record := make([]byte, 300)
	var g [2]Group
	var before Ticket
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		g := &g[n&1]
		n++
		g.Reset(l.Next())
		for range 256 {
			g.Add(record)
		}
		t, err := l.Append(g)
		if err != nil {
			b.Fatal(err)
		}
		if before != nil {
			if err := before.Wait(); err != nil {
				b.Fatal(err)
			}
		}
		before = t
	}
	if err := before.Wait(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n)*256/b.Elapsed().Seconds(), "events/s")
}
