package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"switchd/codec/iso8583"
)

// specUses say what each built-in spec is for.
var specUses = map[string]string{
	"iso87-ascii":  "1987 in characters, hexadecimal bitmaps: test rigs and text links",
	"iso87-binary": "1987 in packed BCD, binary bitmaps: card networks and terminals",
	"iso87-ebcdic": "1987 in EBCDIC 037, binary bitmaps: mainframe hosts",
	"iso87-npci":   "1987 in characters, binary bitmaps: the instant-payment profile",
	"iso93-ascii":  "1993 in characters, hexadecimal bitmaps",
}

func newSpec() *cobra.Command {
	c := &cobra.Command{
		Use: "spec", Short: "List, show and check ISO 8583 dialects",
		Long: `A dialect is a table of fields in the JSON format of moov-io/iso8583. The binary
carries some; a file of your own works wherever a dialect is asked for by decode.`,
		Example: `  switchd spec list
  switchd spec show iso87-binary
  switchd spec show iso87-npci --json > mine.json && switchd spec check mine.json`,
		// Without a subcommand the help is shown; with a wrong one it is an error.
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSpecList(), newSpecShow(), newSpecCheck())
	return c
}

// specSummary is a line of spec list; its JSON names are a contract.
type specSummary struct {
	Name         string `json:"name"`
	Description  string `json:"description"`
	Encodings    string `json:"encodings"`
	Fields       int    `json:"fields"`
	MessageTypes int    `json:"message_types"`
}

func newSpecList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the built-in dialects", Args: cobra.NoArgs,
		Long: `Prints each dialect with how it writes digits, bitmaps and lengths, and how many
data elements it has. --json prints one array of objects with name, description,
encodings, fields and message_types.`,
		Example: "  switchd spec list",
		RunE: func(c *cobra.Command, _ []string) error {
			var all []specSummary
			for _, name := range iso8583.BuiltinNames() {
				s, err := openSpec(name)
				if err != nil {
					return err
				}
				all = append(all, specSummary{Name: name, Description: specUses[name], Encodings: s.encodings(),
					Fields: s.count(), MessageTypes: len(s.spec.Messages())})
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(all)
			}
			w := c.OutOrStdout()
			fmt.Fprintf(w, "%-14s%-7s%-30s%s\n", "name", "fields", "digits, bitmap, lengths", "description")
			for _, s := range all {
				fmt.Fprintf(w, "%-14s%-7d%-30s%s\n", s.Name, s.Fields, s.Encodings, s.Description)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	return c
}

func newSpecShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show NAME|FILE.json", Short: "Show the fields of a dialect", Args: oneArg("which dialect? one of " + strings.Join(iso8583.BuiltinNames(), ", ") + ", or a spec file"),
		Long: `Prints every field with format, encoding, length prefix, mask and the message
types that must have it. --json prints the spec file itself, to start your own from.`,
		Example: `  switchd spec show iso87-binary
  switchd spec show iso87-npci --json > mine.json`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return iso8583.BuiltinNames(), cobra.ShellCompDirectiveDefault
		},
		RunE: func(c *cobra.Command, args []string) error {
			s, err := openSpec(args[0])
			if err != nil {
				return usageError{err}
			}
			if asJSON {
				_, err := c.OutOrStdout().Write(s.text)
				return err
			}
			return s.show(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the spec file")
	return c
}

func newSpecCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Validate a spec file and list everything that is wrong with it", Args: oneArg("which file? one spec file; spec list has the built-in dialects"),
		Long: `Prints each fault as file: field: what is wrong, all at once, and exits with 2;
or one line about a good file.`,
		Example: "  switchd spec check mine.json",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(c *cobra.Command, args []string) error {
			text, err := readSpecFile(args[0])
			if err != nil {
				return usageError{err}
			}
			s, err := iso8583.LoadSpec(args[0], text)
			if err != nil {
				return usageError{faultLines(err, iso8583.SpecErrors(err))}
			}
			d := specDoc{spec: s}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: good, %s, %d fields, %d message types with rules\n",
				args[0], orNone(visible(s.Name()), "without a name"), d.count(), len(s.Messages()))
			return err
		},
	}
}

// oneArg takes one argument and asks for it otherwise.
func oneArg(question string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New(question)
		}
		return nil
	}
}

// faultLines writes each fault of a file on a line of its own.
func faultLines[E error](err error, faults []E) error {
	if len(faults) == 0 {
		return err
	}
	var lines []string
	for _, f := range faults {
		lines = append(lines, visible(f.Error()))
	}
	return errors.New(strings.Join(lines, "\n"))
}

func readSpecFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	text, err := readBounded(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

// loadDialect takes the name of a built-in spec or a spec file.
func loadDialect(name string) (*iso8583.Spec, error) {
	s, err := openSpec(name)
	if err != nil {
		return nil, err
	}
	return s.spec, nil
}

// openSpec takes the name of a built-in spec or a spec file.
func openSpec(name string) (*specDoc, error) {
	text, err := fileOr(name, iso8583.BuiltinJSON, iso8583.BuiltinNames)
	if err != nil {
		return nil, err
	}
	d := &specDoc{text: text}
	if d.spec, err = iso8583.LoadSpec(name, text); err != nil {
		return nil, faultLines(err, iso8583.SpecErrors(err))
	}
	return d, json.Unmarshal(text, &d.doc)
}

// fileOr reads a file, or takes something built in. What looks like a file is one:
// built-in names have neither a point nor a slash.
func fileOr(name string, builtin func(string) ([]byte, error), names func() []string) ([]byte, error) {
	if strings.ContainsAny(name, `./\`) {
		return readSpecFile(name)
	}
	text, err := builtin(name)
	if err != nil {
		return nil, fmt.Errorf("%w: known are %s, or a file as ./%s", err, strings.Join(names(), ", "), name)
	}
	return text, nil
}

func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}
