package bench

// fate is how a payment is meant to end. It stands in the last digits of its amount
// (the amount modulo fates), so that both banks know it from the leg alone, whatever
// the dialect, and forget nothing by a restart of the switch.
type fate uint8

const (
	fateDone         fate = iota
	fateNoFunds           // the payer's bank declines the debit
	fateRefused           // the payee's bank declines the credit, so that the debit is reversed
	fateDebitSilent       // the payer's bank debits, and never says so: the debit is reversed
	fateCreditSilent      // the payee's bank neither credits nor answers: the switch deems it credited, and says so until it is

	fates = 8 // a power of two above them
)

// refusedShare is the part of the declines that the payee's bank makes: most are for
// want of funds, as in life, but reversals should be among the load.
const refusedShare = 0.25

// fated says that payments may be meant to end in another way than by success. When
// they are not, amounts mean nothing.
func (o *Options) fated() bool { return o.Declines > 0 || o.Silence > 0 }

// fateOf reads the fate of a payment from its amount.
func (o *Options) fateOf(amount int64) fate {
	if !o.fated() {
		return fateDone
	}
	return fate(amount & (fates - 1))
}

// draw gives an order its fate.
func (d *dealer) draw(amount int64) int64 {
	x := d.chance.Float64()
	f := fateDone
	for _, c := range [...]struct {
		share float64
		fate  fate
	}{
		{d.o.Declines * (1 - refusedShare), fateNoFunds}, {d.o.Declines * refusedShare, fateRefused},
		{d.o.Silence, fateDebitSilent}, {d.o.Silence, fateCreditSilent},
	} {
		if x >= 0 && x < c.share {
			f = c.fate
		}
		x -= c.share
	}
	return max(amount&^(fates-1), fates) + int64(f)
}

// silent says that the bank of a payment never answers one of its legs.
func (f fate) silent() bool { return f == fateDebitSilent || f == fateCreditSilent }

// ending is how the customer of a payment was told that it has ended.
type ending struct {
	code   []byte // DE39, or a reason or a status of ISO 20022
	deemed bool   // in doubt, and counted as made
}

// done says that money has moved, or counts as moved.
func (e ending) done() bool { return e.deemed || string(e.code) == string(codeApproved[:]) }

// right says that a payment has ended as it was meant to.
func (f fate) right(e ending) bool {
	switch code := string(e.code); f {
	case fateDone:
		return e.done() && !e.deemed
	case fateNoFunds:
		return code == "51" || code == "AM04"
	case fateRefused: // reversed, or the bank's reason while the reversal goes on
		return !e.deemed && (code == "21" || code == "05" || code == "AB05" || code == "MS03")
	case fateDebitSilent:
		return !e.deemed && (code == "68" || code == "AB11")
	case fateCreditSilent:
		return e.deemed
	}
	return false
}
