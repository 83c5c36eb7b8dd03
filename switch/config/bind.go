package config

import (
	"path/filepath"
	"regexp"
	"strings"
)

// participantsMax keeps the sum of all net debit caps inside an int64, see
// capUnitsMax.
const participantsMax = 4096

var rootKeys = []key{
	{"listen", "127.0.0.1:8583"},
	{"admin", "127.0.0.1:9583"},
	{"data_dir", "./data"},
	{"seal_key", ""},
	{"checkpoint_key", ""},
	{"currency", ""},
	{"institution", `"999999"`},
	{"tls", "{ca: certs/ca.pem, cert: certs/switch.pem, key: certs/switch-key.pem}"},
	{"limits", ""},
	{"disk", ""},
	{"business_day_start", ""},
	{"retention", ""},
	{"defaults", ""},
	{"participants", "[{id: BANKA, ...}]"},
}

var tlsKeys = []key{
	{"ca", "certs/ca.pem"},
	{"cert", "certs/switch.pem"},
	{"key", "certs/switch-key.pem"},
}

var limitKeys = []key{{"links", ""}, {"handshakes", ""}, {"queue", ""}, {"open_payments", ""}}

var defaultKeys = []key{{"timers", ""}}

var institutionForm = pattern{regexp.MustCompile(`^[0-9]{1,11}$`), `1 to 11 digits, for example "100001"`}

// binder turns the tree of a file into a Config. It notes faults in its reader
// and goes on with zero values, so its result counts only if there is no fault.
type binder struct {
	r     *reader
	known Names
	dir   string // where relative paths start
	money Currency

	institutions, ids, handles, prefixes seen
}

func (b *binder) config(root value) *Config {
	b.institutions, b.ids, b.handles, b.prefixes = seen{}, seen{}, seen{}, seen{}
	o := root.object("the configuration", rootKeys)
	c := &Config{
		file:          b.r.file,
		places:        map[string]position{"data_dir": o.get("data_dir").at},
		Listen:        b.address(o.get("listen")),
		Admin:         b.loopback(o.get("admin")),
		DataDir:       b.path(o.get("data_dir")),
		SealKey:       b.optionalPath(o.get("seal_key")),
		CheckpointKey: b.optionalPath(o.get("checkpoint_key")),
		Currency:      b.currency(o.get("currency")),
		Limits:        b.limits(o.get("limits")),
		Disk:          b.disk(o.get("disk")),

		BusinessDayStart: o.get("business_day_start").timeOfDay(),
	}
	c.Retention = b.retention(o.get("retention"), c)
	if c.Listen != "" && c.Listen == c.Admin && !strings.HasSuffix(c.Listen, ":0") {
		o.get("admin").fault("admin and listen are both %s: give admin a port of its own", shown(c.Admin))
	}
	c.Institution = b.institution(o.get("institution"))
	b.tls(o.get("tls"), c)
	timers := b.timers(b.defaults(o.get("defaults")), DefaultTimers())
	c.Participants = b.participants(o.get("participants"), timers)
	return c
}

// defaults finds the timers that apply to all participants.
func (b *binder) defaults(v value) value {
	if v.absent() {
		return value{}
	}
	return v.object("defaults", defaultKeys).get("timers")
}

func (b *binder) tls(v value, c *Config) {
	if v.absent() {
		return
	}
	o := v.object("tls", tlsKeys)
	for _, k := range tlsKeys {
		c.places[k.name] = o.get(k.name).at
	}
	c.TLS = TLS{CA: b.path(o.get("ca")), Cert: b.path(o.get("cert")), Key: b.path(o.get("key"))}
}

func (b *binder) limits(v value) Limits {
	var o object
	if !v.absent() {
		o = v.object("limits", limitKeys)
	}
	return Limits{
		Links:        o.get("links").integer(1024, 1, 65_536),
		Handshakes:   o.get("handshakes").integer(256, 1, 65_536),
		Queue:        o.get("queue").integer(8192, 16, 8192),
		OpenPayments: o.get("open_payments").integer(1_000_000, 16, 50_000_000),
	}
}

// institution reads an identification and demands that it is nobody else's.
func (b *binder) institution(v value) string {
	s, ok := v.match(institutionForm)
	if !ok {
		return ""
	}
	// DE90 carries the number padded with zeros, and zeros alone mean "none" there:
	// what differs in leading zeros only cannot be told apart.
	number := strings.TrimLeft(s, "0")
	if number == "" {
		v.fault("institution is %q: it must not be zero", s)
		return ""
	}
	b.institutions.add(v, number, "institution "+s)
	return s
}

// path reads the name of a file or folder and joins it to the file's folder.
func (b *binder) path(v value) string {
	s, ok := v.text()
	switch {
	case !ok:
		return ""
	case strings.TrimSpace(s) == "":
		v.fault("%s is empty: write a path; relative ones start at the folder of this file", v.name)
		return ""
	case filepath.IsAbs(s):
		return filepath.Clean(s)
	}
	return filepath.Join(b.dir, s)
}

// optionalPath is path for a key that may be missing: empty then.
func (b *binder) optionalPath(v value) string {
	if v.absent() {
		return ""
	}
	return b.path(v)
}

func (b *binder) currency(v value) string {
	b.money, _ = CurrencyOf(currencyDefault)
	if v.absent() {
		return currencyDefault
	}
	s := v.oneOf(currencyCodes())
	if money, known := CurrencyOf(s); known {
		b.money = money
	}
	return s
}

// seen remembers where a name was used first; names are unique over the file.
type seen map[string]position

// add reports a name that is used already and says in which line.
func (s seen) add(v value, name, shownAs string) bool {
	if first, taken := s[name]; taken {
		v.fault("%s is already used in line %d: each may appear only once", shownAs, first.line)
		return false
	}
	s[name] = v.at
	return true
}

// nameList is a kind of name that participants have lists of.
type nameList struct {
	form pattern
	noun string // what messages call one of them
	each string // an example
}

// names reads a list of names, each unique in the given set.
func (l nameList) names(v value, taken seen) []string {
	var out []string
	for _, entry := range v.list(l.each) {
		if s, ok := entry.match(l.form); ok && taken.add(entry, s, l.noun+" "+s) {
			out = append(out, s)
		}
	}
	return out
}
