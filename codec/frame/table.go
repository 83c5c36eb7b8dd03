package frame

// row is what a framing is made of. Reading, writing and diagnosing know rows
// only, so a further framing is a row and, at most, two small functions.
//
// A framing with a length is, on the wire,
//
//	lead (with the length field) | carried header | body | trailer
//
// and the field holds carried + body + counts. A framing without a length has a
// cut function, which looks for the byte that ends the body.
type row struct {
	name string
	doc  string
	// unit says in Diagnose's sentences what stands in front, and notation how
	// its value is written there.
	unit     string
	notation notation

	lead int
	// fieldMax is the largest value of the length field; without a length, the
	// longest body.
	fieldMax int
	// counts is how many bytes the field counts besides carried header and body.
	counts  int
	carried carried
	// trailer is how many bytes follow the body; the first of them is an ETX.
	trailer int
	// keepAlive says that a field of zero is no message but a sign of life.
	keepAlive bool
	// control tells a sign of life with a length of its own from a message.
	control func(h []byte) bool

	// read gives the field of a complete lead, or the reason to refuse it.
	read func(h []byte) (field int, why string)
	// write fills the lead for a field of at most fieldMax.
	write func(h []byte, field int)
	// cut finds the frame when there is no length; bodyMax is the smaller of
	// the profile's limit and fieldMax.
	cut func(b []byte, bodyMax int) (s span, why string)
}

// rows is indexed by Framing.
var rows = [framingCount]row{
	BIN2: {name: "BIN2", unit: "2-byte length", lead: 2, fieldMax: 0xffff, read: readBinary2, write: writeBinary2,
		doc: "2-byte big-endian length in bytes of the body alone, up to 65,535, no keep-alive; Postilion (jPOS PostChannel), NPCI-style links, the commonest."},
	BIN2Incl: {name: "BIN2-INCL", unit: "2-byte length", lead: 2, fieldMax: 0xffff, counts: 2, keepAlive: true, read: readBinary2, write: writeBinary,
		doc: "2-byte big-endian length in bytes of itself and the body (body + 2), bodies up to 65,533, 0000 is a keep-alive; American Express (jPOS AmexChannel)."},
	BIN2LE: {name: "BIN2-LE", unit: "2-byte little-endian length", lead: 2, fieldMax: 0xffff, read: readBinary2LE, write: writeBinary2LE,
		doc: "2-byte little-endian length in bytes of the body alone, up to 65,535, no keep-alive; terminal vendors on little-endian machines (HEX low-high in Iso8583studio)."},
	BIN3: {name: "BIN3", unit: "3-byte length", lead: 3, fieldMax: 0xffffff, keepAlive: true, read: readBinary, write: writeBinary,
		doc: "3-byte big-endian length in bytes of the body alone, up to 16,777,215, 000000 is a keep-alive; jPOS CMFChannel."},
	BIN4: {name: "BIN4", unit: "4-byte length", lead: 4, fieldMax: 0x7fffffff, keepAlive: true, read: readBinary, write: writeBinary,
		doc: "4-byte big-endian length in bytes of the body alone, up to 2,147,483,647, 00000000 is a keep-alive; jPOS RawChannel, and XML messages of this switch."},
	BIN4Incl: {name: "BIN4-INCL", unit: "4-byte length", lead: 4, fieldMax: 0x7fffffff, counts: 4, read: readBinary, write: writeBinary,
		doc: "4-byte big-endian length in bytes of itself and the body (body + 4), bodies up to 2,147,483,643, no keep-alive; mainframe and IMS gateways."},
	ASCII2: {name: "ASCII2", unit: "2-digit ASCII length", notation: asText, lead: 2, fieldMax: 99, keepAlive: true, read: readDigits, write: writeDigits,
		doc: "2 ASCII digits, the length in bytes of the body alone, up to 99, 00 is a keep-alive; jPOS ASCIIChannel with length-digits 2."},
	ASCII3: {name: "ASCII3", unit: "3-digit ASCII length", notation: asText, lead: 3, fieldMax: 999, keepAlive: true, read: readDigits, write: writeDigits,
		doc: "3 ASCII digits, the length in bytes of the body alone, up to 999, 000 is a keep-alive; jPOS ASCIIChannel with length-digits 3."},
	ASCII4: {name: "ASCII4", unit: "4-digit ASCII length", notation: asText, lead: 4, fieldMax: 9999, keepAlive: true, read: readDigits, write: writeDigits,
		doc: "4 ASCII digits, the length in bytes of the body alone, up to 9,999, 0000 is a keep-alive; jPOS ASCIIChannel, moov ASCII4, many bank hosts."},
	ASCII5: {name: "ASCII5", unit: "5-digit ASCII length", notation: asText, lead: 5, fieldMax: 99999, keepAlive: true, read: readDigits, write: writeDigits,
		doc: "5 ASCII digits, the length in bytes of the body alone, up to 99,999, 00000 is a keep-alive; jPOS ASCIIChannel with length-digits 5."},
	ASCII6: {name: "ASCII6", unit: "6-digit ASCII length", notation: asText, lead: 6, fieldMax: 999999, keepAlive: true, read: readDigits, write: writeDigits,
		doc: "6 ASCII digits, the length in bytes of the body alone, up to 999,999, 000000 is a keep-alive; jPOS ASCIIChannel with length-digits 6."},
	ASCII4Incl: {name: "ASCII4-INCL", unit: "4-digit ASCII length", notation: asText, lead: 4, fieldMax: 9999, counts: 4, keepAlive: true, read: readDigits, write: writeDigits,
		doc: "4 ASCII digits, the length in bytes of itself and the body (body + 4), bodies up to 9,995, 0000 is a keep-alive; bank hosts behind COBOL gateways."},
	ASCII4TPDU: {name: "ASCII4-TPDU", unit: "4-digit ASCII length", notation: asText, lead: 4, fieldMax: 9999, carried: carriesTPDU, keepAlive: true, read: readDigits, write: writeDigits,
		doc: "4 ASCII digits, the length in bytes of a 5-byte TPDU and the body, bodies up to 9,994, 0000 is a keep-alive, replies swap the TPDU's addresses; terminal concentrators in front of ASCII hosts."},
	HEX4: {name: "HEX4", unit: "4-digit hex length", notation: asText, lead: 4, fieldMax: 0xffff, read: readHex, write: writeHex,
		doc: "4 hexadecimal ASCII digits, either case read and upper case written, the length in bytes of the body alone, up to 65,535 (FFFF), no keep-alive; jPOS HEXChannel."},
	BCD2: {name: "BCD2", unit: "2-byte BCD length", notation: asBCD, lead: 2, fieldMax: 9999, read: readBCD, write: writeBCD,
		doc: "2 bytes of packed BCD, the length in bytes of the body alone, up to 9,999, no keep-alive; jPOS BCDChannel without a TPDU, moov BCD2."},
	NCC: {name: "NCC", unit: "2-byte BCD length", notation: asBCD, lead: 2, fieldMax: 9999, carried: carriesTPDU, read: readBCD, write: writeBCD,
		doc: "2 bytes of packed BCD, the length in bytes of a 5-byte TPDU and the body, bodies up to 9,994, no keep-alive, replies swap the TPDU's addresses; terminal concentrators (jPOS NCCChannel, BCDChannel with a TPDU)."},
	NCCNoSwap: {name: "NCC-NOSWAP", unit: "2-byte BCD length", notation: asBCD, lead: 2, fieldMax: 9999, carried: carriesTPDUKept, read: readBCD, write: writeBCD,
		doc: "NCC whose replies give the TPDU back as it came (2 bytes of packed BCD count TPDU and body, bodies up to 9,994); jPOS NCCChannel with tpdu-swap off."},
	NAC: {name: "NAC", unit: "2-byte length", lead: 2, fieldMax: 0xffff, carried: carriesTPDU, read: readBinary2, write: writeBinary,
		doc: "2-byte big-endian length in bytes of a 5-byte TPDU and the body, bodies up to 65,530, no keep-alive, replies swap the TPDU's addresses; POS acquirers (jPOS NACChannel, FSDChannel)."},
	NACIncl: {name: "NAC-INCL", unit: "2-byte length", lead: 2, fieldMax: 0xffff, counts: 2, carried: carriesTPDU, read: readBinary2, write: writeBinary,
		doc: "2-byte big-endian length in bytes of itself, a 5-byte TPDU and the body, bodies up to 65,528, no keep-alive, replies swap the TPDU's addresses; jPOS NACChannel with lenlen 2."},
	NACNoSwap: {name: "NAC-NOSWAP", unit: "2-byte length", lead: 2, fieldMax: 0xffff, carried: carriesTPDUKept, read: readBinary2, write: writeBinary,
		doc: "NAC whose replies give the TPDU back as it came (2-byte big-endian length of TPDU and body, bodies up to 65,530); jPOS NACChannel with tpdu-swap off."},
	CS: {name: "CS", unit: "2-byte length and 00 00", lead: 4, fieldMax: 0xffff, keepAlive: true, read: readThenZeros, write: writeThenZeros,
		doc: "2-byte big-endian length in bytes of the body alone, then two zero bytes that it does not count, bodies up to 65,535, 00000000 is a keep-alive; jPOS CSChannel."},
	VAP: {name: "VAP", unit: "2-byte length and 00 00", lead: 4, fieldMax: 0xffff, carried: carriesBaseI, keepAlive: true, read: readThenZeros, write: writeThenZeros,
		doc: "2-byte big-endian length in bytes of a BASE I header (22 bytes or more) and the body, then two zero bytes that it does not count, bodies up to 65,513, 00000000 is a poll, replies swap the header's stations; Visa access points (jPOS VAPChannel)."},
	VML: {name: "VML", unit: "2-byte length and 2 flag bytes", lead: 4, fieldMax: 2048, control: isSessionControl, read: readVML, write: writeThenZeros,
		doc: "2-byte big-endian length in bytes of the body alone, then a zero byte and a byte of message format and platform, bodies up to 2,048, format 2 is a session control frame and not a message; Visa message length header (moov VML)."},
	GICC: {name: "GICC", unit: "00 00 and 2-byte length", lead: 4, fieldMax: 0xffff, keepAlive: true, read: readAfterZeros, write: writeAfterZeros,
		doc: "two zero bytes, then a 2-byte big-endian length in bytes of the body alone, up to 65,535, 00000000 is a keep-alive; German card hosts (jPOS GICCChannel)."},
	B24TCP: {name: "B24-TCP", unit: "2-byte length", lead: 2, fieldMax: 0xffff, counts: 1, trailer: 1, keepAlive: true, read: readBinary2, write: writeBinary,
		doc: "2-byte big-endian length in bytes of the body and an ETX (03) behind it (body + 1), bodies up to 65,534, 0000 is a keep-alive; ACI BASE24 over TCP (jPOS BASE24TCPChannel)."},
	B24: {name: "B24", unit: "no length", fieldMax: 4095, trailer: 1, cut: cutETX,
		doc: "no length: the body ends at the first ETX (03), which it can therefore not contain, bodies up to 4,095 bytes, no keep-alive; ACI BASE24 behind a port server (jPOS BASE24Channel)."},
	RBP: {name: "RBP", unit: "D0 4A, 2-byte length and 00 00", lead: 6, fieldMax: 0xffff, read: readRBP, write: writeRBP,
		doc: "D0 4A, a 2-byte big-endian length in bytes of the body alone, up to 65,535, and 00 00 (last part of a record; records in parts are refused), no keep-alive; record boundary preservation (jPOS RBPChannel)."},
	STXETX: {name: "STX-ETX", unit: "STX", lead: 1, fieldMax: 0xffff, trailer: 2, write: writeSTX, cut: cutSTX,
		doc: "no length: STX (02), the body, ETX (03), and an LRC byte (the exclusive or of body and ETX), so the body cannot contain 03, up to 65,535 bytes, no keep-alive; serial terminals and their TCP converters."},
}
