package main

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/config"
	"switchd/switch/disk"
	"switchd/switch/journal"
	"switchd/switch/storage"
)

// failoverOf is the second folder of the journal.
func failoverOf(cfg *config.Config) storage.Failover {
	return storage.Failover{Dir: cfg.Journal.WALFailoverDir, After: cfg.Journal.WALFailoverAfter, Clock: clock}
}

// secondApart refuses a second folder of the journal that leads into another folder of the
// switch, or one of them into it: the names were compared when they were read.
func secondApart(cfg *config.Config) error {
	fs, dir := storage.Options{}.WithDefaults().FS, cfg.Journal.WALFailoverDir
	for _, other := range []string{cfg.DataDir, cfg.Retention.ArchiveDir} {
		if dir != "" && other != "" && (storage.WithinFolder(fs, dir, other) || storage.WithinFolder(fs, other, dir)) {
			return fmt.Errorf("journal.wal_failover_dir: %s and %s lead into each other: name a folder of its own on another disk", dir, other)
		}
	}
	return nil
}

// secondDisk says why the second folder of the journal is of no use: it lies on the disk
// of the data folder. Nil: it does not, or nobody can tell.
func secondDisk(cfg *config.Config) error {
	if dir := cfg.Journal.WALFailoverDir; dir != "" && disk.Together(cfg.DataDir, dir) {
		return fmt.Errorf("journal.wal_failover_dir: %s is on the file system of data_dir (%s), and slow when that is: name a folder on another disk; if its disk is not mounted, mount it", dir, cfg.DataDir)
	}
	return nil
}

// allowSecondDisk refuses such a folder; for development it is good enough.
func allowSecondDisk(cfg *config.Config, log *slog.Logger) error {
	if err := secondApart(cfg); err != nil {
		return err
	}
	err := secondDisk(cfg)
	if err != nil && cfg.Profile != "production" {
		log.Warn("the second folder of the journal helps for trials only", "event", "journal.second.near", "error", err)
		return nil
	}
	return err
}

// failoverCollector shows how the second folder of the journal is used, by one look for all
// of it. All are 0 without one.
type failoverCollector struct {
	look                    func() journal.Failover
	active, switches, spent *prometheus.Desc
}

func watchFailover(reg prometheus.Registerer, j *journal.PebbleLog) {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	reg.MustRegister(&failoverCollector{
		look:     j.Failover,
		active:   desc("switchd_wal_failover_active", "1 while the journal's log goes on in journal.wal_failover_dir because the disk of the data folder is slow, else 0."),
		switches: desc("switchd_wal_failover_switches_total", "How often the journal's log went from one of its two folders to the other."),
		spent:    desc("switchd_wal_failover_seconds_total", "For how long the journal's log has gone on in journal.wal_failover_dir."),
	})
}

// Describe is prometheus.Collector.
func (c *failoverCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.active
	ch <- c.switches
	ch <- c.spent
}

// Collect is prometheus.Collector.
func (c *failoverCollector) Collect(ch chan<- prometheus.Metric) {
	f, active := c.look(), 0.0
	if f.Active {
		active = 1
	}
	ch <- prometheus.MustNewConstMetric(c.active, prometheus.GaugeValue, active)
	ch <- prometheus.MustNewConstMetric(c.switches, prometheus.CounterValue, float64(f.Switches))
	ch <- prometheus.MustNewConstMetric(c.spent, prometheus.CounterValue, f.Second.Seconds())
}

// failoverWarning is a warning while the journal goes on in its second folder, or has no room
// there.
func failoverWarning(f journal.Failover, second *disk.Second) string {
	var all []string
	if f.Active {
		all = append(all, fmt.Sprintf("the disk of the data folder is slow: the journal goes on in %s (for %v since the start)", f.Dir, f.Second.Round(time.Second)))
	}
	if room := second.Warning(); room != "" {
		all = append(all, room)
	}
	return strings.Join(all, "; ")
}
