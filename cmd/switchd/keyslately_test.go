package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
	"switchd/hsm/soft"
	"switchd/session"
	"switchd/switch/config"
	"switchd/switch/logtext"
)

// zakOf is a key of a participant's codes.
func zakOf(name hsm.KeyRef) hsm.New {
	return hsm.New{As: name, Usage: hsm.MACAlg5, Algorithm: hsm.AES, Mode: hsm.MACBothWays, Export: hsm.Exportable}
}

// zmkOf is a key that protects others.
func zmkOf(name hsm.KeyRef) hsm.New {
	return hsm.New{As: name, Usage: hsm.KeyProtection, Algorithm: hsm.AES, Mode: hsm.BothWays, Export: hsm.NotExportable}
}

// exchangeLab is the exchange of keys without links: a bank that brings keys at times
// that the test says.
type exchangeLab struct {
	*keyExchange
	t     *testing.T
	bank  ownModule
	asked *askedModule
	said  *logtext.Text
	ahead atomic.Int64 // of the switch's module's clock
}

// askedModule counts the keys that it is asked to take.
type askedModule struct {
	hsm.Module
	imports int
	wait    chan struct{}     // nil: it answers at once
	after   func(error) error // what it says instead; nil: the same
	kcv     error             // what it says of check values; nil: them
}

func (m *askedModule) KCV(ctx context.Context, key hsm.KeyRef) (hsm.KCV, error) {
	if m.kcv != nil {
		return hsm.KCV{}, m.kcv
	}
	return m.Module.KCV(ctx, key)
}

func (m *askedModule) ImportKey(ctx context.Context, in hsm.Import) (hsm.KeyInfo, error) {
	m.imports++
	if m.wait != nil {
		<-m.wait
	}
	info, err := m.Module.ImportKey(ctx, in)
	if m.after != nil {
		err = m.after(err)
	}
	return info, err
}

func newExchangeLab(t *testing.T) *exchangeLab {
	t.Helper()
	l := &exchangeLab{t: t, said: new(logtext.Text)}
	ours, err := soft.New(soft.Options{Clock: func() int64 { return clock() + l.ahead.Load() }})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := soft.New(soft.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	l.bank, l.asked = ownModule{theirs, t}, &askedModule{Module: ours}
	l.bank.shared(ours, zmkOf("banka/zmk"), 32)
	l.bank.shared(ours, zakOf("banka/zak"), 16)
	pool, err := hsm.NewPool(hsm.Options{Module: l.asked, Clock: clock, Workers: 1, Timeout: time.Minute, Registry: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- pool.Run(ctx) }()
	p := &config.Participant{ID: "BANKA", KeyExchange: "banka/zmk", MAC: config.MAC{Key: "banka/zak", Algorithm: "AES-CMAC"}}
	l.keyExchange = &keyExchange{
		pool: pool, log: slog.New(slog.NewTextHandler(l.said, nil)), audit: newKeyAudit(filepath.Join(t.TempDir(), "audit")),
		participant: func(string) *config.Participant { return p },
		offers:      newKeyOffers(prometheus.NewRegistry()), waiting: make(chan *keyOffer, keysWaitingMax), lately: map[string]*keysLately{},
	}
	go func() { ended <- l.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, <-ended, l.audit.close()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// next is a new key of the bank's.
func (l *exchangeLab) next() session.KeyOffer {
	l.t.Helper()
	info, err := l.bank.Rotate(l.t.Context(), hsm.Rotation{Ref: "banka/zak"})
	if err != nil {
		l.t.Fatal(err)
	}
	return l.block(info.KCV.String())
}

// block is the bank's key as it is now.
func (l *exchangeLab) block(kcv string) session.KeyOffer {
	l.t.Helper()
	block, err := l.bank.ExportKey(l.t.Context(), hsm.Exporting{What: "banka/zak", Under: "banka/zmk", Version: 'D'})
	if err != nil {
		l.t.Fatal(err)
	}
	return session.KeyOffer{Purpose: "ZAK", Block: block, KCV: kcv}
}

// brings has the bank bring a key at a time, and waits for the answer.
func (l *exchangeLab) brings(after time.Duration, o session.KeyOffer, want string) {
	l.t.Helper()
	answered := make(chan string, 1)
	l.KeyOffered("BANKA", int64(time.Hour+after), o, func(v session.KeyVerdict) { answered <- v.Code })
	if got := <-answered; got != want {
		l.t.Errorf("after %s the answer is %s, want %s", after, got, want)
	}
}

// events are the outcomes in the audit file, which holds together.
func (l *exchangeLab) events() (all []keyEvent) {
	l.t.Helper()
	if err := readInto(new(keyChain), l.audit.path, func(e *keyEvent) error {
		all = append(all, *e)
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
	return all
}

// TestKeysLately: a participant brings a few new keys within an overlap. What is above
// that is told later without the module being asked, with one line in the log; the same
// key again does not count.
func TestKeysLately(t *testing.T) {
	t.Parallel()
	l := newExchangeLab(t)
	var last session.KeyOffer
	for i := range newKeysMax {
		last = l.next()
		l.brings(time.Duration(i)*time.Second, last, "00")
		l.brings(time.Duration(i)*time.Second, last, "00") // its answer was lost
	}
	if l.asked.imports != 2*newKeysMax {
		t.Errorf("the module was asked %d times", l.asked.imports)
	}
	fifth := l.next()
	for range 3 {
		l.brings(keyOverlap-1, fifth, "65")
	}
	if n := l.said.Count("key refused"); l.asked.imports != 2*newKeysMax || n != 1 {
		t.Errorf("above the bound the module was asked %d times, and %d lines are in the log", l.asked.imports-2*newKeysMax, n)
	}
	l.brings(keyOverlap, fifth, "00")
	l.brings(keyOverlap, l.next(), "65")
	if n := l.said.Count("key refused"); n != 1 {
		t.Errorf("%d lines of one flood", n)
	}
	for range newKeysMax {
		l.brings(3*keyOverlap, l.next(), "00")
	}
	l.brings(3*keyOverlap, l.next(), "65")
	if n := l.said.Count("key refused"); n != 2 {
		t.Errorf("%d lines of two floods", n)
	}

	counted := map[string]int{}
	for _, e := range l.events() {
		counted[e.Outcome]++
		if e.Action == exchangeAction && (e.Participant != "BANKA" || e.Officer != "") {
			t.Errorf("%+v", e)
		}
	}
	if counted[keyStarted] != 3*newKeysMax+1 || counted[keyRefused] != 2 || counted[keyDone] != 3*newKeysMax+2 { // one says that the file begins
		t.Errorf("the audit file has %v", counted)
	}
}

// TestKeyOffersBounded: offers that are refused are bounded too, whatever is wrong with
// them; and a clock that is set back does not keep the participant out.
func TestKeyOffersBounded(t *testing.T) {
	t.Parallel()
	l := newExchangeLab(t)
	good := l.next()
	bad := []session.KeyOffer{{Purpose: "ZAK", Block: good.Block, KCV: "000000"}, {Purpose: "ZPK", Block: good.Block}, {Purpose: "ZAK"}, {Purpose: "<>", KCV: "x"}}
	for i := range keyOffersMax {
		l.brings(0, bad[i%len(bad)], []string{"88", "30", "88", "30"}[i%len(bad)])
	}
	asked := l.asked.imports
	l.brings(0, good, "65")
	l.brings(-time.Minute, good, "00")
	if l.asked.imports != asked+1 {
		t.Errorf("the module was asked %d times", l.asked.imports-asked)
	}
	for _, e := range l.events() {
		if strings.Contains(e.Detail, "<") {
			t.Errorf("%+v", e)
		}
	}
}

// TestOneKeyUnderWay: while the module looks at a key, another is not taken, on whatever
// link; the link of the first may have given it up long since.
func TestOneKeyUnderWay(t *testing.T) {
	t.Parallel()
	l := newExchangeLab(t)
	l.asked.wait = make(chan struct{})
	answered := make(chan string, 1)
	l.KeyOffered("BANKA", 1, l.next(), func(v session.KeyVerdict) { answered <- v.Code })
	l.brings(time.Minute, l.next(), "09")
	close(l.asked.wait)
	if got := <-answered; got != "00" {
		t.Errorf("the first is answered with %s", got)
	}
	l.brings(2*time.Minute, l.block(""), "00")
}

// TestAuditKeepsNoCodesWaiting: while the audit file takes its time, the module's workers
// are there for codes and PINs, of which there is one here.
func TestAuditKeepsNoCodesWaiting(t *testing.T) {
	t.Parallel()
	l := newExchangeLab(t)
	writing, goOn := make(chan struct{}), make(chan struct{})
	held, sync := false, l.audit.sync
	l.audit.sync = func(f *os.File) error {
		if !held { // the first line
			held = true
			close(writing)
			<-goOn
		}
		return sync(f)
	}
	answered := make(chan string, 1)
	l.KeyOffered("BANKA", 1, l.next(), func(v session.KeyVerdict) { answered <- v.Code })
	<-writing
	in := hsm.MACInput{By: "banka/zak", Algorithm: hsm.AESCMAC, Size: 8, Message: []byte("0800")}
	if _, err := askPool(l.pool, hsm.OpMAC, func(ctx context.Context, m hsm.Module) ([]byte, error) { return m.MAC(ctx, in) }); err != nil {
		t.Error(err)
	}
	close(goOn)
	if got := <-answered; got != "00" {
		t.Errorf("the key is answered with %s", got)
	}
}

// TestExpiredKeyIsReplaced: a key that nobody can ask about any more keeps no new one from
// its place.
func TestExpiredKeyIsReplaced(t *testing.T) {
	t.Parallel()
	l := newExchangeLab(t)
	zak := zakOf("banka/zak")
	zak.Bits, zak.Replace, zak.Expires = 128, true, clock()+int64(time.Hour)
	if _, err := l.asked.Module.(hsm.Keeper).Generate(t.Context(), zak); err != nil {
		t.Fatal(err)
	}
	l.ahead.Store(int64(2 * time.Hour))
	l.brings(0, l.next(), "00")
}

// TestKeyInDoubt: a key that the module has taken without saying so counts as new when it
// is brought again: messages under the one before are taken from then on.
func TestKeyInDoubt(t *testing.T) {
	t.Parallel()
	l := newExchangeLab(t)
	l.asked.after = func(error) error { return &hsm.Fault{Kind: hsm.ErrTimeout, Started: true} }
	o := l.next()
	l.brings(0, o, "96")
	l.asked.after = nil
	if all := l.events(); all[len(all)-1].Outcome != keyFailed {
		t.Errorf("the audit file says %+v", all[len(all)-1])
	}
	l.mu.Lock()
	if n := len(l.lately["BANKA"].taken); n != 1 {
		t.Errorf("%d new keys are counted", n)
	}
	l.mu.Unlock()
	if l.said.Count("key may have been taken") != 1 || l.said.Count("key refused") != 0 {
		t.Error("the log says that the key was refused")
	}
	for _, again := range []bool{false, true} {
		answered := make(chan session.KeyVerdict, 1)
		l.KeyOffered("BANKA", int64(time.Hour), o, func(v session.KeyVerdict) { answered <- v })
		if v := <-answered; v.Code != "00" || v.Again != again {
			t.Errorf("%+v, want again %v", v, again)
		}
	}
}

// TestKeyNotWrittenDown: beside an audit file that is not what was written, no key is
// taken.
func TestKeyNotWrittenDown(t *testing.T) {
	t.Parallel()
	l := newExchangeLab(t)
	l.brings(0, l.next(), "00")
	if err := os.Truncate(l.audit.path, 10); err != nil {
		t.Fatal(err)
	}
	asked := l.asked.imports
	l.brings(time.Second, l.next(), "96")
	if l.asked.imports != asked || l.said.Count("could not be written down") != 1 {
		t.Errorf("the module was asked %d times", l.asked.imports-asked)
	}
}

// TestKeyFoundAtStart: an offer at which the switch was ended gets an outcome by the next
// start, which says whether the key is another one.
func TestKeyFoundAtStart(t *testing.T) {
	t.Parallel()
	l := newExchangeLab(t)
	s := &security{module: notClosed{l.asked.Module}, audit: l.audit}
	s.recoverAudit(l.log)
	before, err := s.module.KCV(t.Context(), "banka/zak")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"the key is the one before", "the key is another"} {
		begun := keyEvent{Participant: "BANKA", Action: exchangeAction, Name: "banka/zak", KCV: before.String(), Outcome: keyStarted}
		if i == 1 {
			begun.KCV = "000000"
		}
		if _, err := l.audit.append(t.Context(), begun, clock()); err != nil {
			t.Fatal(err)
		}
		s.recoverAudit(l.log)
		all := l.events()
		if last := all[len(all)-1]; last.Outcome != keyFound || last.Of != all[len(all)-2].Seq || !strings.HasSuffix(last.Detail, want) || last.KCV != before.String() {
			t.Errorf("the end of the file is %+v, want %s", last, want)
		}
		s.recoverAudit(l.log)
		if len(l.events()) != len(all) {
			t.Error("it is found twice")
		}
	}
}

// notClosed is a module that others close.
type notClosed struct{ hsm.Module }

func (notClosed) Close() error { return errors.New("closed") }

func (notClosed) Describe(context.Context, hsm.KeyRef) (hsm.KeyInfo, error) {
	return hsm.KeyInfo{}, errors.New("not asked for")
}

// TestKeyBeforeIsNotTold: while the module does not answer, it is not asked to take a key,
// so none was taken.
func TestKeyBeforeIsNotTold(t *testing.T) {
	t.Parallel()
	l := newExchangeLab(t)
	l.asked.kcv = &hsm.Fault{Kind: hsm.ErrTimeout, Started: true}
	l.brings(0, l.next(), "96")
	if all := l.events(); l.asked.imports != 0 || all[len(all)-1].Outcome != keyRefused {
		t.Errorf("asked %d times, %+v", l.asked.imports, all)
	}
}

// TestKeyOffersFull: an offer that finds no room is not under way; one above the bounds
// changes nothing of those below them.
func TestKeyOffersFull(t *testing.T) {
	t.Parallel()
	k := &keyExchange{
		log: slog.New(slog.DiscardHandler), offers: newKeyOffers(prometheus.NewRegistry()), waiting: make(chan *keyOffer), lately: map[string]*keysLately{},
		participant: func(string) *config.Participant { return &config.Participant{KeyExchange: "zmk"} },
	}
	var code string
	k.KeyOffered("BANKA", 1, session.KeyOffer{Purpose: "ZAK", Block: "a"}, func(v session.KeyVerdict) { code = v.Code })
	l := k.lately["BANKA"]
	if code != keyUnderWay || l.underWay {
		t.Errorf("answered with %q, under way: %v", code, l.underWay)
	}
	l.underWay, l.doubt = true, "b"
	k.settle(&keyOffer{participant: "BANKA", fault: errKeysTooMany}, keyTaken{}, errKeysTooMany)
	if !l.underWay || l.doubt != "b" {
		t.Errorf("%+v", l)
	}
}

// TestKeyGivenUp: an offer is under way until it is settled and its worker has left.
func TestKeyGivenUp(t *testing.T) {
	t.Parallel()
	lab := newExchangeLab(t)
	offer := lab.next()
	o := &keyOffer{participant: "BANKA", purpose: "ZAK"}
	o.in, o.fault = importOf(lab.participant("BANKA"), &offer)
	inside := false
	lab.asked.after = func(err error) error {
		lab.mu.Lock()
		defer lab.mu.Unlock()
		inside = o.inside
		return err
	}
	if _, err := lab.take(t.Context(), o); err != nil || !inside || o.inside {
		t.Errorf("%v, inside: %v, then %v", err, inside, o.inside)
	}
	k := &keyExchange{lately: map[string]*keysLately{"BANKA": {underWay: true}}}
	l := k.lately["BANKA"]
	for _, first := range []func(*keyOffer){func(o *keyOffer) { k.over(o, false) }, func(o *keyOffer) { k.moved(o, false) }} {
		o := &keyOffer{participant: "BANKA"}
		l.underWay = true
		k.moved(o, true)
		if first(o); !l.underWay {
			t.Error("not under way")
		}
		k.moved(o, false)
		k.over(o, false)
		if l.underWay {
			t.Error("still under way")
		}
	}
}
