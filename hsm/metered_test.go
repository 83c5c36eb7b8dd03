package hsm_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
)

// scripted is a module that answers what a test says, and keeps what it was given last.
type scripted struct {
	err   error
	given []any
}

var _ hsm.Module = (*scripted)(nil) // all of it: what is new in Module must be here

func (s *scripted) take(given ...any) error {
	s.given = nil
	for _, v := range given {
		s.given = append(s.given, comparison(v))
	}
	return s.err
}

// comparison is what can be compared: no two secrets are equal.
func comparison(v any) any {
	if s, ok := v.(hsm.Secret); ok {
		return string(s.Reveal())
	}
	return v
}

func (s *scripted) TranslatePIN(_ context.Context, t hsm.Translation) (hsm.Secret, error) {
	return hsm.NewSecret([]byte("block")), s.take(t)
}
func (s *scripted) VerifyPVV(_ context.Context, c hsm.PVVCheck) error       { return s.take(c) }
func (s *scripted) VerifyOffset(_ context.Context, c hsm.OffsetCheck) error { return s.take(c) }
func (s *scripted) MAC(_ context.Context, in hsm.MACInput) ([]byte, error) {
	return []byte("code"), s.take(in)
}
func (s *scripted) VerifyMAC(_ context.Context, in hsm.MACInput, code []byte) error {
	return s.take(in, code)
}
func (s *scripted) ImportKey(_ context.Context, i hsm.Import) (hsm.KeyInfo, error) {
	return hsm.KeyInfo{Ref: "imported"}, s.take(i)
}
func (s *scripted) ExportKey(_ context.Context, e hsm.Exporting) (string, error) {
	return "exported", s.take(e)
}
func (s *scripted) KCV(_ context.Context, key hsm.KeyRef) (hsm.KCV, error) {
	kcv, _ := hsm.NewKCV([]byte{1, 2, 3})
	return kcv, s.take(key)
}
func (s *scripted) Seal(_ context.Context, b hsm.Box) ([]byte, error) {
	return []byte("sealed"), s.take(b)
}
func (s *scripted) Open(_ context.Context, b hsm.Box) ([]byte, error) {
	return []byte("opened"), s.take(b)
}
func (s *scripted) Token(_ context.Context, key hsm.KeyRef, value hsm.Secret) ([32]byte, error) {
	return [32]byte{2}, s.take(key, value)
}
func (s *scripted) Sign(_ context.Context, g hsm.Signing) ([]byte, error) {
	return []byte("signature"), s.take(g)
}
func (s *scripted) Verify(_ context.Context, g hsm.Signing, signature []byte) error {
	return s.take(g, signature)
}
func (s *scripted) Health(context.Context) (hsm.Health, error) {
	return hsm.Health{Driver: "scripted"}, s.take()
}

// metered is a pool at work over a module.
func metered(t testing.TB, m hsm.Module) (*hsm.Pool, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	pool, err := hsm.NewPool(hsm.Options{Module: m, Clock: func() int64 { return 0 }, Registry: reg, Deadline: (&hand{}).deadline})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- pool.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return pool, reg
}

// within has a worker do something with the module that the pool hands to it.
func within(t testing.TB, pool *hsm.Pool, do func(context.Context, hsm.Module)) {
	t.Helper()
	done := make(chan error, 1)
	err := hsm.Call(pool, hsm.OpMAC, func(ctx context.Context, m hsm.Module) (int, error) { do(ctx, m); return 0, nil },
		func(_ int, err error) { done <- err })
	if err == nil {
		err = <-done
	}
	if err != nil {
		t.Fatal(err)
	}
}

// methods are those of Module by the names that the metrics have for them.
var methods = map[string]string{
	"TranslatePIN": "translate_pin", "VerifyPVV": "verify_pvv", "VerifyOffset": "verify_offset", "MAC": "mac", "VerifyMAC": "verify_mac",
	"ImportKey": "import_key", "ExportKey": "export_key", "KCV": "kcv", "Seal": "seal", "Open": "open", "Token": "token",
	"Sign": "sign", "Verify": "verify", "Health": "health",
}

// TestMetered: whatever a job asks of the module is counted and timed once, by its own
// name and with its own error, and goes through unchanged both ways. The job itself
// says that all is well, as batches do.
func TestMetered(t *testing.T) {
	outcomes := map[string]error{
		"ok": nil, "denied": hsm.ErrDenied, "verify": hsm.ErrVerify, "key": hsm.ErrKey, "block": hsm.ErrBlock,
		"down": &hsm.Fault{Kind: hsm.ErrDown, Cause: context.DeadlineExceeded}, "timeout": &hsm.Fault{Kind: hsm.ErrTimeout, Started: true}, "error": errors.New("of the driver"),
	}
	more := map[string]error{"timeout": context.DeadlineExceeded, "down": hsm.ErrDown}
	module := &scripted{}
	pool, reg := metered(t, module)
	all := reflect.TypeFor[hsm.Module]()
	if all.NumMethod() != len(methods) {
		t.Errorf("Module has %d methods, this test knows %d", all.NumMethod(), len(methods))
	}
	was := counted(t, reg)
	for method := range all.Methods() {
		op, known := methods[method.Name]
		if !known {
			t.Errorf("%s is new: is it counted?", method.Name)
			continue
		}
		timed := 0
		try := func(outcome string, err error) {
			module.err = err
			within(t, pool, func(ctx context.Context, m hsm.Module) { passes(t, ctx, method, m, module) })
			want := maps.Clone(was)
			want[op+" "+outcome]++
			if was = counted(t, reg); !maps.Equal(was, want) {
				t.Errorf("%s with %v: %v, want %v", method.Name, err, was, want)
			}
			timed++
		}
		for outcome, err := range outcomes {
			try(outcome, err)
		}
		for outcome, err := range more {
			try(outcome, fmt.Errorf("driver: %w", err))
		}
		if n := metric(t, reg, "switchd_hsm_call_duration_seconds", op); n != float64(timed) {
			t.Errorf("%s: %v of %d calls were timed", method.Name, n, timed)
		}
	}
}

// counted is all calls by name and outcome.
func counted(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if n := m.GetCounter().GetValue(); f.GetName() == "switchd_hsm_calls_total" && n > 0 {
				out[m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue()] = n
			}
		}
	}
	return out
}

// passes calls a method of m, which stands before module, and compares what comes out
// at both ends with what went in.
func passes(t *testing.T, ctx context.Context, method reflect.Method, m hsm.Module, module *scripted) {
	in := []reflect.Value{reflect.ValueOf(ctx)}
	var given []any
	for i := 1; i < method.Type.NumIn(); i++ {
		v := filled(method.Type.In(i))
		in, given = append(in, v), append(given, comparison(v.Interface()))
	}
	got := values(reflect.ValueOf(m).MethodByName(method.Name).Call(in))
	if !reflect.DeepEqual(module.given, given) {
		t.Errorf("%s: the module was given %v", method.Name, module.given)
	}
	if want := values(reflect.ValueOf(module).MethodByName(method.Name).Call(in)); !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v", method.Name, got)
	}
}

func values(all []reflect.Value) (out []any) {
	for _, v := range all {
		out = append(out, comparison(v.Interface()))
	}
	return out
}

// filled is a value that is not the zero one, where its fields are open.
func filled(of reflect.Type) reflect.Value {
	v := reflect.New(of).Elem()
	switch v.Interface().(type) {
	case hsm.KeyRef:
		v.SetString("a key")
	case []byte:
		v.SetBytes([]byte("some bytes"))
	case hsm.Secret:
		v.Set(reflect.ValueOf(hsm.NewSecret([]byte("a secret"))))
	default:
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.String {
				f.SetString(of.Field(i).Name)
			}
		}
	}
	return v
}

// TestMeteredAtOnce: no call is lost or counted twice when many are made at a time.
func TestMeteredAtOnce(t *testing.T) {
	pool, reg := metered(t, quiet{})
	const askers, each = 8, 100
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			done := make(chan error, 1)
			err := hsm.Call(pool, hsm.OpVerifyMAC, func(ctx context.Context, m hsm.Module) (int, error) {
				for range each {
					_, _ = m.MAC(ctx, hsm.MACInput{})
					_ = m.VerifyMAC(ctx, hsm.MACInput{}, nil)
				}
				return 0, nil
			}, func(_ int, err error) { done <- err })
			if err == nil {
				err = <-done
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for op, outcome := range map[string]string{"mac": "ok", "verify_mac": "verify"} {
		if n := metric(t, reg, "switchd_hsm_calls_total", op, outcome); n != askers*each {
			t.Errorf("%v of %d %s", n, askers*each, op)
		}
	}
	if n := metric(t, reg, "switchd_hsm_requests_total", "verify_mac", "answered"); n != askers {
		t.Errorf("%v of %d requests", n, askers)
	}
}

// quiet is a module that costs nothing.
type quiet struct{ hsm.Module }

var errCutOff = fmt.Errorf("driver: %w", &hsm.Fault{Kind: hsm.ErrTimeout})

func (quiet) MAC(context.Context, hsm.MACInput) ([]byte, error)                       { return nil, nil }
func (quiet) VerifyMAC(context.Context, hsm.MACInput, []byte) error                   { return hsm.ErrVerify }
func (quiet) Verify(context.Context, hsm.Signing, []byte) error                       { return errCutOff }
func (quiet) TranslatePIN(context.Context, hsm.Translation) (s hsm.Secret, err error) { return }

// TestMeteredAllocates nothing of its own, failures included.
func TestMeteredAllocates(t *testing.T) {
	pool, _ := metered(t, quiet{})
	within(t, pool, func(ctx context.Context, m hsm.Module) {
		if n := testing.AllocsPerRun(100, func() {
			_, _ = m.MAC(ctx, hsm.MACInput{})
			_ = m.VerifyMAC(ctx, hsm.MACInput{}, nil)
			_ = m.Verify(ctx, hsm.Signing{}, nil)
			_, _ = m.TranslatePIN(ctx, hsm.Translation{})
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// keeper is a module that keeps keys.
type keeper struct{ hsm.Keeper }

func (keeper) MAC(context.Context, hsm.MACInput) ([]byte, error) { return nil, nil }
func (keeper) List(context.Context) ([]hsm.KeyInfo, error)       { return []hsm.KeyInfo{{Ref: "kept"}}, nil }

// TestMeteredKeeper: a Keeper stays one, and what Module has of it is counted.
func TestMeteredKeeper(t *testing.T) {
	pool, reg := metered(t, keeper{})
	within(t, pool, func(ctx context.Context, m hsm.Module) {
		k, ok := m.(hsm.Keeper)
		if !ok {
			t.Errorf("%T is no Keeper any more", m)
			return
		}
		if all, err := k.List(ctx); err != nil || len(all) != 1 {
			t.Errorf("%v, %v", all, err)
		}
		if _, err := k.MAC(ctx, hsm.MACInput{}); err != nil {
			t.Error(err)
		}
	})
	if n := metric(t, reg, "switchd_hsm_calls_total", "mac", "ok"); n != 1 {
		t.Errorf("%v codes counted", n)
	}
	pool, _ = metered(t, quiet{})
	within(t, pool, func(_ context.Context, m hsm.Module) {
		if _, ok := m.(hsm.Keeper); ok {
			t.Error("a module that keeps no keys is a Keeper")
		}
	})
}

// BenchmarkMetered is what counting costs a call.
func BenchmarkMetered(b *testing.B) {
	pool, _ := metered(b, quiet{})
	within(b, pool, func(ctx context.Context, m hsm.Module) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = m.MAC(ctx, hsm.MACInput{})
		}
	})
}
