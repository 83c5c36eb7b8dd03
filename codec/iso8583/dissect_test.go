package iso8583

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// dissectors says how tshark reads each built-in dialect: the preferences of its
// ISO 8583 dissector, and what that cannot read, with the reason. Elements that
// it cannot read are relayed away first, because it stops at the first one.
//
// iso87-ebcdic is not here: the type, lengths and digits are ASCII or packed for
// the dissector, and all text is ASCII.
//
// With binary bitmaps the dissector also refuses a message whose 16 bytes from
// the sixth are all printable and not all hexadecimal: it takes them for a
// bitmap in hexadecimal. One zero byte in the bitmaps is enough to pass.
var dissectors = []struct {
	dialect   string
	charset   string // iso8583.charset: of digits and lengths
	binencode string // iso8583.binencode: of bitmaps and b elements
	cannot    map[int]string
}{
	{"iso87-ascii", "ascii", "ascii", table87(nil)},
	{"iso87-npci", "ascii", "bin", table87(map[int]string{35: isDamaged})},
	{"iso87-binary", "bcd", "bin", table87(map[int]string{35: isDamaged,
		28: hasNoSign, 29: hasNoSign, 30: hasNoSign, 31: hasNoSign, 97: hasNoSign})},
	{"iso93-ascii", "ascii", "ascii", map[int]string{
		15: isShorter, 53: "fixed with 48 bytes there, of variable length in the standard", 55: inHex, 71: isShorter, 96: inHex}},
}

// Why the dissector cannot read an element.
const (
	isShorter = "shorter in its table than in the standard"
	isNumeric = "only digits there, letters too in the standard"
	isText    = "text there; tracks have separators and EMV data are bytes"
	inHex     = "hexadecimal there, bytes with us and the networks"
	hasNoSign = "a sign is half a byte there, a whole one with us"
	isDamaged = "shown as bytes there, and version 4.0 writes past the text's end"
)

// table87 adds what is wrong in its table of the 1987 elements.
func table87(cannot map[int]string) map[int]string {
	all := map[int]string{36: isText, 53: isShorter, 55: isText, 86: isShorter, 87: isShorter, 88: isShorter,
		89: isShorter, 92: isNumeric, 93: isNumeric}
	maps.Copy(all, cannot)
	return all
}

// TestDissector lets an independent reader, the dissector of Wireshark, read the
// golden messages and one with every element: the type, the set of elements and
// the values must be those that we read.
func TestDissector(t *testing.T) {
	needTshark(t)
	for i := range dissectors {
		d := &dissectors[i]
		t.Run(d.dialect, func(t *testing.T) {
			s := mustBuiltin(t, d.dialect)
			messages := [][]byte{everyElement(t, s, d.cannot)}
			for _, mti := range sampleTypes(s) {
				b := readGood(t, filepath.Join(goldenDir, "good", d.dialect, mti.String()+".hex"))
				messages = append(messages, without(t, s, b, d.cannot))
			}
			for i, read := range dissect(t, d.charset, d.binencode, messages) {
				if wrong := read.differs(t, s, messages[i], d.binencode); wrong != "" {
					t.Errorf("message %d, type %s: %s", i, read["iso8583.mti"], wrong)
				}
			}
		})
	}
}

// TestDissectorSeesDamage proves that the comparison can fail: one damaged byte,
// in the type, a bitmap, a length or a value, and the dissector no longer reads
// what we read from the message as it was.
func TestDissectorSeesDamage(t *testing.T) {
	needTshark(t)
	s := mustBuiltin(t, "iso87-npci")
	good := readGood(t, filepath.Join(goldenDir, "good", s.Name(), "0200.hex"))
	var m Message
	if err := m.Parse(s, good); err != nil {
		t.Fatal(err)
	}
	places := map[string]int{"type": 1, "bitmap": 5}
	for name, de := range map[string]int{"processing code": 3, "amount": 4, "length of an institution": 32, "code": 128} {
		places[name], _ = m.Span(de)
	}
	messages, names := [][]byte{good}, []string{""}
	for name, at := range places {
		bad := bytes.Clone(good)
		bad[at] ^= 1
		messages, names = append(messages, bad), append(names, name)
	}
	for i, read := range dissect(t, "ascii", "bin", messages) {
		if wrong := read.differs(t, s, good, "bin"); (wrong == "") != (i == 0) {
			t.Errorf("damaged %q: %q", names[i], wrong)
		}
	}
}

func needTshark(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts processes")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed (Debian and Ubuntu: apt-get install --no-install-recommends tshark)")
	}
}

// without relays the message without the elements that the dissector cannot read.
func without(t *testing.T, s *Spec, b []byte, cannot map[int]string) []byte {
	t.Helper()
	var m Message
	if err := m.Parse(s, b); err != nil {
		t.Fatal(err)
	}
	var w Writer
	w.Relay(&m, nil, m.MTI())
	for de := 2; de <= 128; de++ {
		if cannot[de] != "" {
			w.Remove(de)
		}
	}
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// everyElement is a message with each element of the spec, those of variable
// length with 10 characters where they may have as many. (Of an odd number of
// packed digits the dissector expects the unused half byte in front, and only
// elements of fixed length have it there.)
func everyElement(t *testing.T, s *Spec, cannot map[int]string) []byte {
	t.Helper()
	mti := s.Messages()[0]
	var w Writer
	w.Begin(s, nil, mti)
	for de := 2; de <= 128; de++ {
		if !s.Defines(de) || cannot[de] != "" {
			continue
		}
		f := &s.fields[de]
		n := int(f.length)
		if f.prefix != prefixFixed {
			n = min(n, 10)
		}
		from := "12345678901234567890123456789012345678901234567890"
		switch {
		case f.tags != nil:
			w.Set(de, sampleValue(s, 0x0200, de))
			continue
		case f.class == classNS:
		case f.sign:
			from = "D" + from
		case f.class == classZ:
			from = "4111=3012" + from
		case f.class != classN && f.class != classB:
			from = "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQrStUvWxYz"
		}
		w.Set(de, bytes.Repeat([]byte(from), 1+n/len(from))[:n])
	}
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dissection is what tshark shows of a message, by the names of its fields.
type dissection map[string]any

// differs compares it with what we read from b and says where it is different.
func (d dissection) differs(t *testing.T, s *Spec, b []byte, binencode string) string {
	t.Helper()
	var m Message
	if err := m.Parse(s, b); err != nil {
		t.Fatal(err)
	}
	if d["iso8583.mti"] != m.MTI().String() {
		return fmt.Sprintf("the type is read as %v", d["iso8583.mti"])
	}
	if d["iso8583.len"] != strconv.Itoa(len(b)) {
		return fmt.Sprintf("%d bytes, read as %v", len(b), d["iso8583.len"])
	}
	for de := 2; de <= 128; de++ {
		name := "iso8583.bit" + strconv.Itoa(de)
		got, has := d[name].(string)
		if has && binencode == "bin" && m.spec.fields[de].class == classB {
			// What it read; the text has no end in version 4.0.
			raw, _ := d[name+"_raw"].([]any)
			got = strings.ToUpper(raw[0].(string))
		}
		if has != m.Has(de) {
			return fmt.Sprintf("DE%d: it reads one %v, we %v", de, has, m.Has(de))
		}
		if want := shown(&m, de); has && got != want {
			return fmt.Sprintf("DE%d: %q, read as %q", de, want, got)
		}
	}
	return d.fault()
}

// shown is a value as the dissector shows it.
func shown(m *Message, de int) string {
	if m.spec.fields[de].class == classB {
		return strings.ToUpper(hex.EncodeToString(m.Value(de)))
	}
	return string(m.Value(de))
}

// fault finds the dissector's mark of what it cannot read.
func (d dissection) fault() string {
	text, _ := json.Marshal(d)
	if bytes.Contains(text, []byte("iso8583.MALFORMED")) {
		return "it is malformed"
	}
	return ""
}

// dissect writes the messages into a capture and has tshark read it.
func dissect(t *testing.T, charset, binencode string, messages [][]byte) []dissection {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "messages.pcap")
	if err := os.WriteFile(file, capture(messages), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tshark", "-n", "-r", file, "-T", "json", "-x", "-J", "iso8583",
		"-d", "tcp.port=="+strconv.Itoa(capturePort)+",iso8583", "-o", "iso8583.len_endian:bigendian",
		"-o", "iso8583.charset:"+charset, "-o", "iso8583.binencode:"+binencode)
	cmd.Env = append(os.Environ(), "HOME="+dir, "WIRESHARK_CONFIG_DIR="+dir) // not the user's own preferences
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaints.Bytes())
	}
	var packets []struct {
		Source struct {
			Layers map[string]json.RawMessage `json:"layers"`
		} `json:"_source"`
	}
	if err := json.Unmarshal(text, &packets); err != nil {
		t.Fatal(err)
	}
	all := make([]dissection, len(packets))
	for i := range packets {
		// No layer is no message; one that is no object has no fields either.
		_ = json.Unmarshal(packets[i].Source.Layers["iso8583"], &all[i])
	}
	if len(all) != len(messages) {
		t.Fatalf("%d messages, %d dissected", len(messages), len(all))
	}
	return all
}

const capturePort = 8583

// capture is a pcap file of IPv4 packets without a link layer. Each message is
// one TCP segment, behind a length of 2 bytes, of a connection of its own, so
// that a bad length harms no other message. Checksums are 0: tshark does not
// look at them.
func capture(messages [][]byte) []byte {
	order := binary.LittleEndian
	b := order.AppendUint32(nil, 0xa1b2c3d4)
	b = order.AppendUint16(b, 2) // version 2.4
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...) // time zone, accuracy
	b = order.AppendUint32(b, 0xffff) // the longest packet
	b = order.AppendUint32(b, 101)    // LINKTYPE_RAW: IP
	for i, message := range messages {
		p := packet(uint16(10000+i), message)
		b = order.AppendUint32(b, uint32(i)) // seconds, microseconds
		b = order.AppendUint32(b, 0)
		b = order.AppendUint32(b, uint32(len(p)))
		b = order.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}

func packet(port uint16, message []byte) []byte {
	order := binary.BigEndian
	ip := []byte{0x45, 0}
	ip = order.AppendUint16(ip, uint16(20+20+2+len(message)))
	ip = append(ip, 0, 0, 0, 0, 64, 6, 0, 0) // no fragment, TCP
	ip = append(ip, 127, 0, 0, 1, 127, 0, 0, 1)
	tcp := order.AppendUint16(ip, port)
	tcp = order.AppendUint16(tcp, capturePort)
	tcp = append(tcp, 0, 0, 0, 1, 0, 0, 0, 1)             // sequence numbers
	tcp = append(tcp, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0) // 20 bytes, PSH ACK, window
	tcp = order.AppendUint16(tcp, uint16(len(message)))
	return slices.Concat(tcp, message)
}
