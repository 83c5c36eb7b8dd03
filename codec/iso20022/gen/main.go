package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	var dirs folders
	flag.Var(&dirs, "xsd", "folder with schemas, searched with its subfolders; may be given again")
	out := flag.String("out", ".", "folder of the tables")
	check := flag.Bool("check", false, "write nothing, fail if a table differs")
	flag.Parse()
	if err := run(dirs, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// folders is a flag that may be given more than once.
type folders []string

func (f *folders) String() string { return fmt.Sprint([]string(*f)) }

func (f *folders) Set(dir string) error {
	*f = append(*f, dir)
	return nil
}

func run(dirs []string, out string, check bool) error {
	tables, err := generate(dirs)
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		table, path := tables[name], filepath.Join(out, name)
		if check {
			if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, table) {
				faults = append(faults, fmt.Errorf("%s is not what the schemas give", path))
			}
			continue
		}
		faults = append(faults, os.WriteFile(path, table, 0o644))
	}
	return errors.Join(faults...)
}

// generate makes the tables of all messages, by file name.
func generate(dirs []string) (map[string][]byte, error) {
	paths, err := findSchemas(dirs)
	if err != nil {
		return nil, err
	}
	p := newPool()
	var faults []error
	for _, message := range messages {
		path, found := paths[message]
		if !found {
			faults = append(faults, fmt.Errorf("no schema of %s in %v", message, dirs))
			continue
		}
		source, err := os.ReadFile(path)
		if err == nil {
			err = p.add(message, source)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", path, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return p.print()
}
