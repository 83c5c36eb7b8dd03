package console

import (
	"cmp"
	"net/http"
	"time"

	"switchd/switch/access"
	"switchd/switch/view"
)

// keyReaders are the roles that may see which keys there are.
const keyReaders = access.SecurityOfficer | access.Auditor

// keyNotice is how long before its end a key is warned of, as the commands do.
const keyNotice = 30 * 24 * time.Hour

// keyRow is a key of the security module, without any secret.
type keyRow struct {
	Name, Purpose, Algorithm, Check string
	Participant, Href               string
	State, Level                    string
	Expires, Left                   string // Left: until then, or that it is over
}

func (c *console) keysPage(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "keys", "Keys", "/console/keys"
	list, err := c.Source.KeyList(r.Context(), p.caller)
	if err != nil {
		return err
	}
	rows := make([]keyRow, 0, len(list.Keys))
	for _, k := range list.Keys {
		rows = append(rows, keyOf(k, p.overview.At))
	}
	p.Body = rows
	return nil
}

// keyLevels are the states of a key. One whose place was taken is as wanted.
var keyLevels = map[string]string{"active": "ok", "old": "idle", "retired": "idle", "deleted": "idle"}

// keyOf says of a key that is in use how long that goes on: with one that has expired
// nothing is made or checked.
func keyOf(k view.Key, now string) keyRow {
	row := keyRow{
		Name: k.Name, Purpose: k.Purpose, Algorithm: k.Algorithm, Check: k.Check, Participant: k.Participant,
		State: k.State, Level: cmp.Or(keyLevels[k.State], "warn"), Expires: "never",
	}
	if k.Expires != "" {
		row.Expires = stamp(k.Expires)
	}
	if k.Participant != "" {
		row.Href = participantHref(k.Participant)
	}
	at, end := moment(now), moment(k.Expires)
	if k.State != "active" || at.IsZero() || end.IsZero() {
		return row
	}
	switch left := end.Sub(at); {
	case left <= 0:
		row.State, row.Level, row.Left = "expired", "bad", "nothing is made or checked with it"
	case left < keyNotice:
		row.Level, row.Left = "warn", "in "+lasting(left)
	default:
		row.Left = "in " + lasting(left)
	}
	return row
}
