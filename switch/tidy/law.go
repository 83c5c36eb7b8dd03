package tidy

import (
	"strings"
)

// place is where a package stands in the import law of the architecture page:
//
//	cmd -> {ingress, egress, admin, gnetio} -> engine -> {payment, journal, state} -> {ledger, route}
//
// and codec and session are reached from the rim only.
type place struct {
	dir string
	may []string // packages of this module that it may import
}

// places is the whole module. A package that is not here has no place yet: give
// it one in the architecture page and here.
var places = []place{
	{"cmd/...", []string{"cmd/...", "codec/...", "session/...", "switch/...", "ledger/...", "hsm/...", "certs"}},

	// The rim: everything that knows bytes or links.
	{"codec/...", []string{"codec/..."}},
	{"session", nil},
	{"session/mtls", []string{"session", "certs"}},
	{"session/faultline", nil},
	{"session/gnetio", []string{"session", "session/mtls", "codec/frame", "certs"}},
	{"switch/translate/...", []string{"codec/...", "switch/translate", "switch/payment", "switch/route", "ledger", "hsm"}},
	{"switch/ingress", []string{"codec/...", "session/...", "switch/translate", "switch/guard", "switch/vault", "switch/engine", "switch/payment", "switch/route", "ledger", "hsm"}},
	{"switch/egress", []string{"codec/...", "session/...", "switch/translate", "switch/guard", "switch/vault", "switch/engine", "switch/payment", "switch/route", "ledger", "hsm"}},
	{"switch/guard/...", []string{"switch/guard/...", "codec/...", "session", "hsm", "hsm/signature", "certs"}},
	{"switch/admin", []string{"switch/access", "switch/console", "switch/view"}},
	{"switch/admin/contract", nil},
	{"switch/admin/hostile", []string{"switch/admin"}},
	{"switch/console", []string{"switch/access", "switch/verdict", "switch/view"}},
	{"switch/desk", []string{"certs", "codec/...", "hsm/...", "ledger", "session/...", "switch/access", "switch/alert", "switch/config", "switch/egress", "switch/engine", "switch/ingress", "switch/journal", "switch/mask", "switch/payment", "switch/route", "switch/seal", "switch/state", "switch/translate/...", "switch/view"}},
	{"switch/access", nil},
	{"switch/view", nil},
	{"switch/screen", nil},
	{"switch/top", []string{"switch/screen", "switch/verdict", "switch/view"}},
	{"switch/verdict", []string{"switch/screen", "switch/view"}},
	{"switch/doctor", []string{"switch/clock", "switch/screen"}},
	{"switch/bundle", nil},
	{"switch/profile", nil},
	{"switch/alert", []string{"switch/view"}},
	{"switch/canary", []string{"session", "switch/engine", "switch/payment", "switch/route", "ledger"}},
	{"switch/feed", []string{"switch/access", "switch/payment", "switch/route", "switch/state", "switch/translate", "switch/view", "ledger"}},
	{"switch/trace", []string{"switch/payment", "switch/engine", "switch/route"}},
	{"deploy/...", []string{"switch/alert"}},
	{"switch/vault", []string{"switch/guard", "hsm"}},
	{"hsm/...", []string{"hsm/..."}},
	{"certs", nil},

	// The core. The state store knows the machine's rows, and the ledger the
	// numbers of participants; never the other way round.
	{"switch/engine", []string{"switch/payment", "switch/seal", "switch/journal", "switch/state", "switch/route", "ledger"}},
	{"switch/backup", []string{"switch/engine", "switch/journal", "switch/payment", "switch/seal", "switch/state", "switch/storage"}},
	{"switch/journal", []string{"switch/storage"}},
	{"switch/state", []string{"switch/seal", "switch/payment", "switch/route", "switch/storage", "ledger"}},
	{"switch/storage", nil},
	{"switch/disk", nil},
	{"switch/retention", []string{"switch/journal", "switch/storage"}},
	{"switch/payment", []string{"switch/route", "ledger", "switch/mutant"}},
	{"ledger", []string{"switch/route", "switch/mutant"}},
	{"ledger/settlement", []string{"ledger", "switch/route"}},
	{"switch/route", nil},
	{"switch/seal", nil},

	// Beside the switch. A simulated participant and the load generator must not
	// share the core that they test.
	{"switch/clock", nil},
	{"switch/config", nil},
	{"switch/mutant", nil},
	{"switch/logline", []string{"switch/mask"}},
	{"switch/logtext", nil},
	{"switch/mask", []string{"codec/iso8583", "switch/payment"}},
	{"switch/simbank", []string{"codec/frame", "session", "session/mtls", "switch/guard/...", "hsm/...", "certs"}},
	{"switch/bench", []string{"codec/...", "session", "session/mtls", "certs", "switch/config"}},
	{"switch/bench/flame", nil},
	{"switch/bench/raw", []string{"codec/...", "session/gnetio", "certs", "switch/journal", "switch/payment", "switch/route", "switch/translate/..."}},
	{"switch/crash", []string{"switch/engine", "switch/journal", "switch/state", "switch/storage", "switch/seal", "switch/payment", "switch/route", "ledger"}},
	{"switch/sim", []string{"codec/...", "session", "switch/...", "ledger/...", "hsm/..."}},
	{"switch/tidy", []string{"switch/logline"}},
}

// checkLayers holds the import law. Tests may import more (a test of the rim may
// start a simulated participant), but nothing imports a command or this package.
func checkLayers(t *Tree, report reporter) {
	for _, f := range t.Files {
		at, known := placeOf(f.Dir)
		if !known {
			report(f.Path, t.line(f.AST.Package), "package %s has no place in the import law: add it to the architecture page and to law.go", f.Dir)
			continue
		}
		for pkg, line := range t.imports(f) {
			dir, ours := t.folder(pkg)
			switch {
			case !ours || dir == f.Dir:
			case under(dir, "cmd/...", "switch/tidy") && !under(f.Dir, "cmd/..."):
				report(f.Path, line, "nothing imports %s: move what is needed into a package of its own", dir)
			case !f.Test && !under(dir, at.may...):
				report(f.Path, line, "%s may not import %s: pass what is needed in as a value, a function or an interface", f.Dir, dir)
			}
		}
	}
}

func placeOf(dir string) (place, bool) {
	for _, p := range places {
		if under(dir, p.dir) {
			return p, true
		}
	}
	return place{}, false
}

// folder is the folder of one of our own packages.
func (t *Tree) folder(pkg string) (dir string, ours bool) {
	return strings.CutPrefix(pkg, t.Module+"/")
}

// dependency is who may import a third party's packages. One user each keeps it
// replaceable, and keeps its types out of our signatures.
type dependency struct {
	prefix  string
	in      []string // folders; tests in them included
	inTests bool     // also in any _test.go
	why     string
}

var dependencies = []dependency{
	{"github.com/panjf2000/gnet/", []string{"session/gnetio"}, false, "the event loop has one user"},
	{"github.com/cockroachdb/pebble/", []string{"switch/journal", "switch/state", "switch/storage"}, true, "storage is reached through journal and state"},
	{"github.com/goccy/go-yaml", []string{"switch/config", "switch/screen"}, false, "YAML is read in one place and printed in one"},
	{"github.com/moov-io/", []string{"switch/simbank"}, true, "it is the second opinion and must not become the first"},
	{"github.com/spf13/", []string{"cmd/switchd/..."}, false, "the command line belongs to the command"},
	{"charm.land/bubbletea/", []string{"switch/top"}, false, "a whole terminal is drawn in one place"},
	{"github.com/HdrHistogram/", []string{"switch/bench"}, false, "latencies are summed up in one place"},
	{"github.com/google/pprof/", []string{"switch/profile", "switch/bench/flame"}, true, "profiles are taken in one place and drawn in one"},
	{"github.com/miekg/pkcs11", []string{"hsm/pkcs11"}, false, "the driver has one user"},
	{"github.com/prometheus/", []string{"cmd/...", "session/gnetio", "session/mtls", "switch/...", "hsm/...", "certs"}, false, "pure packages keep no metrics"},
	{"go.opentelemetry.io/", []string{"switch/trace"}, false, "traces are told in one place"},
	{"google.golang.org/protobuf/", nil, true, "it reads what a collector is told"},
	{"github.com/klauspost/compress/", []string{"switch/journal"}, false, "segments are compressed in one place"},
	{"golang.org/x/crypto/", []string{"hsm/soft"}, false, "passphrases become keys in one place"},
	{"golang.org/x/mod/", []string{"switch/journal", "cmd/switchd/..."}, false, "what the journal proves is made and checked in two places"},
	{"golang.org/x/term", []string{"cmd/switchd/..."}, false, "people are asked by the command"},
	{"golang.org/x/sync/", []string{"cmd/switchd/..."}, false, "goroutines are started by the command"},
	{"github.com/cockroachdb/datadriven", nil, true, "it reads scenario texts"},
	{"github.com/santhosh-tekuri/jsonschema/", []string{"switch/admin/contract"}, true, "it is the second opinion about the schemas of the configuration and of answers"},
	{"pgregory.net/rapid", nil, true, "it makes random messages that shrink"},
}

// checkDependencies holds the table of dependencies, and that pure packages use
// the standard library and their own kind only.
func checkDependencies(t *Tree, report reporter) {
	for _, f := range t.Files {
		for pkg, line := range t.imports(f) {
			if _, ours := t.folder(pkg); ours || pkg == t.Module || !strings.Contains(strings.SplitN(pkg, "/", 2)[0], ".") {
				continue
			}
			d, known := dependencyOf(pkg)
			switch {
			case !known:
				report(f.Path, line, "%s is not in the table of dependencies: justify it in a decision page and add it to law.go, or do without", pkg)
			case d.inTests && f.Test:
			case !under(f.Dir, d.in...) || under(f.Dir, pure...) && !f.Test:
				report(f.Path, line, "%s may not be imported here: %s", pkg, d.why)
			}
		}
	}
}

func dependencyOf(pkg string) (dependency, bool) {
	for _, d := range dependencies {
		if strings.HasPrefix(pkg, d.prefix) {
			return d, true
		}
	}
	return dependency{}, false
}
