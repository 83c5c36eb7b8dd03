package tidy

// The limits of the house style. They are a ratchet: a change may lower them,
// never raise them. Code that does not fit is met by a better design, not by a
// split in two and not by a larger number here.
const (
	fileLinesMax  = 500 // lines of a file, comments included
	funcLinesMax  = 70  // lines of a function from its first to its last
	complexityMax = 15  // decisions in a function, plus one
	docLinesMin   = 3   // lines of a package comment

	// testFactor widens the size limits in _test.go files, where tables and
	// scenario steps are long without being complicated.
	testFactor = 2
)

// bannedPackages are names that say nothing about what a package does; such a
// package becomes a drawer.
var bannedPackages = []string{
	"util", "utils", "common", "helper", "helpers", "manager", "base", "misc", "types",
}

// clockFile is the one file that may read the clock; everyone else is handed one.
const clockFile = "cmd/switchd/wire.go"
