package iso8583_test

import (
	"errors"
	"fmt"

	"switchd/codec/iso8583"
)

// echo is an echo request of the dialect iso87-npci.
var echo = []byte("0800\x82\x20\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00" + "1122163000" + "000042" + "301")

func mustSpec(name string) *iso8583.Spec {
	spec, err := iso8583.Builtin(name)
	if err != nil {
		panic(err)
	}
	return spec
}

// Read a message, answer it.
func Example() {
	spec := mustSpec("iso87-npci")
	var m iso8583.Message
	if err := m.Parse(spec, echo); err != nil {
		fmt.Println(err)
		return
	}
	code, _ := m.Uint(70)
	fmt.Println(m.MTI(), "code", code)

	var w iso8583.Writer
	w.Begin(spec, nil, m.MTI().Response())
	w.Set(7, m.Value(7))
	w.Set(11, m.Value(11))
	w.SetString(39, "00")
	w.Set(70, m.Value(70))
	b, err := w.Finish()
	fmt.Printf("%q %v\n", b, err)
	// Output:
	// 0800 code 301
	// "0810\x82 \x00\x00\x02\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00112216300000004200301" <nil>
}

// Change a few fields of a received message; the rest stays byte for byte.
func ExampleWriter_Relay() {
	var m iso8583.Message
	if err := m.Parse(mustSpec("iso87-npci"), echo); err != nil {
		fmt.Println(err)
		return
	}
	var w iso8583.Writer
	w.Relay(&m, nil, 0x0801)
	w.SetUint(11, 43)
	b, err := w.Finish()
	fmt.Printf("%q %v\n", b, err)
	// Output:
	// "0801\x82 \x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x001122163000000043301" <nil>
}

// A bad message says where it is bad; what comes before can still be read.
func ExampleMessage_Fields() {
	bad := append([]byte{}, echo...)
	bad[32] = 'x'
	var m iso8583.Message
	err := m.Parse(mustSpec("iso87-npci"), bad)
	var field *iso8583.FieldError
	fmt.Println(errors.As(err, &field), err)
	for _, f := range m.Fields() {
		fmt.Printf("%2d %s %s = %s\n", f.Offset, f.Path, f.Format, f.Text())
	}
	// Output:
	// true iso8583: DE11 n6 at byte 30, expected 6 digits in ASCII
	//  0 0 n4 = 0800
	//  4 1 b8 = 82200000000000000400000000000000
	// 20 7 n10 = 1122163000
}

// Check what a message of its type must have.
func ExampleSpec_Check() {
	spec := mustSpec("iso87-npci")
	var m iso8583.Message
	if err := m.Parse(spec, []byte("0800\x02\x20\x00\x00\x00\x00\x00\x00"+"1122163000"+"000042")); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(spec.Check(&m))
	// Output:
	// iso8583: DE70 missing at byte 28, expected an element that this message type must have
}

// Build the chip's data, element 55, and find a tag in it.
func ExampleWriter_BeginGroup() {
	spec := mustSpec("iso87-binary")
	var w iso8583.Writer
	w.Begin(spec, nil, 0x0100)
	w.BeginGroup(55)
	w.Sub("9A", []byte{0x26, 0x11, 0x22})
	w.Sub("9F02", []byte{0, 0, 0, 1, 0x23, 0x45})
	w.Sub("DF01", []byte{1}) // the spec does not know it
	w.EndGroup()
	b, err := w.Finish()
	fmt.Printf("%x %v\n", b, err)

	var m iso8583.Message
	if err := m.Parse(spec, b); err != nil {
		fmt.Println(err)
		return
	}
	amount, ok := iso8583.FindBER(m.Value(55), 0x9F02)
	fmt.Printf("%x %v\n", amount, ok)
	// Output:
	// 0100000000000000020000189a032611229f0206000000012345df010101 <nil>
	// 000000012345 true
}

// Let a code be computed over a message; here the code is a dummy.
func ExampleWriter_MACInput() {
	var w iso8583.Writer
	w.Begin(mustSpec("iso87-npci"), nil, 0x0800)
	w.SetUint(11, 42)
	covered, err := w.MACInput()
	fmt.Printf("%q %v\n", covered, err)
	b, err := w.FinishMAC([]byte("8 bytes!"))
	fmt.Printf("%q %v\n", b, err)
	// Output:
	// "0800\x00 \x00\x00\x00\x00\x00\x01000042" <nil>
	// "0800\x00 \x00\x00\x00\x00\x00\x010000428 bytes!" <nil>
}

// A spec of one's own: the format of moov-io/iso8583 and a few keys more.
func ExampleLoadSpec() {
	_, err := iso8583.LoadSpec("bank.json", []byte(`{"name": "bank", "fields": {
		"0": {"type": "String", "length": 4, "enc": "BCD", "prefix": "BCD.Fixed"},
		"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"},
		"2": {"type": "String", "length": 19, "enc": "LBCD", "prefix": "BCD.LLL", "filler": "E"},
		"39": {"type": "String", "length": 2, "enc": "EBDIC", "prefix": "EBCDIC.Fixed"}}}`))
	for _, fault := range iso8583.SpecErrors(err) {
		fmt.Println(fault.Field, fault.Reason[:33])
	}
	// Output:
	// 2 filler is 0 or F, for BCD and LBC
	// 39 encoding "EBDIC" is not supported
}
