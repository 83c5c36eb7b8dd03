package hsm

import "fmt"

// PINFormat is a PIN block format of ISO 9564-1, by its control nibble.
type PINFormat uint8

// The formats that this switch knows. Format 2 belongs to chips, offline.
const (
	ISO0 PINFormat = 0 // TDES, bound to the account, constant fill
	ISO1 PINFormat = 1 // TDES, bound to nothing: from devices that have no account yet
	ISO3 PINFormat = 3 // TDES, bound to the account, random fill
	ISO4 PINFormat = 4 // AES, bound to the account, random
)

// Known tells whether it is one of the formats.
func (f PINFormat) Known() bool { return f == ISO0 || f == ISO1 || f == ISO3 || f == ISO4 }

// String is the format's name, such as "ISO-4".
func (f PINFormat) String() string { return fmt.Sprintf("ISO-%d", uint8(f)) }

// Size is how many bytes a block of the format has.
func (f PINFormat) Size() int {
	if f == ISO4 {
		return 16
	}
	return 8
}

// Algorithm is the cipher whose keys protect blocks of the format.
func (f PINFormat) Algorithm() Algorithm {
	if f == ISO4 {
		return AES
	}
	return TDES
}

// FormatChange is a change of format in a translation.
type FormatChange struct {
	// From and To are the formats.
	From, To PINFormat
	// Device tells whether the block comes from the device where the PIN was entered
	// (under a TPK or a DUKPT key), not from another zone.
	Device bool
}

// AllowTranslation holds the rules for PIN blocks on their way: never to a weaker
// format, and never out of or into a block that is bound to no account, except out
// of one that comes from a device. That the account stays the same needs no rule:
// a translation names only one.
func AllowTranslation(c FormatChange) error {
	switch {
	case !c.From.Known() || !c.To.Known():
		return fmt.Errorf("%w: PIN block format %s to %s is not known", ErrDenied, c.From, c.To)
	case c.To == ISO1:
		return fmt.Errorf("%w: a PIN block must not lose its account (%s to %s)", ErrDenied, c.From, c.To)
	case c.From == ISO1 && !c.Device:
		return fmt.Errorf("%w: %s is taken from devices only", ErrDenied, c.From)
	case c.From == ISO4 && c.To != ISO4:
		return fmt.Errorf("%w: %s to %s is weaker", ErrDenied, c.From, c.To)
	}
	return nil
}
