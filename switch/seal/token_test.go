package seal

import "testing"

// TestTokener: it makes the same tokens as the keys do, and no garbage.
func TestTokener(t *testing.T) {
	keys, err := New([keyBytes]byte{1}, Key{ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*Keys{nil, keys} {
		tokener := k.Tokener()
		for _, account := range []string{"50100012345678", "", "5010001234567", "a text that is longer than one block of the hash, which has sixty-four bytes"} {
			if got, want := tokener.Token([]byte(account)), k.Token([]byte(account)); got != want {
				t.Errorf("%v, %q: token %x, want %x", k, account, got, want)
			}
		}
		account := []byte("50100012345678")
		if n := testing.AllocsPerRun(100, func() { tokener.Token(account) }); n != 0 {
			t.Errorf("%v: %v allocations for a token", k, n)
		}
	}
}
