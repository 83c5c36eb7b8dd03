package simbank

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"reflect"
	"testing"

	"switchd/codec/frame"
)

// FuzzDecode: no bytes make the codec panic, and what it accepts it writes again
// as the same bytes, from the plain values alone.
func FuzzDecode(f *testing.F) {
	spec, err := os.ReadFile("../../codec/iso8583/specs/iso87-npci.json")
	must(f, err)
	c, err := newCodec(spec, MAC{})
	must(f, err)
	for _, step := range script() {
		body, err := c.encode(step.m)
		must(f, err)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, bad := c.decode(body)
		if isRequest(m.mti) && bad == nil {
			if r, _, bad := examine(m); r != nil && bad == nil {
				again, err := c.encode(m)
				if err != nil || !bytes.Equal(again, body) {
					t.Errorf("%q comes out as %q, %v", body, again, err)
				}
			}
		}
	})
}

// FuzzReadFrame: a frame is in bounds or an error, what was framed comes back, and
// BIN2 is what this test takes it for, without the package that cuts it.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x0c0123456789ab\x00\x0c0123456789ab"))
	f.Add([]byte("\x00\x0b0123456789a"))
	f.Add([]byte("\xff\xff"))
	f.Add([]byte("\x00\x20")) // ends right behind the header
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := newInput(bytes.NewReader(stream), frame.BIN2)
		var again []byte
		for {
			fr, err := in.next()
			if err != nil {
				if !bytes.HasPrefix(stream, again) {
					t.Errorf("%q was read as %q", stream, again)
				}
				if errors.Is(err, io.EOF) && len(again) != len(stream) {
					t.Errorf("end of stream after %d of %d bytes", len(again), len(stream))
				}
				return
			}
			again = append(binary.BigEndian.AppendUint16(again, uint16(len(fr.Body))), fr.Body...)
			if framed, ok := (&Options{}).appendFrame(nil, fr.Body); !ok || !bytes.HasSuffix(again, framed) {
				t.Errorf("%q is framed as %q", fr.Body, framed)
			}
		}
	})
}

// FuzzReadEnvelope: no bytes make the reader panic, and what it accepts it accepts
// again when it is written from what was read, with the same content.
func FuzzReadEnvelope(f *testing.F) {
	s := newMessages(Options{Institution: "999999", Switch: "100001", IFSC: "SWCH", Currency: "356", Clock: wall})
	id := "SWD000000000001D00"
	for _, doc := range []struct {
		definition string
		doc        any
	}{
		{defEvent, eventDoc{EvtInf: eventInfo{EvtCd: "ECHO", EvtParam: []string{"1"}}}},
		{defReject, rejectDoc{RltdRef: reference{Ref: id}, Rsn: rejection{RjctgPtyRsn: "FF01"}}},
		{defStatus, statusDoc{
			GrpHdr: groupHeader{MsgId: id, CreDtTm: s.now()},
			TxInfAndSts: transactionStatus{
				OrgnlGrpInf: originalGroup{OrgnlMsgId: id, OrgnlMsgNmId: defCredit}, OrgnlEndToEndId: "E", OrgnlTxId: "T", OrgnlUETR: uetrOf(id),
				TxSts: "RJCT", StsRsnInf: &reason{Rsn: &codeOrText{Cd: "AC03"}, AddtlInf: []string{"a", "b"}},
			},
		}},
	} {
		body, err := s.write(doc.definition, id, doc.doc)
		must(f, err)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		head, doc, bad := readEnvelope(body)
		if h := s.hear(body); bad != nil {
			if h.bad == nil || doc != nil {
				t.Errorf("%q is refused (%v) and taken", body, bad)
			}
			return
		}
		again, err := s.write(head.MsgDefIdr, head.BizMsgIdr, doc)
		must(t, err)
		_, same, bad := readEnvelope(again)
		if bad != nil || !reflect.DeepEqual(doc, same) {
			t.Errorf("%q comes out as %q: %v", body, again, bad)
		}
	})
}
