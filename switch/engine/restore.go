package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
)

// restore loads the machine from its rows and replays what the journal has after
// them. The effects of replayed events are dropped: what was owed is state, and
// the Recovered event sends it again. Exceptions are told again, because the crash
// may have come before they were told: at least once, never not at all.
func (e *Engine) restore() error {
	from := e.o.State.Applied() + 1
	of := e.o.Log.Next() - min(from, e.o.Log.Next()) // rows ahead of the journal are refused by the replay
	r := replay{log: e.o.Log, state: e.o.State, keys: e.o.Keys, m: e.m, exception: e.exception,
		progress: func(replayed uint64) error { return e.o.Progress(replayed, of) }}
	if err := e.o.Progress(0, of); err != nil {
		return err
	}
	if err := r.run(); err != nil {
		return err
	}
	if r.replayed > 0 {
		e.o.Logger.Info("journal replayed", "event", "journal.replayed", "from", from, "records", r.replayed, "open", e.m.OpenCount())
	}
	return nil
}

// store writes the rows that have changed, and the tidings of the events.
func store(m *payment.Machine, t *payment.Tidings, s *state.Store, applied uint64) error {
	b := s.Begin()
	m.Flush(b)
	t.Flush(b.PutTidings)
	return b.Commit(applied)
}

// configBytesMax bounds a configuration, which is one record of the journal. 4096
// participants of 4 KB fit.
const configBytesMax = journal.RecordBytesMax - 1024

// Merge gives the participants of next their numbers: the one that they had, or
// the next free one. A participant that is no longer configured keeps its number
// and its position but serves no address. It reports whether anything is new.
func Merge(old, next *payment.Config) (*payment.Config, bool, error) {
	merged := *next
	merged.Participants = nil
	listed := map[string]payment.Profile{}
	for _, p := range next.Participants {
		if _, twice := listed[p.ID]; twice || p.ID == "" {
			return nil, false, fmt.Errorf("engine: participant id %q is empty or listed twice", p.ID)
		}
		listed[p.ID] = p
	}
	for _, was := range old.Participants {
		p, still := listed[was.ID]
		if !still {
			p = was.Unlisted()
		}
		p.Number = was.Number
		merged.Participants = append(merged.Participants, p)
		delete(listed, was.ID)
	}
	for _, p := range next.Participants {
		if _, fresh := listed[p.ID]; fresh {
			p.Number = route.Participant(len(merged.Participants))
			merged.Participants = append(merged.Participants, p)
		}
	}
	if len(merged.Participants) > route.ParticipantsMax {
		return nil, false, fmt.Errorf("engine: %d participants, limit %d", len(merged.Participants), route.ParticipantsMax)
	}
	if err := sameMoney(old, &merged); err != nil {
		return nil, false, err
	}
	slices.SortFunc(merged.Participants, func(a, b payment.Profile) int { return int(a.Number) - int(b.Number) })
	if err := merged.Validate(); err != nil {
		return nil, false, err
	}
	was, err := json.Marshal(old)
	if err != nil {
		return nil, false, err
	}
	is, err := json.Marshal(&merged)
	if err != nil {
		return nil, false, err
	}
	if len(is) > configBytesMax {
		return nil, false, fmt.Errorf("engine: a configuration of %d bytes for %d participants, limit %d", len(is), len(merged.Participants), configBytesMax)
	}
	return &merged, !bytes.Equal(was, is), nil
}

// sameMoney refuses a configuration under which what the data folder holds would
// mean something else: positions in another currency, messages that were sent
// under one institution and would be repeated under another, or canaries among those
// who settle. merged has the
// participants of old in their old order.
func sameMoney(old, merged *payment.Config) error {
	if len(old.Participants) > 0 && old.Currency != merged.Currency {
		return fmt.Errorf("engine: this data folder has positions in currency %03d, the configuration says %03d: use another folder", old.Currency, merged.Currency)
	}
	for i, was := range old.Participants {
		if is := merged.Participants[i]; is.Institution != was.Institution {
			return fmt.Errorf("engine: participant %s is institution %s in this data folder, %s in the configuration: what was sent under the one cannot be repeated under the other",
				was.ID, was.Institution, is.Institution)
		}
		if is := merged.Participants[i]; is.Canary != was.Canary {
			return fmt.Errorf("engine: participant %s: canary is %v in this data folder and %v in the configuration: its position would be among those of others; give the canary another id", was.ID, was.Canary, is.Canary)
		}
	}
	return nil
}
