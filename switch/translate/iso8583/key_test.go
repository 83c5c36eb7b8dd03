package iso8583

import "testing"

// TestDuplicateKeyIsData: what makes two requests one is the profile's choice.
func TestDuplicateKeyIsData(t *testing.T) {
	later := pushFields()
	later[7] = "1122153059" // the repeat has a new DE7
	later[13] = "1122"
	first := pushFields()
	first[13] = "1122"
	nextDay := pushFields()
	nextDay[13] = "1123"
	for _, c := range []struct {
		name       string
		key        []int
		other      map[int]string
		same       bool
		sameHash   bool
		wantsFault string
	}{
		{"default key, new DE7", nil, later, false, true, ""},
		{"DE13 for DE7, new DE7", []int{11, 13, 32, 37}, later, true, true, ""},
		{"DE13 for DE7, next day", []int{11, 13, 32, 37}, nextDay, false, false, ""},
		{"terminal fields that are missing", []int{7, 11, 41}, later, false, true, "DE41 missing"},
	} {
		d, err := dialect(t, "iso87-npci", 0).With(c.key, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, fault := read(t, d, fields(t, d, 0x0200, first))
		if c.wantsFault != "" {
			if fault == nil || fault.Error() != c.wantsFault {
				t.Errorf("%s: %v", c.name, fault)
			}
			continue
		}
		b, otherFault := read(t, d, fields(t, d, 0x0201, c.other))
		if fault != nil || otherFault != nil {
			t.Fatalf("%s: %v %v", c.name, fault, otherFault)
		}
		if (a.Request.Key == b.Request.Key) != c.same || (a.Request.Hash == b.Request.Hash) != c.sameHash {
			t.Errorf("%s: same key %v, same content %v", c.name, a.Request.Key == b.Request.Key, a.Request.Hash == b.Request.Hash)
		}
		if b.Request.Echo.Transmitted != 1122153059 && c.other[7] == "1122153059" {
			t.Errorf("%s: the answer would echo DE7 %d", c.name, b.Request.Echo.Transmitted)
		}
	}
}

func TestCheckKeys(t *testing.T) {
	for _, c := range []struct {
		duplicate, match []int
		good             bool
	}{
		{nil, nil, true}, {[]int{11, 13, 32, 37, 41, 42}, []int{7, 11}, true}, {[]int{37}, []int{37}, true},
		{[]int{7, 32}, nil, false}, {[]int{11, 11}, nil, false}, {[]int{11, 3}, nil, false},
		{nil, []int{11}, false}, {nil, []int{7}, false}, {nil, []int{32}, false},
	} {
		if err := CheckKeys(c.duplicate, c.match); (err == nil) != c.good {
			t.Errorf("%v %v: %v", c.duplicate, c.match, err)
		}
	}
}
