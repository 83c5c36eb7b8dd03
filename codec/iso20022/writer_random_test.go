package iso20022

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestWriterWritesOnlyWhatIsRead: whatever values are given for whatever fields,
// the writer refuses, or the scanner accepts the message and finds the values.
func TestWriterWritesOnlyWhatIsRead(t *testing.T) {
	p := mustProfile(t, "ips-base")
	var all []*Definition
	for _, d := range Definitions() {
		if p.Accepts(d) && d != p.Header() {
			all = append(all, d)
		}
	}
	written := 0
	text := rapid.OneOf(rapid.String(), rapid.StringN(1, 40, -1), rapid.StringOf(rapid.RuneFrom([]rune("aZ0&<>\"'/\\ ;:]\t\r\n\u00e4\U0001F600\uFFFD\uFFFE\x00"))))
	rapid.Check(t, func(rt *rapid.T) {
		d := rapid.SampledFrom(all).Draw(rt, "definition")
		var w Writer
		fillSample(t, &w, p, d, everything)
		// Any field half of the time, else one that the message has and that takes
		// all kinds of text, so that many messages are written.
		fields := []Field{BizMsgID, BizDefinition}
		var free []Field
		for _, r := range p.layout(d).rules {
			fields = append(fields, r.field)
			if k := p.layout(d).places[r.field].step; k > 0 && w.given.has(r.field) && p.layout(d).plan[k-1].text.maxLength >= 140 {
				free = append(free, r.field)
			}
		}
		for range rapid.IntRange(1, 4).Draw(rt, "changes") {
			from := fields
			if rapid.Bool().Draw(rt, "free") && len(free) > 0 {
				from = free
			}
			w.SetString(rapid.SampledFrom(from).Draw(rt, "field"), text.Draw(rt, "text"))
		}
		b, err := w.Finish()
		if err != nil {
			return
		}
		written++
		var m Message
		if err := m.Parse(p, b); err != nil {
			rt.Fatalf("%s: %v\n%s", d.Name, err, b)
		}
		for f := NoField + 1; f < repeated; f++ {
			want := strings.ReplaceAll(strings.ReplaceAll(string(w.Text(f)), "\r\n", "\n"), "\r", "\n")
			if w.given.has(f) && string(m.Text(f)) != want {
				rt.Fatalf("%s %s: %q, want %q", d.Name, f, m.Text(f), want)
			}
		}
	})
	if t.Logf("%d messages were written", written); written == 0 {
		t.Error("nothing was ever written")
	}
}
