package flame

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// Bounds of what is read.
const (
	fileBytesMax = 128 << 20 // as it is in the file
	dataBytesMax = 512 << 20 // out of its compression
	depthMax     = 200       // frames above each other; what is deeper counts to the last
)

// Graph is a profile as a tree of calls.
type Graph struct {
	root     node
	kind     string // of the value: "cpu"
	unit     string // "nanoseconds", "bytes", "count"
	duration time.Duration
	shares   [groupCount]int64 // of the total, by the function at the end of the stack
}

// node is a function as called by the one below it.
type node struct {
	name  string
	value int64 // with all that it calls
	calls []*node
}

// Read reads a profile and takes the value of the name; "": the one that the profile is
// for.
func Read(from io.Reader, value string) (*Graph, error) {
	p, err := parse(from)
	if err != nil {
		return nil, err
	}
	at, err := column(p, value)
	if err != nil {
		return nil, err
	}
	g := &Graph{kind: p.SampleType[at].Type, unit: p.SampleType[at].Unit, duration: time.Duration(p.DurationNanos)}
	for _, s := range p.Sample {
		v := s.Value[at]
		if v > math.MaxInt64-g.root.value {
			return nil, fmt.Errorf("the profile is no good: the sum of %s is too large", g.kind)
		}
		if v > 0 { // of two profiles of which one was taken off, some are below
			g.add(stack(s), v)
		}
	}
	if g.root.value == 0 {
		return nil, fmt.Errorf("the profile has nothing of %s: take it again while the switch has work", g.kind)
	}
	g.root.sort()
	return g, nil
}

// parse reads a profile within its bounds.
func parse(from io.Reader) (*profile.Profile, error) {
	data, err := atMost(from, fileBytesMax)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte("go 1.")) {
		return nil, errors.New("this is a trace, which 'go tool trace' shows: a flame graph is of a profile")
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("the profile cannot be unpacked: %w", err)
		}
		if data, err = atMost(z, dataBytesMax); err != nil {
			return nil, fmt.Errorf("the profile cannot be unpacked: %w", err)
		}
	}
	p, err := profile.ParseUncompressed(data)
	if err == nil {
		err = p.CheckValid()
	}
	if err != nil {
		return nil, fmt.Errorf("this is no profile of pprof: %w", err)
	}
	return p, nil
}

func atMost(from io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it has more than %d bytes: take a shorter one", most)
	}
	return data, err
}

// column is where a value stands in the samples.
func column(p *profile.Profile, value string) (int, error) {
	value = cmp.Or(value, p.DefaultSampleType)
	if len(p.SampleType) == 0 {
		return 0, errors.New("the profile has no values")
	}
	if value == "" {
		return len(p.SampleType) - 1, nil // as pprof does
	}
	var names []string
	for i, t := range p.SampleType {
		if t.Type == value {
			return i, nil
		}
		names = append(names, t.Type)
	}
	return 0, fmt.Errorf("the profile has no value %q, it has %s", value, strings.Join(names, ", "))
}

// stack is the functions of a sample, the caller of all first.
func stack(s *profile.Sample) []string {
	var names []string
	for _, l := range slices.Backward(s.Location) {
		if len(l.Line) == 0 {
			names = append(names, fmt.Sprintf("0x%x", l.Address))
		}
		for _, line := range slices.Backward(l.Line) { // inlined ones stand before their caller
			names = append(names, cmp.Or(function(line), "?"))
		}
	}
	return names
}

func function(l profile.Line) string {
	if l.Function == nil {
		return ""
	}
	return cmp.Or(l.Function.Name, l.Function.SystemName)
}

// add puts one stack into the tree.
func (g *Graph) add(names []string, v int64) {
	at := &g.root
	at.value += v
	for _, name := range names[:min(len(names), depthMax)] {
		at = at.call(name)
		at.value += v
	}
	leaf := ""
	if len(names) > 0 {
		leaf = names[len(names)-1]
	}
	g.shares[groupOf(leaf)] += v
}

func (n *node) call(name string) *node {
	for _, c := range n.calls {
		if c.name == name {
			return c
		}
	}
	c := &node{name: name}
	n.calls = append(n.calls, c)
	return c
}

// sort puts the widest first, and among equals has their names decide.
func (n *node) sort() {
	slices.SortFunc(n.calls, func(a, b *node) int {
		return cmp.Or(cmp.Compare(b.value, a.value), strings.Compare(a.name, b.name))
	})
	for _, c := range n.calls {
		c.sort()
	}
}
