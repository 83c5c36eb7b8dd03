package backup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/state"
	"switchd/switch/storage"
)

// The names in a data folder and in a backup.
const (
	journalDir  = "journal"
	stateDir    = "state"
	lockFile    = "LOCK" // of a store that is open
	writerFile  = "version.json"
	manifest    = "backup.json"
	unfinished  = "restore.unfinished"
	stagingDir  = "backup.staging"
	snapshotDir = "snapshots"

	storeMarker = "marker.manifest." // begins the name of the file that makes a folder a store
)

// writeCategory is what the storage's statistics count our writes under.
const writeCategory = "backup"

// Formats are the versions of everything that a data folder is written in, and of
// the rules that its rows are the effect of.
type Formats struct {
	Storage int `json:"storage"` // files of the databases
	Journal int `json:"journal"` // groups and their keys
	State   int `json:"state"`   // keys of the rows
	Event   int `json:"event"`   // records of the journal
	Row     int `json:"row"`     // rows of payments, participants and the machine
	Logic   int `json:"logic"`   // what the machine makes of an event
}

// ours are the formats that this binary writes.
var ours = Formats{
	Storage: int(storage.Format), Journal: journal.Format, State: state.Format,
	Event: payment.EventVersion, Row: payment.RowVersion, Logic: payment.Logic,
}

// named gives each format its name, in a fixed order.
func (f *Formats) named() []namedFormat {
	return []namedFormat{
		{"storage", f.Storage}, {"journal", f.Journal}, {"state", f.State},
		{"events", f.Event}, {"rows", f.Row}, {"rules", f.Logic},
	}
}

type namedFormat struct {
	name   string
	number int
}

// newer says which of the formats are newer than ours; "" when none is.
func (f *Formats) newer() string {
	var found []string
	mine := ours.named()
	for i, theirs := range f.named() {
		if theirs.number > mine[i].number {
			found = append(found, fmt.Sprintf("%s %d, this one knows %d", theirs.name, theirs.number, mine[i].number))
		}
	}
	return strings.Join(found, "; ")
}

// Build is a binary.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

// release says that the version is that of a release, not of a working tree.
func (b *Build) release() bool { return b.Version != "" && !strings.HasSuffix(b.Version, "-dev") }

// Writer is who wrote a data folder last.
type Writer struct {
	Build
	Formats Formats `json:"formats"`
}

// writerBytesMax bounds version.json; it has some 200 bytes.
const writerBytesMax = 64 << 10

// readWriter reads who wrote a data folder last; nil: it does not say.
func readWriter(d disk, dir string) (*Writer, error) {
	path := d.PathJoin(dir, writerFile)
	b, err := d.read(path, writerBytesMax)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// A newer version may say more than this one knows; its formats it must name.
	w := new(Writer)
	if err := json.Unmarshal(b, w); err != nil || w.Formats == (Formats{}) {
		return nil, fmt.Errorf("%s does not say who wrote this data folder: it is damaged; if you know that no newer version has, remove the file", path)
	}
	return w, nil
}

// write makes w the writer of a data folder, durably; nothing is written when it
// was.
func (w *Writer) write(d disk, dir string) error {
	b, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	was, err := d.read(d.PathJoin(dir, writerFile), writerBytesMax)
	if err == nil && bytes.Equal(was, b) {
		return nil
	}
	return d.replace(dir, writerFile, b)
}
