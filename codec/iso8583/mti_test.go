package iso8583

import "testing"

func TestMTI(t *testing.T) {
	m := MTI(0x1421)
	if m.Version() != 1 || m.Class() != 4 || m.Function() != 2 || m.Origin() != 1 || m.String() != "1421" {
		t.Errorf("digits of %s", m)
	}
	for request, response := range map[MTI]MTI{
		0x0200: 0x0210, 0x0201: 0x0210, 0x0420: 0x0430, 0x0421: 0x0430, 0x0100: 0x0110, 0x0800: 0x0810,
		0x0220: 0x0230, 0x0402: 0x0412, 0x0203: 0x0212, 0x0640: 0x0650,
	} {
		if !request.IsRequest() || request.Response() != response {
			t.Errorf("%s: %s, want %s", request, request.Response(), response)
		}
		if response.IsRequest() || response.Response() != 0 {
			t.Errorf("%s is no request", response)
		}
	}
	if MTI(0x0201).Original() != 0x0200 || MTI(0x0420).Original() != 0x0420 || MTI(0x0203).Original() != 0x0202 {
		t.Error("Original")
	}
	if MTI(0).IsRequest() || MTI(0).Response() != 0 {
		t.Error("0 is no message type")
	}
}

func TestParseMTI(t *testing.T) {
	for text, want := range map[string]MTI{
		"0200": 0x0200, "9999": 0x9999, "0100": 0x0100, "02a0": 0, "+200": 0, "020\xb0": 0, "0000": 0, "1010": 0, " 200": 0,
	} {
		m, ok := parseMTI((*[4]byte)([]byte(text)), '0')
		if m != want || ok != (want != 0) {
			t.Errorf("%q: %s, %v", text, m, ok)
		}
		if ok && m.String() != text {
			t.Errorf("%q became %s", text, m)
		}
	}
	for _, m := range []MTI{0, 0x0010, 0x02a0, 0xf200, 0x020a, 0x0a00} {
		if m.valid() {
			t.Errorf("%x is no message type", uint16(m))
		}
	}
}
