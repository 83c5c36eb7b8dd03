package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// decodeFlags are the flags of the command.
type decodeFlags struct {
	dialect, framing, profile string
	strict, json              bool
}

func newDecode() *cobra.Command {
	var f decodeFlags
	c := &cobra.Command{
		Use:   "decode --dialect NAME|FILE.json [--framing NAME] [--profile NAME|FILE.json] [FILE|HEX|XML|-]",
		Short: "Explain messages of ISO 8583 and ISO 20022 field by field, masked",
		Long: `Reads one message, or with --framing a stream of them, and prints every field:
of ISO 8583 byte offset, number, name, format, bytes and value; of ISO 20022 (the
dialect iso20022) the fields that the profile names, with value and path, and
whether the message is valid. Account numbers, tracks, PIN, card data and
credentials are masked, also where an account number stands in free text. The
input is a file (binary, XML, hexadecimal or a hex dump), hexadecimal or XML on
the command line, or stdin; at most 1 MiB. The table has 120 columns; with
COLUMNS=80 in the environment, or anything below 120, it has 80.

Framings: ` + wrapped(frame.Names(), len("Framings: "), 80) + `.

A bad message is explained: at which byte (of ISO 20022: line, column and path),
in which field, what was expected and what kind of bytes stand there; then which
built-in dialect and framing would fit.
Exit code 1: a bad message; with --strict also one that breaks the rules of its
type (missing fields; a document without its header). 2: wrong use.

--json prints one object per line: message (number), kind ("message",
"keep-alive" with count, or "unframed" for what is no frame), offset and bytes
(of the whole frame in the input), header (hex), dialect, framing, mti, meaning,
fields, hidden (values are withheld that may be cut at wrong places), warnings,
error, suggestions, hint (a sentence). A field has field, name, format, offset
(in the message), bytes, raw (hex), value, masked, unknown, fields; an error or
warning has field, offset (in the message; of "unframed" in the input), reason,
expected, found, text; a suggestion has dialect, framing, framing_alike (the same
for these bytes), messages (that it reads), of, command. Of ISO 20022 a message
has profile, definition, parts (AppHdr, Document), valid and unnamed (paths of
elements without a field, whose values are not shown) in place of mti and hidden,
a field path in place of name, format and raw, and an error path, line, column,
code (of an admi.002) and status (of a status report) as well.`,
		Example: `  switchd decode --dialect iso87-npci 30383030822000000000000004000000000000003131...
  switchd decode --dialect iso87-binary --framing NAC capture.bin
  switchd decode --dialect iso20022 --framing BIN4 --profile fednow capture.bin
  xxd -p message.bin | switchd decode --dialect iso87-ebcdic --json -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%d arguments where one is taken: hexadecimal with spaces needs quotes", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			d, err := newDecoder(c, f, args)
			if err != nil {
				return usageError{err}
			}
			return d.report(c.OutOrStdout(), f)
		},
	}
	c.Flags().StringVar(&f.dialect, "dialect", "", "built-in dialect ("+strings.Join(decodeDialects(), ", ")+") or a spec file")
	c.Flags().StringVar(&f.framing, "framing", "", "how messages are cut, see above; without it the input is one message")
	addProfileFlag(c, &f.profile)
	c.Flags().BoolVar(&f.strict, "strict", false, "a message that lacks mandatory fields, or its header, is bad")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON, one object per message")
	completeNames(c, "dialect", decodeDialects, cobra.ShellCompDirectiveDefault)
	completeNames(c, "framing", framingChoices, cobra.ShellCompDirectiveNoFileComp)
	return c
}

// wrapped joins words by commas and breaks lines before they are too long.
func wrapped(words []string, at, width int) string {
	var out strings.Builder
	for i, word := range words {
		switch {
		case i == 0:
		case at+len(", ")+len(word)+len(",") > width:
			out.WriteString(",\n")
			at = 0
		default:
			out.WriteString(", ")
			at += len(", ")
		}
		out.WriteString(word)
		at += len(word)
	}
	return out.String()
}

// completeNames offers names for a flag to the shell.
func completeNames(c *cobra.Command, flag string, names func() []string, then cobra.ShellCompDirective) {
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return names(), then
	})
	if err != nil {
		panic(err) // the flag's name is misspelt above
	}
}

// framingChoices are the framings with what they are, as shells show it.
func framingChoices() []string {
	names := frame.Names()
	for i, name := range names {
		if f, err := frame.Parse(name); err == nil {
			names[i] = name + "\t" + f.Doc()
		}
	}
	return names
}

// decodeDialects are the names that decode takes.
func decodeDialects() []string { return append(iso8583.BuiltinNames(), dialect20022) }

// newDecoder checks the command line and reads the input.
func newDecoder(c *cobra.Command, f decodeFlags, args []string) (*decoder, error) {
	given, err := givenDialect(f)
	if err != nil {
		return nil, err
	}
	d := &decoder{given: pair{dialect: given}}
	if f.framing != "" {
		cut, err := frame.Parse(strings.ToUpper(f.framing))
		if err != nil {
			return nil, err
		}
		d.given.framing = &cut
	}
	arg := "-"
	if len(args) == 1 {
		arg = args[0]
	}
	in, err := readInput(arg, c.InOrStdin())
	if err != nil {
		return nil, err
	}
	if in.note != "" {
		fmt.Fprintln(c.ErrOrStderr(), in.note)
	}
	d.start(in)
	return d, nil
}

// givenDialect is the dialect that the flags name.
func givenDialect(f decodeFlags) (dialect, error) {
	switch {
	case f.dialect == "":
		return dialect{}, fmt.Errorf("which dialect? --dialect takes a spec file or one of %s", strings.Join(decodeDialects(), ", "))
	case f.dialect == dialect20022:
		p, err := openProfile(orNone(f.profile, profileDefault))
		if err != nil {
			return dialect{}, err
		}
		d := dialect{name: f.dialect, profile: p.profile}
		if f.profile != "" {
			d.flags = " --profile " + shellWord(f.profile)
		}
		return d, nil
	case slices.Contains(iso20022.BuiltinNames(), f.dialect):
		return dialect{}, fmt.Errorf("%s is a profile of ISO 20022: --dialect %s --profile %s", f.dialect, dialect20022, f.dialect)
	case f.profile != "":
		return dialect{}, fmt.Errorf("--profile goes with --dialect %s only", dialect20022)
	}
	spec, err := loadDialect(f.dialect)
	return dialect{name: f.dialect, spec: spec}, err
}
