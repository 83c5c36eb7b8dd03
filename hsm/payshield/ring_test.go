package payshield

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"switchd/hsm"
)

// ringOf is a table with some keys of the name a, the active one first.
func ringOf(ks ...*entry) *table {
	for _, k := range ks {
		k.Name, k.Key, k.Usage, k.Algorithm, k.Export = "a", "U00112233445566778899AABBCCDDEEFF", hsm.PINEncryption, "T", "N"
	}
	return &table{clock: func() int64 { return 10 }, keys: map[hsm.KeyRef][]*entry{"a": ks}}
}

// TestReaders: which keys of a name read. Those that may not do not keep the others from
// it, and one key is asked once.
func TestReaders(t *testing.T) {
	for name, c := range map[string]struct {
		ks   []*entry
		want []string
	}{
		"one":                      {[]*entry{{Mode: "B", KCV: "AAAAAA"}}, []string{"AAAAAA"}},
		"none":                     {[]*entry{{Mode: "E", KCV: "AAAAAA"}}, nil},
		"both":                     {[]*entry{{Mode: "B", KCV: "AAAAAA"}, {Mode: "B", KCV: "BBBBBB", Until: 11}}, []string{"AAAAAA", "BBBBBB"}},
		"over":                     {[]*entry{{Mode: "B", KCV: "AAAAAA"}, {Mode: "B", KCV: "BBBBBB", Until: 10}}, []string{"AAAAAA"}},
		"active may not":           {[]*entry{{Mode: "E", KCV: "AAAAAA"}, {Mode: "B", KCV: "BBBBBB", Until: 11}}, []string{"BBBBBB"}},
		"active may not, old over": {[]*entry{{Mode: "E", KCV: "AAAAAA"}, {Mode: "B", KCV: "BBBBBB", Until: 10}}, nil},
		"old may not":              {[]*entry{{Mode: "B", KCV: "AAAAAA"}, {Mode: "E", KCV: "BBBBBB", Until: 11}}, []string{"AAAAAA"}},
		"equal":                    {[]*entry{{Mode: "B", KCV: "AAAAAA"}, {Mode: "B", KCV: "BBBBBB", Until: 11}, {Mode: "B", KCV: "AAAAAA", Until: 11}}, []string{"AAAAAA", "BBBBBB"}},
		"of no known value":        {[]*entry{{Mode: "B"}, {Mode: "B", Until: 11}}, []string{"", ""}},
	} {
		ks, err := ringOf(c.ks...).readers("a", &readPIN)
		if (err == nil) != (len(c.want) > 0) || len(ks) != len(c.want) {
			t.Errorf("%s: %d keys, %v", name, len(ks), err)
			continue
		}
		for i, k := range ks {
			if k.KCV != c.want[i] {
				t.Errorf("%s: key %d is %s", name, i, k.KCV)
			}
		}
	}
}

// TestReadersWhileKeysChange: a call sees the keys of before or those of after, never
// half of each, and has a key or an error.
func TestReadersWhileKeysChange(t *testing.T) {
	reads := ringOf(&entry{Mode: "B"}).keys
	writes := ringOf(&entry{Mode: "E"}, &entry{Mode: "B", Until: 10}).keys // what may read is over
	table := ringOf(&entry{Mode: "B"})
	stop := make(chan struct{})
	var changing sync.WaitGroup
	changing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, keys := range []map[hsm.KeyRef][]*entry{reads, writes} {
				table.mu.Lock()
				table.keys = keys
				table.mu.Unlock()
				runtime.Gosched()
			}
		}
	})
	for range 20_000 {
		if ks, err := table.readers("a", &readPIN); len(ks) == 0 && err == nil {
			t.Error("no key and no error")
			break
		}
	}
	close(stop)
	changing.Wait()
}

// TestTableTooLong: a table is not written longer than it can be read.
func TestTableTooLong(t *testing.T) {
	longest := "S19999P0AE00E0000" + strings.Repeat("0", 9983)
	for n, want := range map[int]error{tableMax / len(longest): hsm.ErrDenied, 10: nil} {
		path := filepath.Join(t.TempDir(), "keys.json")
		table := &table{path: path, clock: func() int64 { return 1 }, write: replace, keys: map[hsm.KeyRef][]*entry{}}
		for i := range n {
			name := hsm.KeyRef(fmt.Sprintf("k%d", i))
			table.keys[name] = []*entry{{Name: name, Key: longest, Usage: "P0", Algorithm: "A", Mode: "E", Export: "E"}}
		}
		_, err := table.add(&entry{Name: "new", Key: longest, Usage: "P0", Algorithm: "A", Mode: "E", Export: "E"}, placing{as: "new"})
		if _, none := os.Stat(path); !errors.Is(err, want) || (none == nil) != (want == nil) {
			t.Errorf("%d keys: %v, %v", n, err, none)
		}
	}
}
