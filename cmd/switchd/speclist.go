package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// specUses say what each built-in dialect and profile is for.
var specUses = map[string]string{
	"iso87-ascii":  "1987, test rigs and text links",
	"iso87-binary": "1987, card networks, terminals",
	"iso87-ebcdic": "1987, mainframe hosts",
	"iso87-npci":   "1987, instant payments",
	"iso93-ascii":  "1993, for reading only",
	"ips-base":     "what this switch asks for unless it is configured",
	"fednow":       "in the manner of FedNow, by its public elements",
}

// specSummary is a line of spec list; its JSON names are a contract.
type specSummary struct {
	Name         string   `json:"name"`
	Kind         string   `json:"kind"`
	Description  string   `json:"description"`
	Encodings    string   `json:"encodings,omitempty"`
	Fields       int      `json:"fields,omitempty"`
	MessageTypes int      `json:"message_types,omitempty"`
	Messages     []string `json:"messages,omitempty"`
	Profiles     []string `json:"profiles,omitempty"`
	XSD          string   `json:"xsd_sha256,omitempty"`
}

// The kinds of specSummary.
const (
	kindDialect    = "dialect"
	kindProfile    = "profile"
	kindDefinition = "message"
)

func newSpecList() *cobra.Command {
	var f outputFlags
	c := &cobra.Command{
		Use: "list", Short: "List the built-in dialects, profiles and messages", Args: cobra.NoArgs,
		Long: `Prints each dialect of ISO 8583 with how it writes digits, bitmaps and lengths, and
how many data elements it has; each profile of ISO 20022; and each message of
ISO 20022 that the binary knows, with the profiles that have it. --json prints one
array of objects with name, kind (dialect, profile, message), description; of a
dialect encodings, fields and message_types, of a profile messages, of a message
profiles and xsd_sha256.`,
		Example: "  switchd spec list",
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := specSummaries()
			if err != nil {
				return err
			}
			if f.programs() {
				return f.encode(c.OutOrStdout(), all)
			}
			listSpecs(c.OutOrStdout(), all)
			return nil
		},
	}
	f.register(c)
	return c
}

// specSummaries are all that the binary carries.
func specSummaries() (all []specSummary, err error) {
	for _, name := range iso8583.BuiltinNames() {
		s, err := openSpec(name)
		if err != nil {
			return nil, err
		}
		all = append(all, specSummary{Name: name, Kind: kindDialect, Description: specUses[name], Encodings: s.encodings(),
			Fields: s.count(), MessageTypes: len(s.spec.Messages())})
	}
	has := map[string][]string{} // the profiles of a message
	for _, name := range iso20022.BuiltinNames() {
		p, err := builtinProfile(name)
		if err != nil {
			return nil, err
		}
		profile := specSummary{Name: name, Kind: kindProfile, Description: specUses[name]}
		for _, d := range iso20022.Definitions() {
			if p.Accepts(d) {
				profile.Messages = append(profile.Messages, d.Name)
				has[d.Name] = append(has[d.Name], name)
			}
		}
		all = append(all, profile)
	}
	for _, d := range iso20022.Definitions() {
		all = append(all, specSummary{Name: d.Name, Kind: kindDefinition, Description: definitionWords(d), Profiles: has[d.Name], XSD: d.SchemaHash})
	}
	return all, nil
}

// listSpecs prints a table for each kind, which fit a terminal of 80 columns.
func listSpecs(w io.Writer, all []specSummary) {
	table := columns{widths: []int{12, 6, 25, 31}, words: true}
	table.row(w, "dialect", "fields", "digits, bitmap, lengths", "description")
	for _, s := range all {
		switch s.Kind {
		case kindDialect:
			table.row(w, s.Name, fmt.Sprint(s.Fields), s.Encodings, s.Description)
		case kindProfile:
			if table.widths[1] != 8 {
				fmt.Fprintln(w)
				table = columns{widths: []int{15, 8, 53}, words: true}
				table.row(w, "profile", "messages", "description")
			}
			table.row(w, s.Name, fmt.Sprint(len(s.Messages)), s.Description)
		case kindDefinition:
			if table.widths[1] != 16 {
				fmt.Fprintln(w)
				table = columns{widths: []int{15, 16, 45}, words: true}
				table.row(w, "message", "profiles", "description")
			}
			table.row(w, s.Name, strings.Join(s.Profiles, ", "), s.Description)
		}
	}
}
