package main

import (
	"errors"
	"testing"
)

// TestReaders: the stores are not closed under a reader, and nobody begins to read
// when they are about to be.
func TestReaders(t *testing.T) {
	var r readers
	reading, leave, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go r.read(func() (any, error) {
		close(reading)
		<-leave
		return nil, nil
	})
	<-reading
	if v, err := r.read(func() (any, error) { return 5, nil }); v != 5 || err != nil {
		t.Errorf("a second reader: %v, %v", v, err)
	}
	go func() { r.stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Fatal("stopped under a reader")
	default:
	}
	close(leave)
	<-stopped
	if _, err := r.read(func() (any, error) { t.Error("it reads"); return nil, nil }); !errors.Is(err, errStopping) {
		t.Errorf("after the stop: %v", err)
	}
}
