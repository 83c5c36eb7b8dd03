package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
)

// binder turns the tree of a file into a Config. It notes faults in its reader
// and goes on with zero values, so its result counts only if there is no fault.
type binder struct {
	r     *reader
	known Names
	dir   string // where relative paths start
	money Currency

	root   Source
	folder func(dir string) ([]Source, error) // nil: there are no folders
	parts  []*reader                          // of the files of a folder

	institutions, ids, handles, prefixes, bics seen
	bins, accounts                             []claim

	module bool                // there is a security module
	places map[string]position // of what is looked at when the configuration is read
	spots  map[string]spot     // of what is looked at in the module
}

// err is what is wrong with all files, or nil.
func (b *binder) err() error {
	var all Faults
	for _, r := range append([]*reader{b.r}, b.parts...) {
		if faults, bad := r.err().(Faults); bad {
			all = append(all, faults...)
		}
	}
	switch {
	case len(all) == 0:
		return nil
	case len(all) > faultsMax+1:
		all = append(all[:faultsMax:faultsMax], Fault{File: b.r.file, Text: fmt.Sprintf("%d more faults are not shown", len(all)-faultsMax)})
	}
	return all
}

func (b *binder) config(root value) *Config {
	b.institutions, b.ids, b.handles, b.prefixes, b.bics = seen{}, seen{}, seen{}, seen{}, seen{}
	o := root.object("the configuration")
	profile := o.get("profile").oneOf(b.known)
	b.places = map[string]position{"data_dir": o.get("data_dir").at}
	b.spots = map[string]spot{}
	c := &Config{
		sources:       []Source{b.root},
		places:        b.places,
		spots:         b.spots,
		Listen:        b.address(o.get("listen")),
		DataDir:       b.path(o.get("data_dir")),
		SealKey:       b.optionalPath(o.get("seal_key")),
		CheckpointKey: b.optionalPath(o.get("checkpoint_key")),
		Currency:      b.currency(o.get("currency")),
		Profile:       profile,
		HSM:           b.hsm(o.get("hsm"), profile),
		Allow:         b.prefixList(o.get("allow")),
		Limits:        b.limits(o.get("limits")),
		Disk:          b.disk(o.get("disk")),
		Log:           b.log(o.get("log")),
		Tracing:       b.tracing(o.get("tracing")),
		Canary:        b.canary(o.get("canary")),
		Health:        b.health(o.get("health")),

		BusinessDayStart: o.get("business_day_start").timeOfDay(),
	}
	b.access(o.get("admin_access"), o.get("admin"), c)
	c.Retention = b.retention(o.get("retention"), c)
	c.Journal = b.journal(o.get("journal"), c)
	if c.Listen != "" && c.Listen == c.Admin && !strings.HasSuffix(c.Listen, ":0") {
		o.get("admin").fault("admin and listen are both %s: give admin a port of its own", shown(c.Admin))
	}
	c.Institution = b.institution(o.get("institution"))
	b.tls(o.get("tls"), c)
	c.PaymentLimits = b.paymentLimits(o.get("payment_limits"))
	c.BrownOut = b.brownOut(o.get("brown_out"))
	b.module = !o.get("hsm").absent()
	timers := b.timers(o.get("defaults").object("defaults").get("timers"), DefaultTimers())
	c.Participants = b.everyone(o, c, timers)
	return c
}

// everyone reads the participants of the file and of its folder.
func (b *binder) everyone(o object, c *Config, timers Timers) []Participant {
	here, dir := o.get("participants"), o.get("participants_dir")
	all := append(b.participants(here, timers), b.folderOf(dir, c, timers)...)
	at := cmp.Or(dir.r, here.r) // of one that is there
	switch n := len(all); {
	case n > participantsMax:
		at.fault(position{}, "%d participants: at most %d are possible", n, participantsMax)
	case n == 0 && dir.absent() && kind(here.node) == "a list":
		here.fault("participants is empty: a switch needs at least one")
	case n == 0 && !dir.absent() && len(c.sources) == 1 && b.err() == nil:
		dir.fault("%s has no *.yml files: a switch needs at least one participant", dir.name)
	case n == 0 && !dir.absent() && b.err() == nil:
		dir.fault("%s has no participant in its files: a switch needs at least one", dir.name)
	}
	b.overlaps("bin_ranges", b.bins)
	b.overlaps("account_ranges", b.accounts)
	return all
}

func (b *binder) tls(v value, c *Config) {
	if v.absent() {
		return
	}
	o := v.object("tls")
	for _, k := range []string{"ca", "cert", "key", "crl"} {
		c.places[k] = o.get(k).at
	}
	c.TLS = TLS{CA: b.path(o.get("ca")), Cert: b.path(o.get("cert")), Key: b.path(o.get("key")), CRLGrace: o.get("crl_grace").duration()}
	for _, entry := range o.get("crl").list("certs/ca.crl") {
		if file := b.path(entry); file != "" {
			c.TLS.CRL = append(c.TLS.CRL, file)
		}
	}
}

func (b *binder) limits(v value) Limits {
	o := v.object("limits")
	return Limits{
		Links:                o.get("links").integer(),
		Handshakes:           o.get("handshakes").integer(),
		HalfOpen:             o.get("half_open").integer(),
		HandshakesPerAddress: o.get("handshakes_per_address").integer(),
		HandshakeBurst:       o.get("handshake_burst").integer(),
		Addresses:            o.get("addresses").integer(),
		Dials:                o.get("dials").integer(),
		Outbox:               o.get("outbox").bytes(),
		Queue:                o.get("queue").integer(),
		OpenPayments:         o.get("open_payments").integer(),
	}
}

// institution reads an identification and demands that it is nobody else's.
func (b *binder) institution(v value) string {
	s, ok := v.match()
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
	s := v.oneOf(b.known)
	if money, known := CurrencyOf(s); known {
		b.money = money
	}
	return s
}

// seen remembers where a name was used first; names are unique over all files.
type seen map[string]value

// add reports a name that is used already and says where.
func (s seen) add(v value, name, shownAs string) bool {
	if first, taken := s[name]; taken {
		v.fault("%s is already used %s: each may appear only once", shownAs, v.line(first))
		return false
	}
	s[name] = v
	return true
}

// line says where another value is, as seen from this one.
func (v value) line(of value) string {
	if of.r != v.r {
		return fmt.Sprintf("in %s, line %d", of.r.file, of.at.line)
	}
	return fmt.Sprintf("in line %d", of.at.line)
}

// names reads a list of names, each unique in the given set.
func (b *binder) names(v value, taken seen, noun, each string) []string {
	var out []string
	for _, entry := range v.list(each) {
		if s, ok := entry.match(); ok && taken.add(entry, s, noun+" "+s) {
			out = append(out, s)
		}
	}
	return out
}
