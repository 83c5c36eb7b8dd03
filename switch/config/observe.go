package config

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Log is how lines for operators are written.
type Log struct {
	// Format is text or json. Default text.
	Format string
	// Level is that of the least lines that are written: debug, info, warn or error.
	// Default info.
	Level string
}

// Tracing is which payments are told of to a collector of OpenTelemetry. The zero
// value is none; the defaults hold once there is an endpoint.
type Tracing struct {
	// Endpoint is where traces go, by OTLP over HTTP; empty: nowhere.
	Endpoint string
	// Sample is how many payments are told of, in hundredths of a percent. Default 100:
	// one of a hundred.
	Sample int
	// Slow is how long a payment may take before it is told of anyway. Default 2 s.
	Slow time.Duration
	// Failures is how many payments a second are told of because they failed, were
	// reversed or deemed, or were slow. Default 10.
	Failures int
}

// log reads how lines are written.
func (b *binder) log(v value) Log {
	o := v.object("log")
	return Log{Format: o.get("format").oneOf(b.known), Level: o.get("level").oneOf(b.known)}
}

// tracing reads which payments are told of.
func (b *binder) tracing(v value) Tracing {
	if v.absent() {
		return Tracing{}
	}
	o := v.object("tracing")
	return Tracing{
		Endpoint: o.get("endpoint").webAddress(),
		Sample:   o.get("sample").share(),
		Slow:     o.get("slow").duration(),
		Failures: o.get("failures").integer(),
	}
}

// webAddress reads an http or https address without a password in it: it is shown.
func (v value) webAddress() string {
	s, ok := v.text()
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		v.fault("%s is %s: write an address such as http://127.0.0.1:4318/v1/traces", v.name, shown(s))
		return ""
	}
	return s
}

var shareForm = pattern{
	regexp.MustCompile(`^(100|[0-9]{1,2}(\.[0-9]{1,2})?)%$`),
	"a part of a hundred with its sign, for example 1% or 0.05%, up to 100%",
}

// share reads a part of a hundred, in hundredths of a percent.
func (v value) share() int {
	if v.absent() {
		return hundredths(v.def)
	}
	text, ok := v.match()
	if !ok {
		return 0
	}
	return hundredths(text)
}

// hundredths is a text of the form of a share as a number.
func hundredths(text string) int {
	whole, part, _ := strings.Cut(strings.TrimSuffix(text, "%"), ".")
	n, _ := strconv.Atoi(whole + (part + "00")[:2]) // at most 5 digits, by the form
	return n
}

// inPercent prints a share as a user would write it.
func inPercent(n int) string {
	s := strconv.Itoa(n / 100)
	if n%100 != 0 {
		s += "." + strings.TrimSuffix(strconv.Itoa(100 + n%100)[1:], "0")
	}
	return s + "%"
}
