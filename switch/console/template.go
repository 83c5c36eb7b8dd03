package console

import (
	"html/template"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// templates are the same for every console.
var templates = sync.OnceValues(parseTemplates)

// parseTemplates reads the templates: those whose name begins with an underscore are the
// frame and what is shown live, which every page has; each of the others is one page.
// They are in the binary, so what is wrong with one is a broken build.
func parseTemplates() (pages map[string]*template.Template, fragments *template.Template) {
	fragments = template.Must(template.New("").Funcs(template.FuncMap{
		"asset": assetAddress, "stamp": stamp, "clock": clock, "pair": pair,
	}).ParseFS(templateFiles, "templates/_*.html"))
	names, err := fs.Glob(templateFiles, "templates/[a-z]*.html")
	if err != nil {
		panic(err)
	}
	pages = map[string]*template.Template{}
	for _, name := range names {
		own := template.Must(template.Must(fragments.Clone()).ParseFS(templateFiles, name))
		pages[strings.TrimSuffix(path.Base(name), ".html")] = own
	}
	return pages, fragments
}

// pair gives a template two values.
func pair(a, b any) [2]any { return [2]any{a, b} }
