package flame

import (
	"regexp"
	"strings"
)

// group is a part of the switch, or of Go, that is coloured alike.
type group int

// The groups, in the order of the legend.
const (
	ofMachine group = iota
	ofMessages
	ofStorage
	ofRim
	ofTLS
	ofSystem
	ofMemory
	ofScheduler
	ofOthers
	groupCount
)

// groups are their names and colours. The switch's own parts are warm, what they stand on
// is cold.
var groups = [groupCount]struct{ name, colour string }{
	ofMachine:   {"machine (payment, ledger, engine)", "#e8604c"},
	ofMessages:  {"messages (codec, translate, ingress, egress)", "#f2a541"},
	ofStorage:   {"storage (journal, state, Pebble)", "#d9c74c"},
	ofRim:       {"links (session, gnet)", "#e58fb1"},
	ofTLS:       {"TLS and hashes (crypto)", "#7aa7e0"},
	ofSystem:    {"system calls", "#9d8fd6"},
	ofMemory:    {"allocation and collector", "#7cc28b"},
	ofScheduler: {"scheduler and runtime", "#a9b4ba"},
	ofOthers:    {"other", "#d5c7b0"},
}

// prefixes say whose function it is; the first that fits decides.
var prefixes = []struct {
	prefix string
	group  group
}{
	{"switchd/switch/payment.", ofMachine}, {"switchd/switch/engine.", ofMachine}, {"switchd/switch/route.", ofMachine}, {"switchd/ledger", ofMachine},
	{"switchd/codec/", ofMessages}, {"switchd/switch/translate", ofMessages}, {"switchd/switch/ingress.", ofMessages}, {"switchd/switch/egress.", ofMessages},
	{"switchd/switch/guard", ofMessages}, {"switchd/switch/vault.", ofMessages}, {"switchd/hsm", ofMessages},
	{"switchd/switch/journal.", ofStorage}, {"switchd/switch/state.", ofStorage}, {"switchd/switch/storage.", ofStorage}, {"switchd/switch/seal.", ofStorage},
	{"github.com/cockroachdb/", ofStorage}, {"github.com/RaduBerinde/", ofStorage}, {"hash/crc32.", ofStorage},
	{"switchd/session", ofRim}, {"github.com/panjf2000/", ofRim},
	{"crypto/", ofTLS}, {"vendor/golang.org/x/crypto/", ofTLS}, {"golang.org/x/crypto/", ofTLS},
	{"syscall.", ofSystem}, {"internal/runtime/syscall", ofSystem}, {"golang.org/x/sys/", ofSystem}, {"runtime.futex", ofSystem}, {"runtime.epoll", ofSystem},
	{"runtime.usleep", ofSystem}, {"runtime.madvise", ofSystem}, {"runtime.write1", ofSystem}, {"runtime.tgkill", ofSystem}, {"runtime/internal/syscall", ofSystem},
	{"runtime.gc", ofMemory}, {"runtime.(*gc", ofMemory}, {"runtime.malloc", ofMemory}, {"runtime.newobject", ofMemory}, {"runtime.makeslice", ofMemory},
	{"runtime.growslice", ofMemory}, {"runtime.scan", ofMemory}, {"runtime.greyobject", ofMemory}, {"runtime.findObject", ofMemory}, {"runtime.mark", ofMemory},
	{"runtime.(*m", ofMemory}, {"runtime.bgs", ofMemory}, {"runtime.sweep", ofMemory}, {"runtime.(*sweep", ofMemory}, {"runtime.wb", ofMemory}, {"runtime.(*lfstack", ofMemory},
	{"runtime.bulkBarrier", ofMemory}, {"runtime.heap", ofMemory}, {"runtime.(*heap", ofMemory}, {"runtime.nextFree", ofMemory}, {"runtime.(*page", ofMemory}, {"runtime.memclr", ofMemory},
	{"runtime.(*spanInlineMarkBits", ofMemory}, {"runtime.tryDeferToSpanScan", ofMemory}, {"runtime.drain", ofMemory}, {"runtime.getempty", ofMemory}, {"runtime.putfull", ofMemory},
	{"internal/runtime/gc", ofMemory},
	{"runtime.", ofScheduler}, {"runtime/", ofScheduler}, {"internal/runtime/", ofScheduler}, {"internal/", ofScheduler}, {"sync.", ofScheduler}, {"sync/", ofScheduler}, {"aeshashbody", ofScheduler},
	{"memeqbody", ofScheduler}, {"cmpbody", ofScheduler}, {"indexbytebody", ofScheduler}, {"gcWriteBarrier", ofMemory},
}

func groupOf(function string) group {
	for _, p := range prefixes {
		if strings.HasPrefix(function, p.prefix) {
			return p.group
		}
	}
	return ofOthers
}

// names are a function's names from the longest that a frame may have to the shortest:
// "payment.(*Machine).Step", "(*Machine).Step", "Step".
func names(function string) []string {
	// A type's parameters may have paths of their own.
	plain, parameters, generic := strings.Cut(function, "[")
	path, name := "", plain
	if i := strings.LastIndexByte(plain, '/'); i >= 0 {
		path, name = plain[:i], plain[i+1:]
	}
	if generic {
		name += parameters[strings.LastIndexByte(parameters, ']')+1:]
	}
	pkg, inside, dotted := strings.Cut(name, ".")
	if !dotted {
		return []string{name}
	}
	if version.MatchString(pkg) { // of a module: its name stands before it
		pkg = path[strings.LastIndexByte(path, '/')+1:]
	}
	all := []string{pkg + "." + inside, inside}
	if _, method, of := strings.Cut(inside, ")."); of {
		all = append(all, method)
	}
	return all
}

var version = regexp.MustCompile(`^v[0-9]+$`)
