package screen

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"
)

// wide is a table with columns that may go and that may shrink.
func wide() *Table {
	t := NewTable(Left("participant"), Right("per s"), Left("breakers").Drops(2), Right("cap").Drops(1), Left("why").Shrinks(8))
	t.Row(Plain("BANKA"), Plain("1,203"), Plain("closed"), Plain("12.0%"), Plain(""))
	t.Row(Marked(Bad, "BANKB"), Plain("12"), Plain("debit open, credit open"), Plain("90.3%"), Plain("no link is signed on since the morning"))
	return t
}

// TestTableFits: a narrow paper loses the columns that may go, in their order, then
// shrinks the ones that may shrink, then cuts.
func TestTableFits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		width int
		want  string
	}{
		{0, "participant  per s  breakers                   cap  why\nBANKA        1,203  closed                   12.0%\nBANKB           12  debit open, credit open  90.3%  no link is signed on since the morning\n"},
		{60, "participant  per s  breakers                   cap  why\nBANKA        1,203  closed                   12.0%\nBANKB           12  debit open, credit open  90.3%  no link…\n"},
		{45, "participant  per s    cap  why\nBANKA        1,203  12.0%\nBANKB           12  90.3%  no link is signed…\n"},
		{30, "participant  per s  why\nBANKA        1,203\nBANKB           12  no link i…\n"},
		{20, "participant  per s\nBANKA        1,203\nBANKB           12\n"},
	} {
		if got := strings.Join(wide().Lines(Paper{Width: c.width}), "\n") + "\n"; got != c.want {
			t.Errorf("on %d columns:\n%s\nwant\n%s", c.width, got, c.want)
		}
	}
}

// TestNeverWider: no line of a table or of a text is wider than the paper, whatever
// stands in it, and none has a space at its end or a control character.
func TestNeverWider(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		width := rapid.IntRange(1, 60).Draw(r, "width")
		p := Paper{Width: width}
		table := NewTable(Left("a").Drops(1), Right("bb"), Left("ccc").Shrinks(3), Left("d").Drops(2).Shrinks(2), Left("e").Wraps(4))
		for range rapid.IntRange(0, 4).Draw(r, "rows") {
			table.Row(Plain(rapid.String().Draw(r, "a")), Plain(rapid.String().Draw(r, "b")), Marked(Warn, rapid.String().Draw(r, "c")), Plain(""), Plain(rapid.String().Draw(r, "e")))
		}
		lines := append(table.Lines(p), p.Wrap(min(3, width-1), Plain(rapid.String().Draw(r, "text")), Marked(Bad, rapid.String().Draw(r, "more")))...)
		lines = append(lines, p.Join(Plain(rapid.String().Draw(r, "line")), Plain("end")))
		for _, line := range lines {
			if Width(line) > width || strings.ContainsAny(line, "\x1b\n\r\a\u009b\u202e") {
				r.Fatalf("%q is %d wide on %d", line, Width(line), width)
			}
		}
	})
}

// TestWraps: a column that wraps goes on below itself, and nothing of it is lost.
func TestWraps(t *testing.T) {
	t.Parallel()
	table := NewTable(Left("a"), Left("what").Wraps(10), Right("n"))
	table.Row(Plain("x"), Marked(Bad, "the bank has not answered"), Plain("1"))
	table.Row(Plain("y"), Plain("yes"), Plain("22"))
	const want = "a  what         n\nx  the bank     1\n   has not\n   answered\ny  yes         22"
	if got := strings.Join(table.Lines(Paper{Width: 17}), "\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := strings.Join(table.Lines(Paper{}), "\n"); !strings.Contains(got, "the bank has not answered   1\n") {
		t.Errorf("without an edge it is\n%s", got)
	}
}

// TestColour: colours are where they are wanted, and never in the words.
func TestColour(t *testing.T) {
	t.Parallel()
	plain, coloured := wide().Lines(Paper{}), wide().Lines(Paper{Colour: true})
	for i, line := range coloured {
		if strings.NewReplacer("\x1b[1;31m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(line) != plain[i] {
			t.Errorf("%q is not %q with colours", line, plain[i])
		}
	}
	if !strings.Contains(coloured[2], "\x1b[1;31mBANKB\x1b[0m") {
		t.Errorf("nothing stands out in %q", coloured[2])
	}
}

// TestNumbers: numbers as people read them.
func TestNumbers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{Count(0), "0"}, {Count(-999), "-999"}, {Count(1000), "1,000"}, {Count(int64(-1234567)), "-1,234,567"}, {Count(uint64(math.MaxUint64)), "18,446,744,073,709,551,615"},
		{Amount(0, 2), "0.00"}, {Amount(-5, 2), "-0.05"}, {Amount(123456789, 2), "1,234,567.89"}, {Amount(1234, 0), "1,234"}, {Amount(math.MinInt64, 2), "-92,233,720,368,547,758.08"},
		{Share(1), "100.0%"}, {Share(0.999999), "99.99%"}, {Share(0.9931), "99.3%"}, {Share(0), "0.0%"},
		{Rate(0), "0"}, {Rate(3.25), "3.2"}, {Rate(1203.4), "1,203"},
		{Millis(0), "-"}, {Millis(4.25), "4.2ms"}, {Millis(140), "140ms"}, {Millis(12400), "12.4s"},
		{Bytes(512), "512 B"}, {Bytes(3 << 20), "3.0 MiB"}, {Bytes(int64(1) << 50), "1.0 PiB"},
		{Lasts(90 * time.Second), "1m30s"}, {Lasts(-3 * time.Hour), "3h00m"}, {Lasts(75 * time.Hour), "3d"}, {Lasts(1500 * time.Millisecond), "1.5s"}, {Lasts(0), "0ms"},
		{Ago("2026-11-23T09:57:30Z", now), "2m30s ago"}, {Ago("2026-11-23T10:12:30Z", now), "in 12m30s"}, {Ago("", now), "-"}, {Ago("soon\x1b", now), "soon·"},
		{Clock("2026-11-23T09:57:30.123Z"), "2026-11-23 09:57:30"}, {Clock(""), "-"},
		{Trend([]float64{0, 0.5, 1, -1, math.NaN()}, 4), "▅█  "}, {Trend(nil, 5), ""},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// TestEncode: YAML has the names, the order and the values of JSON.
func TestEncode(t *testing.T) {
	t.Parallel()
	type inner struct {
		Z string  `json:"z"`
		A *string `json:"a"`
	}
	v := struct {
		Seq  uint64   `json:"seq"`
		Text []string `json:"text"`
		List []inner  `json:"list"`
		None []inner  `json:"none"`
		Rate float64  `json:"rate"`
		Not  bool     `json:"not"`
	}{math.MaxUint64, []string{"", "yes", "0123", "1e3", "null", "a: b", "# no", "- x", "line\nbreak", "<&>", "é\u2028"}, []inner{{Z: "z"}}, []inner{}, 0.25, false}
	var asJSON, asYAML bytes.Buffer
	if err := Encode(&asJSON, AsJSON, v); err != nil {
		t.Fatal(err)
	}
	if err := Encode(&asYAML, AsYAML, v); err != nil {
		t.Fatal(err)
	}
	got := v
	got.Text, got.List, got.None, got.Seq = nil, nil, nil, 0
	back, err := yaml.YAMLToJSON(asYAML.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, asYAML.String())
	}
	if err := json.Unmarshal(back, &got); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("%v: %+v, want %+v\n%s", err, got, v, asYAML.String())
	}
	if text := asYAML.String(); strings.Index(text, "seq:") > strings.Index(text, "text:") || !strings.HasPrefix(text, "---\n") {
		t.Errorf("the order is another one:\n%s", text)
	}
	for _, name := range FormNames() {
		if _, err := ParseForm(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := ParseForm("xml"); err == nil {
		t.Error("xml is taken")
	}
}
