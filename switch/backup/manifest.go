package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"switchd/switch/journal"
	"switchd/switch/seal"
)

// Format is the version of backup.json and of what lies beside it. Later versions
// read it for ever.
const Format = 1

// Kinds of a backup.
const (
	KindBackup   = "backup"   // copied, every file with its hash
	KindSnapshot = "snapshot" // hard links in the data folder, made before an upgrade, without hashes
)

// Manifest is backup.json: what a backup is, and what it must be when it is read.
type Manifest struct {
	Format    int      `json:"format"`
	Kind      string   `json:"kind"`
	MadeAt    string   `json:"made_at"` // RFC 3339, UTC
	Writer    Writer   `json:"writer"`  // of the data folder
	Applied   uint64   `json:"applied"` // last event in the rows
	StateHash string   `json:"state_hash,omitempty"`
	Journal   Extent   `json:"journal"`
	Keys      []uint32 `json:"keys"`            // ids of the keys that seal it
	Probe     string   `json:"probe,omitempty"` // sealed with the last of them, to find a wrong key file early
	Bytes     int64    `json:"bytes"`           // of all files
	Files     []File   `json:"files"`
	Sum       string   `json:"sum"` // SHA-256 of this file with an empty sum
}

// Extent is what a journal holds.
type Extent struct {
	First  uint64       `json:"first"` // sequence numbers
	Last   uint64       `json:"last"`
	LastAt int64        `json:"last_at"`   // time of the last event, UTC ns
	Chain  journal.Hash `json:"chain"`     // hash of the last group
	Groups uint64       `json:"tree_size"` // groups of all times: leaves of the Merkle log
	Root   journal.Hash `json:"tree_root"`
}

// File is one file of a backup.
type File struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256,omitempty"`
}

// manifestBytesMax bounds backup.json: some 150 bytes for each file.
const manifestBytesMax = 64 << 20

// encode gives m its sum and writes it as text.
func (m *Manifest) encode() ([]byte, error) {
	m.Sum = ""
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	m.Sum = hex.EncodeToString(sum[:])
	if b, err = json.MarshalIndent(m, "", " "); err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// readManifest reads the backup.json of a backup, which must be byte for byte what
// was written.
func readManifest(d disk, dir string) (*Manifest, error) {
	path := d.PathJoin(dir, manifest)
	b, err := d.read(path, manifestBytesMax)
	if err != nil {
		return nil, fmt.Errorf("%s is not a backup: %w", dir, err)
	}
	var head struct { // what every format has
		Format int   `json:"format"`
		Writer Build `json:"writer"`
	}
	m := new(Manifest)
	if json.Unmarshal(b, &head) == nil && head.Format > Format {
		return nil, fmt.Errorf("%s has format %d, this version of the switch reads format %d: use version %q, which made it", path, head.Format, Format, head.Writer.Version)
	}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrDamaged, path, err)
	}
	again, err := m.encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(b, again) {
		return nil, fmt.Errorf("%w: %s is not what was written", ErrDamaged, path)
	}
	return m, nil
}

// sealed notes which keys a folder is sealed with.
func (m *Manifest) sealed(keys *seal.Keys) {
	if keys == nil {
		return
	}
	m.Keys = keys.IDs()
	token := keys.Token([]byte(probe))
	m.Probe = hex.EncodeToString(keys.Sealer().Seal(nil, append(token[:], probe...), len(token)))
}

// probe is what a right key file can read in a backup.
const probe = "switchd backup"

// CheckKeys refuses a key file that cannot open the backup.
func (m *Manifest) CheckKeys(keys *seal.Keys) error {
	if len(m.Keys) == 0 {
		return nil
	}
	have := keys.IDs()
	for _, id := range m.Keys {
		if !slices.Contains(have, id) {
			return fmt.Errorf("it is sealed with the keys %v, the key file has %v: name the key file of the data folder that was backed up", m.Keys, have)
		}
	}
	if m.Probe == "" { // of a snapshot: it was made without the keys
		return nil
	}
	sealed, err := hex.DecodeString(m.Probe)
	token := keys.Token([]byte(probe))
	if err != nil || len(sealed) < len(token) {
		return fmt.Errorf("%w: its probe of the keys is none", ErrDamaged)
	}
	if !bytes.Equal(sealed[:len(token)], token[:]) {
		return fmt.Errorf("the key file has another token key than the data folder that was backed up: payments would not be found by account; name its key file")
	}
	if _, err := keys.Opener().Open(nil, sealed, len(token)); err != nil {
		return err
	}
	return nil
}
