package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"switchd/codec/iso20022"
	"switchd/codec/jsonfile"
)

// profileDoc is a compiled profile with its text.
type profileDoc struct {
	profile *iso20022.Profile
	text    []byte
}

// addProfileFlag adds the flag of the commands that read ISO 20022.
func addProfileFlag(c *cobra.Command, into *string) {
	c.Flags().StringVar(into, "profile", "", "profile of ISO 20022 ("+strings.Join(iso20022.BuiltinNames(), ", ")+") or a profile file; "+profileDefault+" unless said")
	completeNames(c, "profile", iso20022.BuiltinNames, cobra.ShellCompDirectiveDefault)
}

// openProfile takes the name of a built-in profile or a profile file.
func openProfile(name string) (*profileDoc, error) {
	text, err := fileOr(name, profileJSON, iso20022.BuiltinNames)
	if err != nil {
		return nil, err
	}
	p, err := builtinOr(builtinProfiles, name, func() (*iso20022.Profile, error) { return iso20022.LoadProfile(name, text) })
	if err != nil {
		return nil, faultLines(err, iso20022.ProfileErrors(err))
	}
	return &profileDoc{profile: p, text: text}, nil
}

// profileJSON is the file of a built-in profile.
func profileJSON(name string) ([]byte, error) {
	text, err := iso20022.BuiltinJSON(name)
	if err != nil {
		return nil, fmt.Errorf("no built-in profile %q", name) // its own names a file that users do not have
	}
	return text, nil
}

// isProfile says whether a file is meant to be a profile and not a spec: by its
// keys, so that the faults of the right kind are listed.
func isProfile(text []byte) bool {
	found := false
	_ = jsonfile.EachKey(text, func(key string, value json.RawMessage) { // faults are found by the loader
		found = found || key == "header" || key == "messages" && bytes.HasPrefix(bytes.TrimSpace(value), []byte("["))
	})
	return found
}

// The columns of a profile's fields.
var (
	profileColumns = columns{widths: []int{4, 30, 42, 38}, words: true, paths: true}
	profileNarrow  = columns{widths: []int{4, 20, 27, 23}, words: true, paths: true}
)

// profileMessage is a message of a profile in JSON; its names are a contract.
type profileMessage struct {
	Profile  string         `json:"profile"`
	Message  string         `json:"message"` // the version that is sent
	Versions []string       `json:"versions"`
	Meaning  string         `json:"meaning"`
	Fields   []profileField `json:"fields"`

	definition *iso20022.Definition
}

type profileField struct {
	Need  string `json:"need"`
	Field string `json:"field"`
	Path  string `json:"path"`
	Rule  string `json:"rule,omitempty"` // of the profile
	Text  string `json:"text,omitempty"` // what the schema asks of the value
}

// messages are those of the profile with their fields, the header first.
func (d *profileDoc) messages() []*profileMessage {
	all := []*profileMessage{d.message(d.profile.Header())}
	for _, def := range iso20022.Definitions() {
		if def == d.profile.Sent(family(def.Name)) {
			all = append(all, d.message(def))
		}
	}
	return all
}

func (d *profileDoc) message(def *iso20022.Definition) *profileMessage {
	m := &profileMessage{Profile: d.profile.Name(), Message: def.Name, Versions: []string{def.Name}, Meaning: definitionWords(def), definition: def}
	for _, other := range iso20022.Definitions() {
		if other != def && family(other.Name) == family(def.Name) && d.profile.Accepts(other) {
			m.Versions = append(m.Versions, other.Name)
		}
	}
	for _, place := range d.profile.Places(def) {
		m.Fields = append(m.Fields, profileField{Need: place.Need, Field: place.Field.String(), Path: place.Path,
			Rule: d.profile.Rule(def, place.Field), Text: textAt(def, place.Path)})
	}
	return m
}

// occurrence is the number of an element in a path.
var occurrence = regexp.MustCompile(`\[\d+\]`)

// textAt is what the schema asks of the value at a path.
func textAt(def *iso20022.Definition, path string) string {
	elements, attribute, _ := strings.Cut(occurrence.ReplaceAllString(path, ""), "/@")
	e, _, err := findElement(def, elements)
	switch {
	case err != nil:
		return ""
	case attribute != "":
		return e.AttributeText
	case e.Text == "":
		return "all that it holds"
	}
	return e.Text
}

// show prints the profile: all of its messages, or the one that is named.
func (d *profileDoc) show(stdout io.Writer, name string, asJSON bool) error {
	w := bufio.NewWriter(stdout)
	messages := d.messages()
	if name == "" {
		if asJSON {
			_, err := stdout.Write(d.text)
			return err
		}
		fmt.Fprintf(w, "%s: %s and the header\n\n", visible(d.profile.Name()), count(len(messages)-1, "message"))
		for _, m := range messages {
			columns{widths: []int{15, 63}, words: true}.row(w, m.Message, m.Meaning+m.others("; also "))
		}
		fmt.Fprintf(w, "\nneed: M mandatory, O optional, C mandatory under the condition\n")
	} else {
		k := slices.IndexFunc(messages, func(m *profileMessage) bool {
			return slices.Contains(m.Versions, name) || family(m.Message) == name || name == m.definition.Root && name == "AppHdr"
		})
		if k < 0 {
			return usageError{fmt.Errorf("the profile %s does not have the message %q; switchd spec show %s lists those that it has", visible(d.profile.Name()), name, visible(d.profile.Name()))}
		}
		if messages = messages[k : k+1]; asJSON {
			return json.NewEncoder(stdout).Encode(messages[0])
		}
	}
	table := profileColumns
	if narrowTerminal() {
		table = profileNarrow
	}
	for i, m := range messages {
		if i > 0 || name == "" {
			fmt.Fprintln(w)
		}
		m.show(w, table)
	}
	return w.Flush()
}

// others names the versions that are accepted and not sent.
func (m *profileMessage) others(before string) string {
	if len(m.Versions) == 1 {
		return ""
	}
	return before + strings.Join(m.Versions[1:], ", ")
}

// show prints the fields of a message.
func (m *profileMessage) show(w io.Writer, table columns) {
	fmt.Fprintf(w, "%s%s: %s\n\n", m.Message, m.others(" and "), m.Meaning)
	table.row(w, "need", "field", "path", "what is asked for")
	for _, f := range m.Fields {
		asked := f.Rule
		if !strings.Contains(asked, "value ") && !strings.Contains(asked, "one of ") {
			asked = strings.TrimPrefix(asked+"; "+f.Text, "; ")
		}
		table.row(w, f.Need, f.Field, shortPath(f.Path), asked)
	}
}
