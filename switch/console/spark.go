package console

import (
	"math"
	"strconv"
)

// The size of a trend, in the units of its drawing.
const (
	sparkWidth  = 120
	sparkHeight = 24
	// sparkFloor is the share of success at the lower edge: below it a participant is so
	// bad that it does not matter how bad.
	sparkFloor = 0.5
)

// spark is the trend of the latest minutes: success as a line, and behind it how much was
// asked.
type spark struct {
	Line, Area string // paths of SVG; empty: there is nothing to draw
	Text       string // for who does not see it
}

// sparkOf draws shares of success (less than 0: nothing was asked) and numbers per second.
func sparkOf(success, perSecond []float64) spark {
	s := spark{Line: sparkLine(success), Area: sparkArea(perSecond)}
	lowest, latest := math.Inf(1), -1.0
	for _, share := range success {
		if share >= 0 {
			lowest, latest = math.Min(lowest, share), share
		}
	}
	s.Text = "no traffic in the latest minutes"
	if latest >= 0 {
		s.Text = "success " + percent(latest) + ", lowest " + percent(lowest) + " in the latest minutes"
	}
	return s
}

func sparkLine(shares []float64) string {
	path := make([]byte, 0, pointBytes*len(shares))
	pen := byte('M')
	for i, share := range shares {
		if share < 0 || math.IsNaN(share) {
			pen = 'M' // a gap
			continue
		}
		height := math.Max(0, math.Min(1, (share-sparkFloor)/(1-sparkFloor)))
		path = point(path, pen, sparkX(i, len(shares)), 1+(1-height)*(sparkHeight-2))
		pen = 'L'
	}
	return string(path)
}

// pointBytes is how long a point of a path is: no room has to be made twice.
const pointBytes = len("L120.0 24.0")

func point(path []byte, pen byte, x, y float64) []byte {
	path = strconv.AppendFloat(append(path, pen), x, 'f', 1, 64)
	return strconv.AppendFloat(append(path, ' '), y, 'f', 1, 64)
}

func sparkArea(numbers []float64) string {
	most := 0.0
	for _, n := range numbers {
		most = math.Max(most, n)
	}
	if most == 0 || math.IsInf(most, 0) || len(numbers) < 2 {
		return ""
	}
	path := point(make([]byte, 0, pointBytes*(len(numbers)+3)), 'M', 0, sparkHeight)
	for i, n := range numbers {
		path = point(path, 'L', sparkX(i, len(numbers)), sparkHeight-math.Max(0, n)/most*(sparkHeight-2))
	}
	return string(append(point(path, 'L', sparkWidth, sparkHeight), 'Z'))
}

func sparkX(i, of int) float64 {
	if of < 2 {
		return 0
	}
	return float64(i) / float64(of-1) * sparkWidth
}
