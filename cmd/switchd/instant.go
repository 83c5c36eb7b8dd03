package main

import (
	"encoding/json"
	"time"

	"switchd/switch/backup"
	"switchd/switch/journal"
)

// instant is a time (UTC ns) that JSON shows as RFC 3339: as a number it is above
// 2^53, where many readers of JSON lose digits. 0 is no time, and is left out.
type instant int64

// String is RFC 3339, with all digits.
func (i instant) String() string { return stampNanos(int64(i)) }

// MarshalJSON writes RFC 3339.
func (i instant) MarshalJSON() ([]byte, error) { return json.Marshal(i.String()) }

// UnmarshalJSON reads RFC 3339.
func (i *instant) UnmarshalJSON(b []byte) error {
	var t time.Time
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	*i = instant(t.UnixNano())
	return nil
}

// What the packages keep in nanoseconds, also in files, is shown with these in front of
// it.
type (
	// baseView shows where a journal begins.
	baseView struct {
		journal.Base
		At instant `json:"at,omitzero"`
	}
	// headerView shows what a segment says about itself.
	headerView struct {
		journal.SegmentHeader
		Base baseView `json:"base"`
	}
	// segmentView shows what a segment holds.
	segmentView struct {
		journal.Segment
		FirstAt instant `json:"first_at,omitzero"`
		LastAt  instant `json:"last_at,omitzero"`
	}
	// reportView shows what verify has found in a journal.
	reportView struct {
		journal.Report
		FirstAt instant `json:"first_at,omitzero"`
		LastAt  instant `json:"last_at,omitzero"`
	}
	// extentView shows what the journal of a backup holds.
	extentView struct {
		backup.Extent
		LastAt instant `json:"last_at,omitzero"`
	}
)

func viewBase(b journal.Base) baseView { return baseView{b, instant(b.At)} }

func viewHeader(h journal.SegmentHeader) headerView { return headerView{h, viewBase(h.Base)} }

func viewReport(r journal.Report) *reportView {
	return &reportView{r, instant(r.FirstAt), instant(r.LastAt)}
}

func viewSegment(s journal.Segment) segmentView {
	return segmentView{s, instant(s.FirstAt), instant(s.LastAt)}
}
