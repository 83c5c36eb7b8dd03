package console

import (
	"math"
	"slices"
	"strconv"

	"switchd/switch/view"
)

// shortenFrom is how long a payment takes, in microseconds, before waits are shortened.
const shortenFrom = 30_000_000

// drawing is the width of the drawing that bars are in.
const drawing = 1000

// scale says where a moment stands on the bars. Most payments take some milliseconds, and
// then true distances say most. Where one wait is longer than all the rest, a repair of
// hours for example, long waits are shortened, or nothing else could be seen.
type scale struct {
	at     []int64   // moments, microseconds, rising; at least two
	places []float64 // of them, 0 to drawing
	Short  bool      // long waits are shortened
}

func scaleOf(t view.Timeline) scale {
	at := []int64{0}
	for _, m := range t.Moments {
		at = append(at, m.AfterMicros)
	}
	for _, leg := range t.Legs {
		at = append(at, leg.StartMicros, leg.EndMicros)
	}
	slices.Sort(at)
	at = slices.Compact(at)
	at = slices.DeleteFunc(at, func(us int64) bool { return us < 0 })
	if len(at) < 2 {
		at = []int64{0, 1}
	}
	s := scale{at: at, places: make([]float64, len(at))}
	longest := int64(0)
	for i := 1; i < len(at); i++ {
		longest = max(longest, at[i]-at[i-1])
	}
	s.Short = len(at) > 2 && s.last() > shortenFrom && longest > s.last()/4*3
	sum := 0.0
	for i := 1; i < len(at); i++ {
		width := float64(at[i] - at[i-1])
		if s.Short {
			width = math.Log2(1 + width/1000) // of a millisecond
		}
		sum += width
		s.places[i] = sum
	}
	if sum == 0 {
		sum = 1
	}
	for i := range s.places {
		s.places[i] *= drawing / sum
	}
	return s
}

func (s scale) last() int64 { return s.at[len(s.at)-1] }

// place is where a moment stands.
func (s scale) place(us int64) float64 {
	i, exact := slices.BinarySearch(s.at, us)
	switch {
	case exact:
		return s.places[i]
	case i == 0:
		return 0
	case i == len(s.at):
		return drawing
	}
	share := float64(us-s.at[i-1]) / float64(s.at[i]-s.at[i-1])
	return s.places[i-1] + share*(s.places[i]-s.places[i-1])
}

// when is the moment that stands at a place.
func (s scale) when(place float64) int64 {
	i, _ := slices.BinarySearch(s.places, place)
	if i == 0 {
		return s.at[0]
	}
	if i >= len(s.at) {
		return s.last()
	}
	width := s.places[i] - s.places[i-1]
	if width == 0 {
		return s.at[i]
	}
	return s.at[i-1] + int64((place-s.places[i-1])/width*float64(s.at[i]-s.at[i-1]))
}

// axis is what stands above the bars.
type axis struct {
	Labels []string // evenly apart, from the left edge to the right one
	Short  bool
}

func (s scale) axis() axis {
	a := axis{Short: s.Short}
	const parts = 4
	for i := range parts + 1 {
		a.Labels = append(a.Labels, micros(s.when(drawing*float64(i)/parts)))
	}
	return a
}

func drawn(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
