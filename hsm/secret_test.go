package hsm_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"switchd/hsm"
)

const plain = "SECRET-4f9a"

// shows tells whether a text has the secret in it, in any usual form.
func shows(text string) bool {
	for _, form := range []string{"%s", "%x", "%X", "%v", "%d", "%#v", "%q"} {
		if strings.Contains(text, strings.Trim(fmt.Sprintf(form, []byte(plain)), "[]\"")) {
			return true
		}
	}
	return false
}

// TestSecretIsNotSeen prints, logs and marshals secrets in every way there is: as a
// value, behind a pointer, in exported and unexported fields, slices and maps.
func TestSecretIsNotSeen(t *testing.T) {
	s := hsm.NewSecret([]byte(plain))
	type open struct{ Key hsm.Secret }
	type shut struct{ key hsm.Secret }
	type nested struct {
		a  shut
		bs []shut
	}
	values := []any{s, &s, open{s}, &open{s}, shut{s}, &shut{s}, nested{shut{s}, []shut{{s}}}, []hsm.Secret{s}, map[string]hsm.Secret{"k": s}}
	for _, v := range values {
		for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%t", "%p", "%e", "%10.3v", "%!"} {
			if got := fmt.Sprintf(form, v); shows(got) {
				t.Errorf("%s of %T shows it: %s", form, v, got)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
		if shows(log.String()) {
			t.Errorf("the log of %T shows it: %s", v, log.String())
		}
		if got, err := json.Marshal(v); err != nil || shows(string(got)) {
			t.Errorf("JSON of %T: %s, %v", v, got, err)
		}
	}
	if got := fmt.Sprint(s); got != "(secret)" || s.String() != got || s.GoString() != got {
		t.Errorf("says %s", got)
	}
	var out bytes.Buffer
	if err := gob.NewEncoder(&out).Encode(open{s}); err == nil || shows(out.String()) {
		t.Errorf("gob: %q, %v", out.String(), err)
	}
	if got, err := xml.Marshal(open{s}); err != nil || shows(string(got)) {
		t.Errorf("XML: %s, %v", got, err)
	}
}

func TestSecretIsWiped(t *testing.T) {
	b := make([]byte, 4, 16)
	copy(b[:16], plain+"+++++")
	s := hsm.NewSecret(b)
	other := s
	s.Wipe()
	if !bytes.Equal(b[:16], make([]byte, 16)) {
		t.Errorf("left %q", b[:16])
	}
	if other.Len() != 0 || other.Reveal() != nil {
		t.Errorf("a copy still has %d bytes", other.Len())
	}
	other.Wipe()
	var none hsm.Secret
	none.Wipe()
	if none.Len() != 0 || none.Reveal() != nil || none.String() != "(secret)" {
		t.Error("the zero secret is not empty")
	}

	mine := []byte(plain)
	kept := hsm.CopySecret(mine)
	kept.Wipe()
	if string(mine) != plain {
		t.Error("the copy was no copy")
	}
}

func TestSecretEqual(t *testing.T) {
	a, b := hsm.CopySecret([]byte(plain)), hsm.CopySecret([]byte(plain))
	if !a.Equal(b) || a.Equal(hsm.CopySecret([]byte("SECRET-4f9b"))) || a.Equal(hsm.CopySecret([]byte("SECRET"))) || a.Equal(hsm.Secret{}) {
		t.Error("compared wrong")
	}
}
