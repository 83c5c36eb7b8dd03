package jws

import (
	"context"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/switch/guard/specimen"
)

// sized is a message as long as a payment with its header.
var sized = strings.Replace(message, "ü&amp;", strings.Repeat("<Cd>CRED</Cd>\n", 130), 1)

// TestAllocations: a Guard adds nothing to what the signature itself allocates.
func TestAllocations(t *testing.T) {
	for _, i := range []specimen.Identity{bank, specimen.RSA("bankr", 2048)} {
		s := newScheme(t, i, own)
		a := s.With()
		body, err := Sign(nil, []byte(sized), i.Certificate, i.Signer)
		if err != nil {
			t.Fatal(err)
		}
		g, ctx := newScheme(t, own, i).open(), context.Background()
		var digest [32]byte
		signature, err := i.Module().Sign(ctx, hsm.Signing{Algorithm: a, Digest: digest})
		if err != nil {
			t.Fatal(err)
		}
		alone := testing.AllocsPerRun(50, func() {
			if i.Certificate.Verify(a, digest[:], signature) != nil {
				t.Fatal("wrong")
			}
		})
		all := testing.AllocsPerRun(50, func() {
			if _, err := g.Check(ctx, nil, body); err != nil {
				t.Fatal(err)
			}
		})
		if all > alone {
			t.Errorf("%s: a check has %v allocations, its signature alone %v", a, all, alone)
		}

		var same hsm.Module = specimen.Broken{Signature: signature}
		out, room := s.open(), make([]byte, 0, 2*len(body))
		text := []byte(sized)
		if n := testing.AllocsPerRun(50, func() {
			if _, err := out.Protect(ctx, same, room, text, nil); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: signing has %v allocations beside the module's", a, n)
		}
		t.Logf("%s: %v allocations of the signature's check, %v in all", a, alone, all)
	}
}

// BenchmarkCheck and BenchmarkProtect are with a message of about 2 KB.
func BenchmarkCheck(b *testing.B) {
	for _, i := range []specimen.Identity{bank, specimen.RSA("bankr", 2048), specimen.RSA("bankq", 4096)} {
		body, err := Sign(nil, []byte(sized), i.Certificate, i.Signer)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(i.File.Name, func(b *testing.B) {
			g, ctx := newScheme(b, own, i).Open(), context.Background()
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := g.Check(ctx, nil, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkProtect is without the module, which has its own.
func BenchmarkProtect(b *testing.B) {
	g, ctx := newScheme(b, own, bank).Open(), context.Background()
	var m hsm.Module = specimen.Broken{Signature: make([]byte, 64)}
	text, room := []byte(sized), make([]byte, 0, 2*len(sized))
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := g.Protect(ctx, m, room, text, nil); err != nil {
			b.Fatal(err)
		}
	}
}
