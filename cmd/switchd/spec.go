package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

func newSpec() *cobra.Command {
	c := &cobra.Command{
		Use: "spec", Short: "List, show and check dialects of ISO 8583 and profiles of ISO 20022",
		Long: `A dialect is a table of fields in the JSON format of moov-io/iso8583. A profile
says which messages of ISO 20022 are taken and what must be in them; the schemas
of these messages are in the binary. The binary carries some dialects and profiles;
files of your own work wherever decode and validate ask for one.`,
		Example: `  switchd spec list
  switchd spec show iso87-binary
  switchd spec show ips-base pacs.008
  switchd spec show pacs.008.001.08 CdtTrfTxInf/DbtrAcct
  switchd spec show iso87-npci --json > mine.json && switchd spec check mine.json`,
		// Without a subcommand the help is shown; with a wrong one it is an error.
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSpecList(), newSpecShow(), newSpecCheck())
	return c
}

// messageName is what messages of ISO 20022 are called, and no file is.
var messageName = regexp.MustCompile(`^[a-z]{4}\.\d{3}(\.\d{3}\.\d{2})?$`)

func newSpecShow() *cobra.Command {
	var asJSON bool
	var depth int
	c := &cobra.Command{
		Use: "show NAME|FILE.json [MESSAGE|ELEMENT]", Short: "Show the fields of a dialect or profile, or the schema of a message",
		Args: func(_ *cobra.Command, args []string) error {
			switch len(args) {
			case 1, 2:
				return nil
			}
			return errors.New("which one? a dialect (" + strings.Join(iso8583.BuiltinNames(), ", ") + "), a profile (" +
				strings.Join(iso20022.BuiltinNames(), ", ") + "), a message (pacs.008.001.08), or a file")
		},
		Long: `Of a dialect of ISO 8583: every field with format, encoding, length prefix, mask
and the message types that must have it. Of a profile: its messages, and of each,
or of the one that is named, every field with need, path and rule. Of a message of
ISO 20022: the elements of its schema with how often they stand there ("or": one of
these) and what their text must be; three levels of them, or --depth, from the top
or from the element that is named.

--json prints the spec file or profile file itself, to start your own from; of one
message of a profile profile, message, versions, meaning and fields (need, field,
path, rule, text); of a schema name, meaning, namespace, xsd_sha256, path and
element: name, min, max (none: no bound), choice, text, attribute, attribute_text,
elements.`,
		Example: `  switchd spec show iso87-binary
  switchd spec show ips-base pacs.008
  switchd spec show pacs.008.001.08 CdtTrfTxInf/DbtrAcct --depth 0
  switchd spec show fednow --json > mine.json`,
		ValidArgsFunction: completeShow,
		RunE: func(c *cobra.Command, args []string) error {
			args = append(args, "") // the second may be left out
			if d := findMessage(args[0]); d != nil {
				return showMessage(c.OutOrStdout(), d, args[1], depth, asJSON)
			}
			if messageName.MatchString(args[0]) {
				return usageError{errors.New(args[0] + " is no message that this program has" + alsoKnown(args[0], nil))}
			}
			if c.Flags().Changed("depth") {
				return usageError{errors.New("--depth goes with a message, as pacs.008.001.08")}
			}
			return showFile(c.OutOrStdout(), args[0], args[1], asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the file, or the message as JSON")
	c.Flags().IntVar(&depth, "depth", 3, "levels of a schema that are shown; 0: all")
	return c
}

// showFile shows a dialect or a profile, built in or in a file.
func showFile(stdout io.Writer, name, message string, asJSON bool) error {
	profile := slices.Contains(iso20022.BuiltinNames(), name)
	if strings.ContainsAny(name, `./\`) {
		text, err := readSpecFile(name)
		if err != nil {
			return usageError{err}
		}
		profile = isProfile(text)
	}
	if profile {
		p, err := openProfile(name)
		if err != nil {
			return usageError{err}
		}
		return p.show(stdout, message, asJSON)
	}
	s, err := openSpec(name)
	switch {
	case err != nil && !strings.ContainsAny(name, `./\`):
		return usageError{fmt.Errorf("%w; profiles are %s; messages are listed by switchd spec list", err, strings.Join(iso20022.BuiltinNames(), ", "))}
	case err != nil:
		return usageError{err}
	case message != "":
		return usageError{errors.New("a dialect of ISO 8583 is shown as a whole: leave out the second argument")}
	case asJSON:
		_, err := stdout.Write(s.text)
		return err
	}
	return s.show(stdout)
}

// completeShow offers what can be shown, and then the messages of a profile.
func completeShow(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return append(append(iso8583.BuiltinNames(), iso20022.BuiltinNames()...), versions()...), cobra.ShellCompDirectiveDefault
	case 1:
		if d := findMessage(args[0]); d != nil {
			e, _, err := findElement(d, "")
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return elementNames(e), cobra.ShellCompDirectiveNoFileComp
		}
		if p, err := openProfile(args[0]); err == nil {
			var names []string
			for _, m := range p.messages() {
				names = append(names, m.Message+"\t"+m.Meaning)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		}
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func newSpecCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Validate a spec file or profile file and list everything that is wrong with it",
		Args: oneArg("which file? one spec file or profile file; spec list has the built-in ones"),
		Long: `Prints each fault as file: field or message: what is wrong, all at once, and exits
with 2; or one line about a good file. A file with header or a list of messages is
taken for a profile of ISO 20022, any other for a dialect of ISO 8583.`,
		Example: "  switchd spec check mine.json",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(c *cobra.Command, args []string) error {
			text, err := readSpecFile(args[0])
			if err != nil {
				return usageError{err}
			}
			if isProfile(text) {
				return checkProfile(c.OutOrStdout(), args[0], text)
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

// checkProfile says what is wrong with a profile file.
func checkProfile(stdout io.Writer, name string, text []byte) error {
	p, err := iso20022.LoadProfile(name, text)
	if err != nil {
		return usageError{faultLines(err, iso20022.ProfileErrors(err))}
	}
	d := profileDoc{profile: p}
	_, err = fmt.Fprintf(stdout, "%s: good, %s, %s of ISO 20022 and the header\n", name, visible(p.Name()), count(len(d.messages())-1, "message"))
	return err
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
	if _, known := builtinSpecs[name]; known {
		return builtinSpec(name)
	}
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
	d.spec, err = builtinOr(builtinSpecs, name, func() (*iso8583.Spec, error) { return iso8583.LoadSpec(name, text) })
	if err != nil {
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
