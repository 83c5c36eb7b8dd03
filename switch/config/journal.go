package config

import "time"

// Journal is how the journal is written.
type Journal struct {
	// WALFailoverDir is a folder on another disk in which the journal's log goes on while
	// the disk of DataDir is slow, joined to the file's folder. Empty: there is none, and
	// payments wait for the one disk.
	WALFailoverDir string
	// WALFailoverAfter is how long one write or sync may take before the log goes on
	// there. Default 100 ms.
	WALFailoverAfter time.Duration
}

// journal reads how the journal is written. A folder on the disk that is slow is of no
// use, and one of the two must not go with the other.
func (b *binder) journal(v value, c *Config) Journal {
	o := v.object("journal")
	dir, after := o.get("wal_failover_dir"), o.get("wal_failover_after")
	j := Journal{WALFailoverAfter: after.duration()}
	if dir.absent() {
		if !after.absent() {
			after.fault("wal_failover_after without wal_failover_dir: name the folder on the other disk, or leave both out")
		}
		return j
	}
	c.places["wal_failover_dir"] = dir.at
	switch j.WALFailoverDir = b.path(dir); {
	case j.WALFailoverDir == "" || c.DataDir == "":
	case within(j.WALFailoverDir, c.DataDir), within(c.DataDir, j.WALFailoverDir):
		dir.fault("wal_failover_dir %s and data_dir lie in each other: it must be a folder of its own on another disk", j.WALFailoverDir)
	case c.Retention.ArchiveDir != "" && (within(j.WALFailoverDir, c.Retention.ArchiveDir) || within(c.Retention.ArchiveDir, j.WALFailoverDir)):
		dir.fault("wal_failover_dir %s and archive_dir lie in each other: it must be a folder of its own on another disk", j.WALFailoverDir)
	}
	return j
}
