package main

import (
	"strings"
	"testing"

	"switchd/switch/simbank"
)

// TestBankEnd: what a bank left open is unanswered, as its report says.
func TestBankEnd(t *testing.T) {
	t.Parallel()
	if got := bankEnd("BANKA", &simbank.Stats{Sent: 9, Success: 4, Unanswered: 1, Open: 4}); !strings.HasPrefix(got, "BANKA: sent 9, success 4, declined 0, deemed 0, unanswered 5;") {
		t.Error(got)
	}
}
