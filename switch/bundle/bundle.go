package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Options say what is packed.
type Options struct {
	// Name is the folder in the file.
	Name string
	// At is the time of all entries.
	At time.Time
	// BytesMax bounds what is packed, before it is compressed, manifest aside.
	BytesMax int64
	// EntryMax bounds one entry: what is longer is cut. Default: a quarter of BytesMax.
	EntryMax int64
}

// Entry is one file in the bundle.
type Entry struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	Masked int    `json:"masked"`            // places where something was left out
	Cut    bool   `json:"cut,omitempty"`     // it was longer
	Why    string `json:"missing,omitempty"` // it could not be had
}

// Manifest is what is in a bundle.
type Manifest struct {
	At      time.Time `json:"at"`
	Entries []Entry   `json:"entries"`
	Bytes   int64     `json:"bytes"` // of all entries
}

// Bundle is a bundle that is being packed. It is used by one goroutine; End says whether
// all could be written.
type Bundle struct {
	o        Options
	zip      *gzip.Writer
	tar      *tar.Writer
	manifest Manifest
	err      error
}

// New begins a bundle.
func New(w io.Writer, o Options) *Bundle {
	if o.EntryMax == 0 {
		o.EntryMax = o.BytesMax / 4
	}
	zip := gzip.NewWriter(w)
	return &Bundle{o: o, zip: zip, tar: tar.NewWriter(zip), manifest: Manifest{At: o.At.UTC()}}
}

// Text packs a text, masked line by line.
func (b *Bundle) Text(name string, text []byte) {
	masked, n := Text(text)
	b.put(name, masked, n)
}

// JSON packs a value, or the JSON text of one, masked by names and as text.
func (b *Bundle) JSON(name string, v any) {
	text, raw := v.([]byte)
	if !raw {
		var err error
		if text, err = json.Marshal(v); err != nil {
			b.Missing(name, err)
			return
		}
	}
	masked, n, err := JSON(text)
	if err != nil {
		b.Missing(name, errors.New("is no JSON")) // its text is not to be trusted
		return
	}
	b.put(name, masked, n)
}

// Metrics packs the text of a scrape: values stay, labels and comments are masked.
func (b *Bundle) Metrics(name string, text []byte) {
	masked, n := Metrics(text)
	b.put(name, masked, n)
}

// Settings packs lines of `name = value`: names stay, values are masked.
func (b *Bundle) Settings(name string, text []byte) {
	masked, n := Settings(text)
	b.put(name, masked, n)
}

// Stacks packs where goroutines are: functions and lines stay.
func (b *Bundle) Stacks(name string, text []byte) {
	masked, n := Stacks(text)
	b.put(name, masked, n)
}

// Log packs the end of a log: what is too long loses its beginning.
func (b *Bundle) Log(name string, text []byte) {
	masked, n := Log(text)
	cut := int64(len(masked)) - b.room()
	if cut > 0 {
		masked = masked[cut:]
		masked = masked[bytes.IndexByte(masked, '\n')+1:] // whole lines
	}
	b.put(name, masked, n)
	b.manifest.Entries[len(b.manifest.Entries)-1].Cut = cut > 0
}

// Missing notes what could not be had, and why.
func (b *Bundle) Missing(name string, why error) {
	text, _ := Text([]byte(why.Error()))
	b.manifest.Entries = append(b.manifest.Entries, Entry{Name: name, Why: string(text)})
}

// put packs what is masked already.
func (b *Bundle) put(name string, text []byte, masked int) {
	e := Entry{Name: name, Masked: masked}
	if most := b.room(); int64(len(text)) > most {
		text, e.Cut = text[:most], true
		text = text[:bytes.LastIndexByte(text, '\n')+1] // whole lines
	}
	e.Bytes = len(text)
	b.manifest.Bytes += int64(len(text))
	b.manifest.Entries = append(b.manifest.Entries, e)
	b.write(name, text)
}

// room is how long an entry may be.
func (b *Bundle) room() int64 { return max(min(b.o.EntryMax, b.o.BytesMax-b.manifest.Bytes), 0) }

func (b *Bundle) write(name string, text []byte) {
	if b.err != nil {
		return
	}
	b.err = b.tar.WriteHeader(&tar.Header{Name: b.o.Name + "/" + name, Mode: 0o600, Size: int64(len(text)), ModTime: b.o.At, Format: tar.FormatPAX})
	if b.err == nil {
		_, b.err = b.tar.Write(text)
	}
}

// End packs the manifest and closes the bundle.
func (b *Bundle) End() (Manifest, error) {
	text, err := json.MarshalIndent(&b.manifest, "", "  ")
	if err != nil {
		return b.manifest, err
	}
	b.write("manifest.json", append(text, '\n'))
	if err := errors.Join(b.err, b.tar.Close(), b.zip.Close()); err != nil {
		return b.manifest, fmt.Errorf("the bundle cannot be written: %w", err)
	}
	return b.manifest, nil
}
