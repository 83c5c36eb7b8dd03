package config

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Load reads and checks a configuration file, with the folder of participants that
// it may name. The error is of type Faults and holds everything that is wrong.
func Load(file string, known Names) (*Config, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, Faults{{File: file, Text: "cannot be read: " + reason(err)}}
	}
	return parse(Source{file, data}, known, readFolder)
}

// Again is Load for the Sources of a configuration, without a look at the disk: it
// gives that configuration again, as far as the binary still takes it.
func Again(sources []Source, known Names) (*Config, error) {
	if len(sources) == 0 {
		return nil, Faults{{Text: "there is no file"}}
	}
	return parse(sources[0], known, func(string) ([]Source, error) { return sources[1:], nil })
}

// Parse is Load for bytes that are in memory already; file names them in faults
// and its folder is where relative paths start. It opens nothing: the bytes cannot
// name a folder of participants.
func Parse(file string, data []byte, known Names) (*Config, error) {
	return parse(Source{file, data}, known, nil)
}

// Source is one file of a configuration, as it was read.
type Source struct {
	File string
	Data []byte
}

// parse turns a file into a Config. folder reads the folder of participants.
func parse(root Source, known Names, folder func(dir string) ([]Source, error)) (*Config, error) {
	r := &reader{file: root.File}
	node := r.document(root.Data)
	if node == nil {
		return nil, r.err()
	}
	b := binder{r: r, known: known, dir: filepath.Dir(root.File), root: root, folder: folder}
	c := b.config(value{r: r, node: node, at: position{1, 1}, name: "the file", is: &rootShape})
	if err := b.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// errNotSteady refuses a pipe: whoever opens one waits for its other end, for ever
// when there is none, and a reload reads the file again.
var errNotSteady = errors.New("not a regular file")

// readFile reads one byte more than is allowed, so that the parser can tell. What the
// shell hands over (/dev/stdin) need be no file.
func readFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if m := info.Mode(); !m.IsRegular() && !m.IsDir() && !strings.HasPrefix(file, "/dev/") {
		return nil, errNotSteady
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, fileBytesMax+1))
}

// reason is the bare reason of a file error; the path is in the fault already.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
