package bench

import (
	"math/rand/v2"
	"sort"
)

// order is one payment to send. Accounts are numbered from 1.
type order struct {
	payer, payee               int // participants
	payerAccount, payeeAccount int
	amount                     int64 // minor units
	byAddress                  bool  // the payee is named by address
}

// dealer draws the orders of a run from its seed: the same run again has the same
// payments in the same order.
type dealer struct {
	chance     *rand.Rand
	cumulative []float64 // of the participants' weights
	o          *Options
}

// newDealer gives the first participant the heavy share, and equal parts of the
// rest to the others. An even share is the least that "heavy" can mean.
func newDealer(o *Options) *dealer {
	n := len(o.Participants)
	heavy := max(o.HeavyShare, 1/float64(n))
	d := &dealer{chance: rand.New(rand.NewPCG(o.Seed, 8583)), o: o, cumulative: make([]float64, n)}
	for i := range n {
		d.cumulative[i] = heavy + float64(i)*(1-heavy)/float64(n-1)
	}
	d.cumulative[n-1] = 1
	return d
}

// participant draws one by weight.
func (d *dealer) participant() int {
	x := d.chance.Float64()
	return sort.Search(len(d.cumulative)-1, func(i int) bool { return x < d.cumulative[i] })
}

// payeeTries bounds the search for another participant than the payer: with all
// weight on one of them, nobody else would ever be drawn.
const payeeTries = 64

// next draws an order between two participants.
func (d *dealer) next() order {
	payer := d.participant()
	payee := d.participant()
	for range payeeTries {
		if payee != payer {
			break
		}
		payee = d.participant()
	}
	if payee == payer {
		payee = (payer + 1) % len(d.cumulative)
	}
	o := order{
		payer: payer, payee: payee,
		payerAccount: 1 + d.chance.IntN(d.o.Accounts),
		payeeAccount: 1 + d.chance.IntN(d.o.Accounts),
		amount:       d.o.AmountMin + d.chance.Int64N(d.o.AmountMax-d.o.AmountMin+1),
		byAddress:    d.o.VPAShare > 0 && d.chance.Float64() < d.o.VPAShare,
	}
	if d.o.fated() {
		o.amount = d.draw(o.amount)
	}
	return o
}
