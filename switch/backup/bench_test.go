package backup

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"switchd/switch/storage"
)

// BenchmarkBackup is what a backup and a restore of a data folder on a real disk
// cost, by payment: a copy with its hash, the rows replayed from the first event,
// and a verification.
func BenchmarkBackup(b *testing.B) {
	const payments = 20_000
	disk := storage.Options{}.WithDefaults().FS
	dir := b.TempDir()
	l := start(b, disk, filepath.Join(dir, "data"))
	for range payments / 1000 {
		for range 1000 {
			l.submit(l.request())
			if l.stan%50 == 0 {
				l.now.Add(int64(time.Millisecond))
				l.point()
			}
		}
		l.settled()
	}
	if err := l.stop(); err != nil {
		b.Fatal(err)
	}
	perPayment := func(b *testing.B, m *Manifest) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/payments, "ns/payment")
		b.ReportMetric(float64(m.Bytes)/payments, "bytes/payment")
		b.ReportMetric(float64(m.Journal.Last)/payments, "events/payment")
	}
	n := 0
	var m *Manifest
	b.Run("take", func(b *testing.B) {
		for range b.N {
			n++
			m = closedBackup(b, disk, filepath.Join(dir, "data"), filepath.Join(dir, fmt.Sprint("out", n)))
		}
		perPayment(b, m)
	})
	out, o := filepath.Join(dir, fmt.Sprint("out", n)), options(b, disk)
	b.Run("verify", func(b *testing.B) {
		for range b.N {
			if _, err := Verify(b.Context(), out, o); err != nil {
				b.Fatal(err)
			}
		}
		perPayment(b, m)
	})
	for name, until := range map[string]Until{"restore": {}, "rebuild": {Seq: m.Journal.Last - 1, AcceptFork: true}} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				n++
				if _, err := Restore(b.Context(), out, filepath.Join(dir, fmt.Sprint("to", n)), until, o); err != nil {
					b.Fatal(err)
				}
			}
			perPayment(b, m)
		})
	}
}
