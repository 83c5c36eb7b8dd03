package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Bounds of a folder of participants: thousands of files fit, a home directory
// given by mistake does not.
const (
	folderFilesMax = participantsMax
	folderBytesMax = 4 * fileBytesMax
)

// readFolder reads the files of a folder of participants, in the order of their
// names. Names that begin with a dot belong to editors and deployment tools; a file
// that somebody may take for one of them must not be left out in silence.
func readFolder(dir string) ([]Source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %s", reason(err))
	}
	var files []Source
	left := folderBytesMax
	for _, entry := range entries {
		name := entry.Name()
		switch end := strings.ToLower(filepath.Ext(name)); {
		case strings.HasPrefix(name, "."):
			continue
		case end == ".yaml" || end == ".yml" && filepath.Ext(name) != ".yml":
			return nil, fmt.Errorf("has a file %s: its name must end with .yml, or begin with a dot to be left alone", name)
		case end != ".yml":
			continue
		}
		if len(files) == folderFilesMax {
			return nil, fmt.Errorf("has more than %d files: this is not a folder of participants", folderFilesMax)
		}
		file := filepath.Join(dir, name)
		data, err := readFile(file)
		if err != nil {
			return nil, fmt.Errorf("has a file %s that cannot be read: %s", name, reason(err))
		}
		if left -= len(data); left < 0 {
			return nil, fmt.Errorf("has files of more than %d MiB: this is not a folder of participants", folderBytesMax>>20)
		}
		files = append(files, Source{file, data})
	}
	return files, nil
}

// folderOf reads the participants of a folder: each file is one mapping, or a list
// of them.
func (b *binder) folderOf(v value, c *Config, timers Timers) []Participant {
	dir := b.optionalPath(v)
	if dir == "" {
		return nil
	}
	if b.folder == nil {
		v.fault("%s: there are no folders here: write the participants out", v.name)
		return nil
	}
	files, err := b.folder(dir)
	if err != nil {
		v.fault("%s %s %v", v.name, dir, err)
		return nil
	}
	var out []Participant
	for _, f := range files {
		c.sources = append(c.sources, f)
		r := &reader{file: f.File}
		b.parts = append(b.parts, r)
		if node := r.document(f.Data); node != nil {
			out = append(out, b.participants(asList(value{r: r, node: node, at: position{1, 1}, name: "the file", is: &folderShape}), timers)...)
		}
	}
	return out
}

// folderShape is one file of a folder of participants that has several.
var folderShape = listOf(participantShape, participantsMax)

// asList has a value that is no list be the only entry of one.
func asList(v value) value {
	if _, isList := v.node.(*ast.SequenceNode); !isList {
		v.node = &ast.SequenceNode{Values: []ast.Node{v.node}}
	}
	return v
}
