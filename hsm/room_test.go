package hsm_test

import (
	"context"
	"testing"

	"switchd/hsm"
)

// TestRoomGoesToWhoWaits: whoever asks again with each answer does not keep the others
// out of a full pool.
func TestRoomGoesToWhoWaits(t *testing.T) {
	p := start(t, 1, 1)
	begun, end := make(chan struct{}), make(chan struct{})
	if _, err := p.ask(hsm.OpMAC, func(context.Context) (string, error) { close(begun); <-end; return "", nil }); err != nil {
		t.Fatal(err)
	}
	<-begun
	nothing := func(context.Context) (string, error) { return "", nil }
	again := make(chan error, 1)
	err := hsm.Call(p.Pool, hsm.OpMAC, func(context.Context, hsm.Module) (string, error) { return "", nil }, func(string, error) {
		_, err := p.ask(hsm.OpMAC, nothing)
		again <- err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.ask(hsm.OpMAC, nothing); err == nil {
		t.Fatal("there is room for a third")
	}
	waited := make(chan error, 1)
	p.AwaitRoom(func(room bool) {
		_, err := p.ask(hsm.OpMAC, nothing)
		if !room {
			t.Error("no call has left")
		}
		waited <- err
	})
	close(end)
	if err := <-waited; err != nil {
		t.Errorf("who has waited finds %v", err)
	}
	if err := <-again; err == nil {
		t.Error("who asks again has found room before")
	}
	p.stop()
	if err := <-p.done; err != nil {
		t.Error(err)
	}
}
