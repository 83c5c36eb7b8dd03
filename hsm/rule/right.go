package rule

import (
	"fmt"
	"slices"
	"strings"

	"switchd/hsm"
	"switchd/hsm/symmetric"
)

// Right is what a call does with a key, and which keys may do it.
type Right struct {
	usages  []hsm.Usage
	modes   string
	reading bool // may be done with a key whose place was taken
	atRest  bool // and also after a key has expired: data is older than its key's end
}

// The rights of the calls of hsm.Module. Those of codes are by the usage that the
// algorithm needs.
var (
	ReadPIN     = &Right{usages: []hsm.Usage{hsm.PINEncryption}, modes: "BDN", reading: true}
	WritePIN    = &Right{usages: []hsm.Usage{hsm.PINEncryption}, modes: "BEN"}
	DerivePIN   = &Right{usages: []hsm.Usage{hsm.BaseDerivation}, modes: "XN", reading: true}
	CheckPVV    = &Right{usages: []hsm.Usage{hsm.PINVerifyVisaPVV, hsm.PINVerification}, modes: "VCN", reading: true}
	CheckOffset = &Right{usages: []hsm.Usage{hsm.PINVerifyIBM3624, hsm.PINVerification}, modes: "VCN", reading: true}
	WrapKey     = &Right{usages: []hsm.Usage{hsm.KeyProtection}, modes: "BEN"}
	UnwrapKey   = &Right{usages: []hsm.Usage{hsm.KeyProtection}, modes: "BDN", reading: true}
	SealData    = &Right{usages: []hsm.Usage{hsm.DataEncryption}, modes: "BEN"}
	OpenData    = &Right{usages: []hsm.Usage{hsm.DataEncryption}, modes: "BDN", reading: true, atRest: true}
	MakeToken   = &Right{usages: []hsm.Usage{hsm.MACHash}, modes: "GCN"}
	Sign        = &Right{usages: []hsm.Usage{hsm.SignaturePair}, modes: "STN"}
	CheckSign   = &Right{usages: []hsm.Usage{hsm.SignaturePair}, modes: "VSTN", reading: true}

	MakeMAC = map[hsm.Usage]*Right{
		hsm.MACAlg1: {usages: []hsm.Usage{hsm.MACAlg1}, modes: "GCN"},
		hsm.MACAlg3: {usages: []hsm.Usage{hsm.MACAlg3}, modes: "GCN"},
		hsm.MACAlg5: {usages: []hsm.Usage{hsm.MACAlg5}, modes: "GCN"},
	}
	CheckMAC = map[hsm.Usage]*Right{
		hsm.MACAlg1: {usages: []hsm.Usage{hsm.MACAlg1}, modes: "VCN", reading: true},
		hsm.MACAlg3: {usages: []hsm.Usage{hsm.MACAlg3}, modes: "VCN", reading: true},
		hsm.MACAlg5: {usages: []hsm.Usage{hsm.MACAlg5}, modes: "VCN", reading: true},
	}
)

// AnyUse is the right to what a key is for, of whatever usage and mode it is.
func AnyUse(k *hsm.KeyInfo) *Right {
	return &Right{usages: []hsm.Usage{k.Usage}, modes: string(rune(k.Mode))}
}

// Reading tells whether it may be done with a key whose place was taken.
func (r *Right) Reading() bool { return r.reading }

// Refuses tells why a key may not do something now, nil if it may.
func (r *Right) Refuses(k *hsm.KeyInfo, now int64) error {
	switch {
	case !slices.Contains(r.usages, k.Usage):
		return fmt.Errorf("%w: %s is a key for %s", hsm.ErrKey, k.Ref, k.Usage.Text())
	case strings.IndexByte(r.modes, byte(k.Mode)) < 0:
		return fmt.Errorf("%w: %s is of mode %c, which does not allow it", hsm.ErrKey, k.Ref, k.Mode)
	case StateAt(k, now) == hsm.StateRetired || k.State == hsm.StateOld && !r.reading:
		return fmt.Errorf("%w: %s is no longer in use", hsm.ErrKey, k.Ref)
	case k.Expires != 0 && now >= k.Expires && !r.atRest:
		return fmt.Errorf("%w: %s has expired", hsm.ErrKey, k.Ref)
	}
	return nil
}

// StateAt is the state of a key with the end of an overlap taken into account.
func StateAt(k *hsm.KeyInfo, now int64) hsm.KeyState {
	if k.State == hsm.StateOld && k.Until != 0 && now >= k.Until {
		return hsm.StateRetired
	}
	return k.State
}

// kinds are the algorithms and modes of keys that have a use here.
var kinds = map[hsm.Usage]struct{ algorithms, modes string }{
	hsm.BaseDerivation: {"TA", "XN"}, hsm.InitialDUKPT: {"TA", "XN"},
	hsm.DataEncryption: {"A", "BEDN"},
	hsm.KeyEncryption:  {"TA", "BEDN"}, hsm.KeyProtection: {"TA", "BEDN"},
	hsm.MACAlg1: {"D", "CGVN"}, hsm.MACAlg3: {"T", "CGVN"}, hsm.MACAlg5: {"TA", "CGVN"}, hsm.MACHash: {"H", "CGVN"},
	hsm.PINEncryption: {"TA", "BEDN"}, hsm.SignaturePair: {"ER", "STVN"},
	hsm.PINVerification: {"T", "CGVN"}, hsm.PINVerifyIBM3624: {"T", "CGVN"}, hsm.PINVerifyVisaPVV: {"T", "CGVN"},
}

// Admit refuses limits that do not go together.
func Admit(i *hsm.KeyInfo) error {
	kind, known := kinds[i.Usage]
	switch {
	case !i.Ref.Valid():
		return fmt.Errorf("%w: a key has no name, or one that cannot be", hsm.ErrKey)
	case !known || strings.IndexByte(kind.algorithms, byte(i.Algorithm)) < 0:
		return fmt.Errorf("%w: usage and algorithm do not go together", hsm.ErrKey)
	case i.Mode == 0 || strings.IndexByte(kind.modes, byte(i.Mode)) < 0:
		return fmt.Errorf("%w: usage and mode of use do not go together", hsm.ErrKey)
	case !i.Export.Known():
		return fmt.Errorf("%w: exportability is not known", hsm.ErrKey)
	}
	return nil
}

// How long HMAC keys are: as strong as their algorithm can be.
const (
	hmacBytesMin = 16
	HMACBytesMax = 128
)

// AdmitBytes refuses a symmetric key that its usage cannot have, or that is weaker
// than it looks: two parts of a TDES key that are equal make it DES.
func AdmitBytes(i *hsm.KeyInfo, b []byte) error {
	switch {
	case !i.Algorithm.Fits(len(b)), i.Algorithm == hsm.HMAC && (len(b) < hmacBytesMin || len(b) > HMACBytesMax),
		i.Usage == hsm.BaseDerivation && i.Algorithm == hsm.TDES && len(b) != 16:
		return fmt.Errorf("%w: a key of %d bytes is none of its usage and algorithm", hsm.ErrKey, len(b))
	case i.Algorithm == hsm.TDES && symmetric.Rank(i.Algorithm, b) == hsm.DES.Rank(8):
		return fmt.Errorf("%w: parts of the key are equal, it would be single DES", hsm.ErrDenied)
	}
	return nil
}

// macBytesMin is the shortest code that is made or checked.
const macBytesMin = 4

// CodeSize refuses algorithms that are not known, and codes too short to say anything.
func CodeSize(in *hsm.MACInput) error {
	switch {
	case in.Algorithm.Size() == 0:
		return fmt.Errorf("%w: MAC algorithm %d is not known", hsm.ErrDenied, in.Algorithm)
	case in.Size < macBytesMin || in.Size > in.Algorithm.Size():
		return fmt.Errorf("%w: a MAC of %d bytes", hsm.ErrBlock, in.Size)
	}
	return nil
}
