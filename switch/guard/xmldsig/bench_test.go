package xmldsig

import (
	"testing"

	"switchd/hsm"
	"switchd/switch/guard/specimen"
)

// TestAllocations: beside what the signature itself allocates a check has one allocation,
// the message that it gives, and a signature none.
func TestAllocations(t *testing.T) {
	for _, i := range []specimen.Identity{bank, specimen.RSA("bankr", 2048)} {
		text, a := []byte(messages(t)["transfer"]), i.Certificate.Algorithm()
		body, err := Sign(nil, text, i.Certificate, i.Signer)
		if err != nil {
			t.Fatal(err)
		}
		var digest [32]byte
		signature, err := i.Certificate.SignLocal(i.Signer, digest)
		if err != nil {
			t.Fatal(err)
		}
		alone := testing.AllocsPerRun(50, func() {
			if i.Certificate.Verify(a, digest[:], signature) != nil {
				t.Fatal("wrong")
			}
		})
		g := newScheme(t, nil, own, i).Open()
		all := testing.AllocsPerRun(50, func() {
			if _, err := g.Check(ctx, nil, body); err != nil {
				t.Fatal(err)
			}
		})
		if all > alone+1 {
			t.Errorf("%s: a check has %v allocations, its signature alone %v", a, all, alone)
		}
		out, room := newScheme(t, nil, i, own).Open(), make([]byte, 0, 2*len(body))
		var m hsm.Module = specimen.Broken{Signature: signature}
		if n := testing.AllocsPerRun(50, func() {
			if _, err := out.Protect(ctx, m, room, text, nil); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: signing has %v allocations beside the module's", a, n)
		}
		t.Logf("%s: %v allocations of the signature's check, %v in all", a, alone, all)
	}
}

// BenchmarkCheck is with a pacs.008 of 1.9 KB, 3.4 KB with its signature.
func BenchmarkCheck(b *testing.B) {
	for _, i := range []specimen.Identity{bank, specimen.RSA("bankr", 2048)} {
		body, err := Sign(nil, []byte(messages(b)["transfer"]), i.Certificate, i.Signer)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(i.File.Name, func(b *testing.B) {
			g := newScheme(b, nil, own, i).Open()
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

// BenchmarkRead is a check without digests and signature: the canonical forms alone.
func BenchmarkRead(b *testing.B) {
	body, err := Sign(nil, []byte(messages(b)["transfer"]), bank.Certificate, bank.Signer)
	if err != nil {
		b.Fatal(err)
	}
	var p parts
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := p.read(body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProtect is without the module, which has its own.
func BenchmarkProtect(b *testing.B) {
	text := []byte(messages(b)["transfer"])
	g, room := newScheme(b, nil, own, bank).Open(), make([]byte, 0, 4*len(text))
	var m hsm.Module = specimen.Broken{Signature: make([]byte, 64)}
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := g.Protect(ctx, m, room, text, nil); err != nil {
			b.Fatal(err)
		}
	}
}
