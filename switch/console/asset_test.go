package console

import (
	"bytes"
	"math"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// transferMax is what a page and all that it loads may have, not compressed.
const transferMax = 200 << 10

// TestTransfer adds up what a browser loads for the heaviest page.
func TestTransfer(t *testing.T) {
	alone(t)
	s := newSite(newFake(), operator)
	for _, path := range allPages {
		page := s.get(path).Body.String()
		sum := len(page)
		for _, e := range parse(t, page) {
			address := e.attrs["src"]
			if e.name == "link" {
				address = e.attrs["href"]
			}
			if address == "" {
				continue
			}
			file := s.get(address)
			if file.Code != http.StatusOK {
				t.Fatalf("%s loads %s: %d", path, address, file.Code)
			}
			sum += file.Body.Len()
		}
		if sum > transferMax {
			t.Errorf("%s and what it loads have %d bytes, at most %d may be", path, sum, transferMax)
		}
		if path == "/" {
			t.Logf("the overview and all that it loads: %d bytes", sum)
		}
	}
}

func TestAssetsAreKept(t *testing.T) {
	s := newSite(newFake(), viewer)
	for name, address := range assetAddresses {
		w := s.get(string(address))
		tag := w.Header().Get("ETag")
		if w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || tag == "" || !strings.Contains(string(address), strings.Trim(tag, `"`)) {
			t.Errorf("%s: %v", name, w.Header())
		}
		if again := s.get(string(address), "If-None-Match", tag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s again: %d", name, again.Code)
		}
	}
}

// TestLicences has every file that others have made come with its licence.
func TestLicences(t *testing.T) {
	text, err := os.ReadFile("assets/LICENSES")
	if err != nil {
		t.Fatal(err)
	}
	for name := range assetAddresses {
		if strings.Contains(name, ".min.") && !bytes.Contains(text, []byte(name)) {
			t.Errorf("assets/LICENSES does not name %s", name)
		}
	}
}

// TestNoOtherHost looks into our own files for anything that would be loaded from
// elsewhere, or made of text.
func TestNoOtherHost(t *testing.T) {
	for _, name := range []string{"console.css", "console.js"} {
		text, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"http://", "https://", "@import", "url(", "innerHTML =", "eval(", "Function(", "insertAdjacentHTML"} {
			if bytes.Contains(text, []byte(bad)) {
				t.Errorf("%s has %q", name, bad)
			}
		}
	}
}

var colour = regexp.MustCompile(`--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);`)

// TestContrast computes what WCAG calls contrast: 4.5 for text.
func TestContrast(t *testing.T) {
	text, err := assetFiles.ReadFile("assets/console.css")
	if err != nil {
		t.Fatal(err)
	}
	var schemes [2]map[string]float64
	for i := range schemes {
		schemes[i] = map[string]float64{}
	}
	for _, m := range colour.FindAllStringSubmatch(string(text), -1) {
		for i := range schemes {
			schemes[i][m[1]] = luminance(t, m[2+i])
		}
	}
	for i, scheme := range []string{"light", "dark"} {
		for _, pair := range []string{"text bg", "text panel", "text raised", "muted bg", "muted panel", "muted raised", "accent bg", "accent panel", "accent raised", "ok panel", "ok bg", "ok raised",
			"warn panel", "warn bg", "warn raised", "bad panel", "bad bg", "bad raised", "idle panel", "on-accent accent", "on-bad bad", "panel warn"} {
			front, back, _ := strings.Cut(pair, " ")
			a, b := schemes[i][front], schemes[i][back]
			if a == 0 && b == 0 {
				t.Fatalf("%s: no colours", pair)
			}
			if ratio := (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f", scheme, front, back, ratio)
			}
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	part := func(v uint64) float64 {
		c := float64(v&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(n>>16) + 0.7152*part(n>>8) + 0.0722*part(n)
}

// TestPolls: what a page asks for by itself is what the script knows, which says so to the
// server, and has a hidden window ask for nothing.
func TestPolls(t *testing.T) {
	script, err := assetFiles.ReadFile("assets/console.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`matches("[hx-trigger^=every]")`, `if (document.hidden) e.preventDefault();`, `ctx.request.headers["Switchd-Poll"] = "true"`, `"Switchd-Poll": "true" }, redirect`} {
		if !strings.Contains(string(script), want) {
			t.Errorf("the script has no %s", want)
		}
	}
}
