package bundle

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// Metrics masks what stands in labels and comments of a scrape. Its values are numbers,
// and so are the bounds of histograms.
func Metrics(text []byte) ([]byte, int) {
	return byLine(text, func(line string) (string, int) {
		name, value := line, ""
		if at := strings.LastIndexByte(line, ' '); at >= 0 && !strings.HasPrefix(line, "#") {
			if _, err := strconv.ParseFloat(line[at+1:], 64); err == nil {
				name, value = line[:at], line[at:]
			}
		}
		if at := bound.FindStringIndex(name); at != nil {
			before, n := maskText(name[:at[0]])
			after, more := maskText(name[at[1]:])
			return before + name[at[0]:at[1]] + after + value, n + more
		}
		name, n := maskText(name)
		return name + value, n
	})
}

// bound is the upper bound of a bucket of a histogram: no number as long as an account's
// stands in front of its point.
var bound = regexp.MustCompile(`\ble="[0-9]{1,8}(\.[0-9]+)?(e[+-][0-9]{2})?"`)

// Settings masks what settings are, not what they are called: a key in a configuration is
// the name of one, or its file.
func Settings(text []byte) ([]byte, int) {
	return byLine(text, func(line string) (string, int) {
		name, value, found := strings.Cut(line, " = ")
		if !found {
			return maskText(line)
		}
		name, n := maskText(name)
		value, more := maskText(value)
		return name + " = " + value, n + more
	})
}

// frame is a line of a stack: a function of the program, and where it is written. There is
// no value in it.
var frame = regexp.MustCompile(`^#\t0x[0-9a-f]+\t\S+\+0x[0-9a-f]+\t+\S+\.(?:go|s):[0-9]+$`)

// Stacks masks where goroutines are, the lines of functions excepted.
func Stacks(text []byte) ([]byte, int) {
	return byLine(text, func(line string) (string, int) {
		if frame.MatchString(line) {
			return line, 0
		}
		return maskText(line)
	})
}

// Log masks lines of the log, in either form. Who somebody is, and his own words, are left
// out; what a line without a person gives as a reason is the switch's.
func Log(text []byte) ([]byte, int) {
	return byLine(text, func(line string) (string, int) {
		if at := strings.IndexByte(line, '{'); at >= 0 {
			var v map[string]any
			in := json.NewDecoder(strings.NewReader(line[at:]))
			in.UseNumber()
			if err := in.Decode(&v); err == nil && !in.More() {
				return logObject(line[:at], v)
			}
		}
		left := 0
		if people.MatchString(line) {
			line = spoken.ReplaceAllStringFunc(line, func(pair string) string {
				left++
				name, _, _ := strings.Cut(pair, "=")
				return name + "=" + hidden
			})
		}
		line, n := maskText(line)
		return line, n + left
	})
}

// A person in a line of text, and what of that line is his.
var (
	people = regexp.MustCompile(`\b(?:operator|approver|user)=`)
	spoken = regexp.MustCompile(`\b(?:operator|approver|user|by|reason|note)=(?:"(?:[^"\\]|\\.)*"?|\S*)`)
)

// logObject masks a line that is a JSON object, after what the collector of the lines has
// put in front of it.
func logObject(before string, v map[string]any) (string, int) {
	before, n := maskText(before)
	reason, given := v["reason"].(string)
	_, person := v["operator"]
	out, _ := maskValue(v, &n).(map[string]any)
	if given && !person {
		var some int
		out["reason"], some = maskText(reason)
		n += some - 1
	}
	text, err := json.Marshal(out)
	if err != nil {
		return hidden, n + 1
	}
	return before + string(text), n
}

// overLines is what line by line would not be seen as a whole.
var overLines = regexp.MustCompile(pemBlock)

// byLine masks line by line, and says in how many places.
func byLine(text []byte, mask func(line string) (string, int)) ([]byte, int) {
	var out bytes.Buffer
	n := 0
	whole := overLines.ReplaceAllStringFunc(strings.ToValidUTF8(string(text), "?"), func(string) string {
		n++
		return hidden
	})
	for line := range strings.Lines(whole) {
		masked, some := mask(strings.TrimSuffix(line, "\n"))
		n += some
		out.WriteString(masked + "\n")
	}
	return out.Bytes(), n
}
