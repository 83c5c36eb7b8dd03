package payshield_test

import (
	"context"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/payshield"
)

// BenchmarkMessage is what a message costs over the loopback with the simulator: a PIN
// translation, a MAC check and a MAC, one after the other. Both ends are in this process.
func BenchmarkMessage(b *testing.B) {
	zak := plain(hsm.MACAlg3, hsm.TDES, hsm.MACBothWays, hsm.NotExportable, 16)
	zpk := plain(hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.NotExportable, 16)
	l := newLab(b, payshield.Options{Conns: 4, OpenMax: 256, Check: time.Minute, Wait: realWait}, []key{
		{"a", 'S', "", zpk},
		{"b", 'S', "", plain(hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.NotExportable, 16)},
		{"zak", 'S', "", zak},
	})
	ctx := context.Background()
	in := hsm.MACInput{By: "zak", Algorithm: hsm.X919, Size: 8, Message: make([]byte, 250)}
	code, err := l.MAC(ctx, in)
	if err != nil {
		b.Fatal(err)
	}
	const account = "5555555551234567"
	tr := hsm.Translation{In: "a", Out: "b", Account: secret(account), Block: (&both{}).block(b, "1234", hsm.ISO0, account, zpk.Bytes)}
	message := func() error {
		if err := l.VerifyMAC(ctx, in, code); err != nil {
			return err
		}
		if _, err := l.TranslatePIN(ctx, tr); err != nil {
			return err
		}
		_, err := l.MAC(ctx, in)
		return err
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := message(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pipelined", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(32)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if err := message(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
