package frame

import "strings"

// Framing is a way to mark where a message ends on a stream. The zero value is
// BIN2, the commonest. Values are indices of a table and may change from release
// to release: what is stored or configured is the name.
type Framing uint8

// The framings. Doc says for each what its length counts and who uses it.
const (
	BIN2 Framing = iota
	BIN2Incl
	BIN2LE
	BIN3
	BIN4
	BIN4Incl
	ASCII2
	ASCII3
	ASCII4
	ASCII5
	ASCII6
	ASCII4Incl
	ASCII4TPDU
	HEX4
	BCD2
	NCC
	NCCNoSwap
	NAC
	NACIncl
	NACNoSwap
	CS
	VAP
	VML
	GICC
	B24TCP
	B24
	RBP
	STXETX
	framingCount
)

// Parse gives the framing of that name, as it stands in a participant's
// profile: one of Names, in upper case. The error is a *NameError.
func Parse(name string) (Framing, error) {
	for i := range rows {
		if rows[i].name == name {
			return Framing(i), nil
		}
	}
	return 0, &NameError{Name: name}
}

// Names lists every framing that Parse knows.
func Names() []string {
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = rows[i].name
	}
	return names
}

// String gives the name that Parse takes.
func (f Framing) String() string {
	if f >= framingCount {
		return "unknown"
	}
	return rows[f].name
}

// Doc is one sentence for the framing's user: its shape, what the length counts
// and in which unit, its bounds, and who uses it.
func (f Framing) Doc() string {
	if f >= framingCount {
		return ""
	}
	return rows[f].doc
}

// HasHeader says whether the framing carries a header (a TPDU or a BASE I
// header) between the length and the body, which a reply has to give back.
func (f Framing) HasHeader() bool {
	return f < framingCount && rows[f].carried != carriesNothing
}

// HasKeepAlive says whether the framing knows frames without a message, so that
// Read may report one.
func (f Framing) HasKeepAlive() bool {
	return f < framingCount && (rows[f].keepAlive || rows[f].control != nil)
}

// BytesMax is how long a whole frame with a body of lim.BodyMax bytes can get:
// what a reader's buffer has to hold.
func (f Framing) BytesMax(lim Limits) int {
	if f >= framingCount {
		return 0
	}
	r := &rows[f]
	body := min(lim.WithDefaults().BodyMax, r.fieldMax)
	return r.lead + r.carried.bytesMax() + body + r.trailer
}

// NameError says that a profile names a framing that does not exist.
type NameError struct{ Name string }

// Error names the unknown framing and those that exist.
func (e *NameError) Error() string {
	return "frame: unknown framing " + quote(e.Name) + ", known are " + strings.Join(Names(), ", ")
}

// quote bounds what a wrong configuration can put into an error text.
func quote(s string) string {
	if len(s) > 32 {
		s = s[:32] + "..."
	}
	return `"` + s + `"`
}
