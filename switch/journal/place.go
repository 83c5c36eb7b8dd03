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
	Second   time.Duration // for how long it has gone on in the second one, by Options.Failover.Clock
}

// place is in which of two folders the log goes on.
type place struct {
	mu     sync.Mutex       // guards the rest, and the order of what is logged: Pebble makes and removes files on goroutines of its own
	alone  map[string]bool  // files that were made in the second folder, and may have what no sorted file has
	number pebblewal.NumWAL // of the latest file
	index  pebblewal.LogNameIndex

	clock   func() int64
	use     atomic.Pointer[use] // nil: there is no second folder; changed with mu
	crowded atomic.Bool         // a new log is wanted: the latest has many files, or one that was left in the second folder
}

// use is how the second folder is used. It is not asked of Pebble, which counts the same:
// its metrics wait for the list of files, which is written to the first disk. Whoever looks
// while that hangs would wait, and must never keep the log from going on elsewhere. So
// looking takes no lock, either.
type use struct {
	Failover
	since int64 // from when on it goes on there, of what Second does not have yet; 0: it does not, or nobody has a clock
}

// goes is the use after the log has gone to one of the folders.
func (u *use) goes(second bool, now int64) *use {
	after := u.stop(now)
	after.Active, after.Switches = second, u.Switches+1
	if second {
		after.since = now
	}
	return after
}

// stop is the use when it is counted no further.
func (u *use) stop(now int64) *use {
	return &use{Failover: u.at(now)}
}

func (u *use) at(now int64) Failover {
	f := u.Failover
	if u.since != 0 {
		f.Second += time.Duration(now - u.since)
	}
	return f
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
	dir := disk.PathJoin(po.WALFailover.Secondary.Dirname) // as in the names of its files
	p.alone, p.clock = map[string]bool{}, l.o.Failover.Clock
	if p.clock == nil {
		p.clock = func() int64 { return 0 }
	}
	p.use.Store(&use{Failover: Failover{Dir: dir}})
	po.EventListener.WALCreated = func(i pebble.WALCreateInfo) {
		if i.Err != nil {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		switch p.made(disk.PathDir(i.Path) == dir, disk.PathBase(i.Path)) {
		case moved:
			l.o.Log.Warn("the disk of the journal is slow: it goes on in the second folder", "event", "journal.second.used", "folder", dir)
		case back:
			l.o.Log.Info("the journal is back in its own folder", "event", "journal.second.over", "folder", l.dir)
			p.empty(l)
		}
	}
	po.EventListener.WALDeleted = func(i pebble.WALDeleteInfo) {
		if i.Err != nil || disk.PathDir(i.Path) != dir {
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
	if !p.use.Load().Active && len(p.alone) == 0 {
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
	was := p.use.Load()
	p.number, p.index = number, index
	p.crowded.Store(index+1 >= filesMost)
	if was.Active == second {
		return stayed
	}
	p.use.Store(was.goes(second, p.clock()))
	if second {
		return moved
	}
	// Of what it has left there only that is written again which was not durable. With
	// a new log all of it comes into a sorted file now, not when the memtable is full.
	p.crowded.Store(true)
	return back
}

// spread begins a new log when one is wanted, before a group is written.
func (p *place) spread(db *pebble.DB) error {
	if !p.crowded.Swap(false) {
		return nil
	}
	_, err := db.AsyncFlush()
	return err
}

// closing closes the database, and keeps what was counted.
func (p *place) closing(db *pebble.DB) error {
	err := db.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if was := p.use.Load(); was != nil {
		p.use.Store(was.stop(p.clock()))
	}
	return err
}

// Failover is how the second folder has been used since the journal was opened. Safe for
// concurrent use, also after Close. It never blocks, whatever the disks do.
func (l *PebbleLog) Failover() Failover {
	u := l.place.use.Load()
	if u == nil {
		return Failover{}
	}
	return u.at(l.place.clock())
}
