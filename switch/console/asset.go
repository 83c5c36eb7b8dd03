package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"
)

// The files of the console are in the binary. Their names in addresses carry the hash of
// what is in them, so that browsers may keep them for ever.

//go:embed assets/*.js assets/*.css assets/*.svg
var assetFiles embed.FS

//go:embed templates/*.html
var templateFiles embed.FS

const assetPath = "/console/assets/"

// asset is one file that pages load.
type asset struct {
	name, kind, tag string
	data            []byte
}

var assetKinds = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// assets are the files by the name in their address, and their addresses by their own name.
var assets, assetAddresses = func() (map[string]asset, map[string]string) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // the binary was built without its files
	}
	files, addresses := map[string]asset{}, map[string]string{}
	for _, e := range entries {
		data, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(data)
		tag := hex.EncodeToString(sum[:8])
		ending := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ending) + "-" + tag + ending
		files[name] = asset{name: name, kind: assetKinds[ending], tag: `"` + tag + `"`, data: data}
		addresses[e.Name()] = assetPath + name
	}
	return files, addresses
}()

// assetAddress is where a page finds a file. It panics for one that is not there: a
// template names it, and no request can.
func assetAddress(name string) template.URL {
	address, known := assetAddresses[name]
	if !known {
		panic("console: no file " + name)
	}
	return template.URL(address)
}

// serveAsset answers with a file. It is the same for everyone and tells nothing, so that
// the page of the login may load it too.
func (c *console) serveAsset(w http.ResponseWriter, r *http.Request) {
	file, known := assets[r.PathValue("name")]
	if !known {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", file.tag)
	http.ServeContent(w, r, file.name, time.Time{}, bytes.NewReader(file.data))
}
