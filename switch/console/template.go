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
		"asset": assetAddress, "stamp": stamp, "clock": clock, "pair": pair, "prose": prose,
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

// prose is a text for people, in which what stands between two backticks is to be typed.
func prose(text string) template.HTML {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 { // one of them has no end
		parts = []string{text}
	}
	for i, part := range parts {
		if parts[i] = template.HTMLEscapeString(part); i%2 == 1 {
			parts[i] = "<code>" + parts[i] + "</code>"
		}
	}
	return template.HTML(strings.Join(parts, ""))
}

// pair gives a template two values.
func pair(a, b any) [2]any { return [2]any{a, b} }
