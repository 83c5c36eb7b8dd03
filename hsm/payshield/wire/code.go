package wire

// Code is an error code of an answer: two digits or capitals.
type Code string

// The error codes that are told apart here.
const (
	OK              Code = "00"
	Failed          Code = "01" // verification failed; of A6 a warning only
	NotSingleLength Code = "02" // of EA a warning only
	BadMACAlgorithm Code = "04"
	BadKeyType      Code = "05"
	BadLength       Code = "06"
	BadPadding      Code = "09"
	FirstKeyParity  Code = "10"
	SecondKeyParity Code = "11"
	BadLMK          Code = "13"
	BadInput        Code = "15"
	NotAuthorised   Code = "17"
	BadPINBlock     Code = "20"
	BadAccount      Code = "22"
	BadPINFormat    Code = "23"
	BadPINLength    Code = "24"
	BadTable        Code = "25"
	BadScheme       Code = "26"
	BadKeyLength    Code = "27"
	BadType         Code = "28"
	NotPermitted    Code = "29"
	Internal        Code = "41"
	Disabled        Code = "68"
	FormatDisabled  Code = "69"
	DataLength      Code = "80"
	BadBlockFormat  Code = "83"
	BadBlockCheck   Code = "A4"
	BadUsage        Code = "A6"
	BadAlgorithm    Code = "A7"
	BadMode         Code = "A8"
	BadExport       Code = "AA"
	BadWrappingKey  Code = "BB"
)

// texts of error codes, for people.
var texts = map[Code]string{
	Failed: "verification failed", NotSingleLength: "the key is not single length",
	BadMACAlgorithm: "algorithm of a MAC not known", BadKeyType: "key type not allowed here", BadLength: "wrong message length", BadPadding: "padding not known",
	FirstKeyParity: "parity of the first key: under another LMK, or of another type", SecondKeyParity: "parity of the second key: under another LMK, or of another type",
	"12": "no keys in user storage", BadLMK: "no such LMK", BadInput: "malformed command", NotAuthorised: "not in the authorised state",
	BadPINBlock: "PIN block wrong", "21": "no such place in user storage", BadAccount: "malformed account", BadPINFormat: "PIN block format not known", BadPINLength: "PIN block wrong",
	BadTable: "decimalisation table refused", BadScheme: "key scheme refused", BadKeyLength: "wrong key length", BadType: "wrong key type", NotPermitted: "not permitted for this key",
	"39": "fraud detection", Internal: "internal failure", "42": "internal failure of DES", "47": "algorithm not licensed", "67": "command not licensed",
	Disabled: "command disabled", FormatDisabled: "PIN block format disabled", "75": "a single length key as a longer one", DataLength: "wrong length of data", BadBlockFormat: "malformed key block",
	"84": "check value of a key block", "A1": "keys under LMKs that do not go together", "A2": "keys under LMKs that do not go together", "A3": "keys under LMKs that do not go together",
	BadBlockCheck: "key block under another key, or changed", "A5": "wrong key length", BadUsage: "wrong use of a key", BadAlgorithm: "wrong algorithm of a key",
	BadMode: "wrong mode of a key", BadExport: "wrong exportability of a key", BadWrappingKey: "wrong wrapping key",
}

// Text says what a code means, as far as it is known here.
func (c Code) Text() string {
	if text := texts[c]; text != "" {
		return text
	}
	return "error"
}
