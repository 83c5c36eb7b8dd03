package hsm

import (
	"context"
	"errors"
	"time"
)

// metered counts and times what a module is asked, each call by its own name with its
// own error, whoever asks and however many calls a job of the pool makes. It is as safe
// for concurrent use as the module, and a call allocates nothing for it.
//
// It does not embed the module, so that a method that is new in Module is not passed by.
type metered struct {
	module  Module
	clock   func() int64
	metrics *callMetrics
}

// meteredKeeper is metered for a module that is a Keeper. The methods that Keeper adds
// are the module's own: people call them, not payments. Those of Module are metered's,
// which lie less deep.
type meteredKeeper struct {
	*metered
	unmetered
}

type unmetered struct{ Keeper }

// meter gives a module that counts, which is a Keeper if the module is one.
func meter(module Module, clock func() int64, metrics *callMetrics) Module {
	m := &metered{module, clock, metrics}
	if k, ok := module.(Keeper); ok {
		return meteredKeeper{m, unmetered{k}}
	}
	return m
}

// count is deferred: at is when the call began, err where its error is at the end.
func (m *metered) count(op Op, at int64, err *error) {
	m.metrics.calls[op][endingOf(*err)].Inc()
	m.metrics.duration[op].Observe(time.Duration(m.clock() - at).Seconds())
}

func (m *metered) TranslatePIN(ctx context.Context, t Translation) (block Secret, err error) {
	defer m.count(OpTranslatePIN, m.clock(), &err)
	return m.module.TranslatePIN(ctx, t)
}

func (m *metered) VerifyPVV(ctx context.Context, c PVVCheck) (err error) {
	defer m.count(OpVerifyPVV, m.clock(), &err)
	return m.module.VerifyPVV(ctx, c)
}

func (m *metered) VerifyOffset(ctx context.Context, c OffsetCheck) (err error) {
	defer m.count(OpVerifyOffset, m.clock(), &err)
	return m.module.VerifyOffset(ctx, c)
}

func (m *metered) MAC(ctx context.Context, in MACInput) (code []byte, err error) {
	defer m.count(OpMAC, m.clock(), &err)
	return m.module.MAC(ctx, in)
}

func (m *metered) VerifyMAC(ctx context.Context, in MACInput, code []byte) (err error) {
	defer m.count(OpVerifyMAC, m.clock(), &err)
	return m.module.VerifyMAC(ctx, in, code)
}

func (m *metered) ImportKey(ctx context.Context, i Import) (info KeyInfo, err error) {
	defer m.count(OpImportKey, m.clock(), &err)
	return m.module.ImportKey(ctx, i)
}

func (m *metered) ExportKey(ctx context.Context, e Exporting) (block string, err error) {
	defer m.count(OpExportKey, m.clock(), &err)
	return m.module.ExportKey(ctx, e)
}

func (m *metered) KCV(ctx context.Context, key KeyRef) (kcv KCV, err error) {
	defer m.count(OpKCV, m.clock(), &err)
	return m.module.KCV(ctx, key)
}

func (m *metered) Seal(ctx context.Context, b Box) (sealed []byte, err error) {
	defer m.count(OpSeal, m.clock(), &err)
	return m.module.Seal(ctx, b)
}

func (m *metered) Open(ctx context.Context, b Box) (data []byte, err error) {
	defer m.count(OpOpen, m.clock(), &err)
	return m.module.Open(ctx, b)
}

func (m *metered) Token(ctx context.Context, key KeyRef, value Secret) (token [32]byte, err error) {
	defer m.count(OpToken, m.clock(), &err)
	return m.module.Token(ctx, key, value)
}

func (m *metered) Sign(ctx context.Context, s Signing) (signature []byte, err error) {
	defer m.count(OpSign, m.clock(), &err)
	return m.module.Sign(ctx, s)
}

func (m *metered) Verify(ctx context.Context, s Signing, signature []byte) (err error) {
	defer m.count(OpVerify, m.clock(), &err)
	return m.module.Verify(ctx, s, signature)
}

func (m *metered) Health(ctx context.Context) (h Health, err error) {
	defer m.count(OpHealth, m.clock(), &err)
	return m.module.Health(ctx)
}

// endings by what errors are; the first that fits counts. A context's error is a driver
// that was cut off and says no more.
var endings = []struct {
	kind error
	end  ending
}{
	{ErrDenied, endDenied}, {ErrVerify, endVerify}, {ErrKey, endKey}, {ErrBlock, endBlock}, {ErrTimeout, endTimeout}, {ErrDown, endDown},
	{context.DeadlineExceeded, endTimeout}, {context.Canceled, endTimeout},
}

// endingOf is how metrics call an error. Of a Fault the kind says it, whatever its cause
// is; looking into one would allocate.
func endingOf(err error) ending {
	if err == nil {
		return endOK
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if f, ok := e.(*Fault); ok { //nolint:errorlint // errors.As would allocate
			err = f.Kind
			break
		}
	}
	for _, k := range endings {
		if errors.Is(err, k.kind) {
			return k.end
		}
	}
	return endError
}
