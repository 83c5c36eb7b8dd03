package journal

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	pebblewal "github.com/cockroachdb/pebble/v2/wal"
)

// Failover is how a journal with a second folder has used it. The zero value is that of
// one without.
type Failover struct {
	Dir      string        // the second folder; empty: there is none
	Active   bool          // the log goes on there now
	Switches uint64        // how often it went from one folder to the other
	Second   time.Duration // for how long it has gone on in the second one
}

// place is in which of two folders the log goes on.
type place struct {
	mu     sync.Mutex // guards the rest, and the order of what is logged: Pebble makes and removes files on goroutines of its own
	dir    string     // the second folder
	active bool
	alone  map[string]bool  // files that were made there, and may have what no sorted file has
	number pebblewal.NumWAL // of the latest file
	index  pebblewal.LogNameIndex
	closed bool
	at     Failover // when it was closed

	crowded atomic.Bool // a new log is wanted: the latest has many files, or one that was left in the second folder
}

// filesMost is from how many files of one log on a new log is begun. Pebble makes ten at
// most, and then goes from one folder to the other no more.
const filesMost = 6

// watch sees where Pebble makes the files of its logs, and when it needs them no more.
func (p *place) watch(po *pebble.Options, l *PebbleLog) {
	if po.WALFailover == nil {
		return
	}
	disk := l.o.FS
	p.dir, p.alone = disk.PathJoin(po.WALFailover.Secondary.Dirname), map[string]bool{} // as in the names of its files
	po.EventListener.WALCreated = func(i pebble.WALCreateInfo) {
		if i.Err != nil {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		switch p.made(disk.PathDir(i.Path) == p.dir, disk.PathBase(i.Path)) {
		case moved:
			l.o.Log.Warn("the disk of the journal is slow: it goes on in the second folder", "event", "journal.second.used", "folder", p.dir)
		case back:
			l.o.Log.Info("the journal is back in its own folder", "event", "journal.second.over", "folder", l.dir)
			p.empty(l)
		}
	}
	po.EventListener.WALDeleted = func(i pebble.WALDeleteInfo) {
		if i.Err != nil || disk.PathDir(i.Path) != p.dir {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if name := disk.PathBase(i.Path); p.alone[name] { // not of the process before this one
			delete(p.alone, name)
			p.empty(l)
		}
	}
}

// empty says so when nothing is in the second folder alone. While the log goes on there
// the next file may be on its way. REQUIRES: p.mu.
func (p *place) empty(l *PebbleLog) {
	if !p.active && len(p.alone) == 0 {
		l.o.Log.Info("the journal's own folder has all of it again", "event", "journal.second.empty", "folder", l.dir)
	}
}

// A new file of a log may be in the other folder.
type move int

const (
	stayed move = iota
	moved       // to the second folder
	back        // to the first one
)

// made takes note of a new file. One that the slow disk has made at last, when the log is
// elsewhere already, moves nothing. REQUIRES: p.mu.
func (p *place) made(second bool, name string) move {
	if second {
		p.alone[name] = true
	}
	number, index, ok := pebblewal.ParseLogFilename(name)
	if !ok || number < p.number || number == p.number && index < p.index {
		return stayed
	}
	was := p.active
	p.number, p.index, p.active = number, index, second
	p.crowded.Store(index+1 >= filesMost)
	switch {
	case second && !was:
		return moved
	case was && !second:
		// Of what it has left there only that is written again which was not durable. With
		// a new log all of it comes into a sorted file now, not when the memtable is full.
		p.crowded.Store(true)
		return back
	}
	return stayed
}

// spread begins a new log when one is wanted, before a group is written.
func (p *place) spread(db *pebble.DB) error {
	if !p.crowded.Swap(false) {
		return nil
	}
	_, err := db.AsyncFlush()
	return err
}

// closing closes the database, and keeps what it has counted.
func (p *place) closing(db *pebble.DB) error {
	at := p.look(db)
	p.mu.Lock()
	p.closed, p.at = true, at
	p.mu.Unlock()
	return db.Close()
}

func (p *place) look(db *pebble.DB) Failover {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return p.at
	case p.dir == "":
		return Failover{}
	}
	stats := db.Metrics().WAL.Failover
	return Failover{Dir: p.dir, Active: p.active, Switches: uint64(stats.DirSwitchCount), Second: stats.SecondaryWriteDuration}
}

// Failover is how the second folder has been used since the journal was opened. Safe for
// concurrent use, also after Close.
func (l *PebbleLog) Failover() Failover { return l.place.look(l.db) }
