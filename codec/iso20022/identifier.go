package iso20022

// idBytesMax is the length of Max35Text, the type of nearly all ids. An id is
// ASCII, so that characters are bytes.
const idBytesMax = 35

// IsID says whether v can be an id: 1 to 35 characters that ids may have, no
// slash at its ends and no two in a row.
func IsID(v []byte) bool { return len(v) > 0 && len(v) <= idBytesMax && isIdentifier(v) }
