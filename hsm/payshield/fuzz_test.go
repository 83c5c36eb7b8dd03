package payshield

import (
	"errors"
	"net"
	"testing"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
)

// FuzzAnswer: whatever a module sends, an answer goes to the request whose number it has
// and to no other, once, and what is read out of it has the form that was asked for.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"0001CD00049CA628F82B0FAD2C01", "0001CD000428B41FDDD29B743E93124BD8E32D921E48", "0002M700A1C72E74EA3FA9B6", "0002M701", "0003ND0026860475954823071234-0001",
		"0004A700S10112P0AE00E0000" + "B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC3408D7B4", "0004A701", "0001ND00", "~~~~CD00", "0009CD00",
		"0005A900RD0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC3408D7B4",
	} {
		f.Add([]byte(seed))
	}
	commands := []string{"CC", "M6", "NC", "A6", "A8"}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m := &Module{o: Options{HeaderLen: 4, OpenMax: 8}.withDefaults()}
		m.metrics = newMetrics(m.o.Registry, m)
		ours, theirs := net.Pipe()
		_ = theirs.Close()
		l := newLink(m, ours)
		var asked []*request
		for _, c := range commands {
			r := &request{command: c, frame: m.command(c), answer: make(chan result, 2)}
			if err := l.submit(r); err != nil {
				t.Fatal(err)
			}
			asked = append(asked, r)
		}
		l.take()
		err := l.deliver(frame)
		if err != nil && !errors.Is(err, errWrong) {
			t.Fatalf("%q: %v", frame, err)
		}
		for i, r := range asked {
			if len(r.answer) == 0 {
				continue
			}
			if number, ours := headerNumber(frame[:4]); err != nil || !ours || number != r.number || string(frame[4:6]) != wire.Reply(r.command) || len(l.open) != len(asked)-1 {
				t.Fatalf("%q went to %s: %v", frame, r.command, err)
			}
			defer readAnswer(t, commands[i], <-r.answer) // which may end the link
		}
		if err == nil && len(l.open) == len(asked) && len(frame) >= 4 {
			if number, ours := headerNumber(frame[:4]); ours && number >= 1 && number <= uint32(len(asked)) {
				t.Fatalf("%q is lost", frame)
			}
		}
		l.end(errStopped)
	})
}

// readAnswer reads an answer as its call does.
func readAnswer(t *testing.T, command string, got result) {
	switch command {
	case "CC":
		for _, format := range []hsm.PINFormat{hsm.ISO0, hsm.ISO4} {
			if block, err := readBlock(got, format); (err == nil) != (block.Len() == format.Size()) || err != nil && block.Len() > 0 {
				t.Fatalf("%q: %d bytes, %v", got.body, block.Len(), err)
			}
		}
	case "M6":
		if code, err := readBytes(got, 8); (err == nil) != (len(code) == 8) {
			t.Fatalf("%q: %d bytes, %v", got.body, len(code), err)
		}
		if err := readVerdict(got); err == nil && (got.code != wire.OK || len(got.body) > 0) {
			t.Fatalf("%s %q is a yes", got.code, got.body)
		}
	case "NC":
		if s, err := readStatus(got); err == nil && (len(s.check) != 16 || len(s.firmware) < 1 || len(s.firmware) > firmwareMax) {
			t.Fatalf("%q: %+v", got.body, s)
		}
	case "A6":
		k := &entry{Name: "a", Usage: "P0", Algorithm: "A", Mode: "E", Export: "E"}
		if err := k.take(got, wire.Failed); err == nil && (wire.KeyLen([]byte(k.Key)) != len(k.Key) || len(k.KCV) != 6) {
			t.Fatalf("%q: %+v", got.body, k)
		}
	case "A8":
		k := &entry{Name: "a", Usage: "P0", Algorithm: "A", Mode: "E", Export: "E"}
		if block, err := k.exported(got, 'D'); err == nil && (block[0] != 'D' || block[5:9] != "P0AE") {
			t.Fatalf("%q: %s", got.body, block)
		}
	}
}

// FuzzTable: a table that is taken has keys of a known form only, and is written as it is
// read.
func FuzzTable(f *testing.F) {
	f.Add([]byte(`{"version": 1, "lmk": "2686047595482307", "keys": [{"name": "a", "key": "U00112233445566778899AABBCCDDEEFF", "usage": "P0", "algorithm": "T", "mode": "B", "export": "E", "kcv": "08D7B4"}]}`))
	f.Add([]byte(`{"version": 1, "keys": [{"name": "a", "key": "Z0011223344556677", "usage": "M1", "algorithm": "D", "mode": "C", "export": "N", "version": 2}, {"name": "a", "key": "Z0011223344556677", "usage": "M1", "algorithm": "D", "mode": "C", "export": "N", "until": 5}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		read := &table{clock: func() int64 { return 1 }, write: replace, keys: map[hsm.KeyRef][]*entry{}}
		if read.parse(text) != nil {
			return
		}
		for ref, ring := range read.keys {
			for i, k := range ring {
				if k.Name != ref || k.validate() != nil || k.keyType() == "" || (k.Until != 0) != (i > 0) {
					t.Fatalf("%s: %+v", ref, k)
				}
				_ = k.info()
			}
		}
		dir := t.TempDir()
		read.path = dir + "/keys"
		if _, err := read.add(&entry{Name: "new", Key: "Z0011223344556677", Usage: "M1", Algorithm: "D", Mode: "C", Export: "N", lmk: read.lmk}, placing{as: "new"}); err != nil {
			return // the name is there, with another use
		}
		again, err := readTable(read.path, read.clock)
		if err != nil || len(again.keys) != len(read.keys) || again.lmk != read.lmk {
			t.Fatalf("%v", err)
		}
	})
}
