package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"switchd/codec/iso20022"
	"switchd/switch/mask"
)

// validateFlags are the flags of the command.
type validateFlags struct {
	profile          string
	schemaOnly, json bool
}

func newValidate() *cobra.Command {
	var f validateFlags
	c := &cobra.Command{
		Use: "validate [--profile NAME|FILE.json] [--schema-only] FILE...", Short: "Check files with messages of ISO 20022",
		Long: `Checks one message in each file, or in stdin for "-": that it is well-formed XML
without what is refused (document types, comments, CDATA), valid by the schema of
its namespace, complete by the profile, and that its amounts have no more decimals
than their currency. With --schema-only the schema alone decides. Bare Document
and AppHdr are messages, too. Of a file above 256 KiB no more than that is read.

One line for each file: FILE: ok and the message, or FILE:LINE:COLUMN: path,
reason and what was wanted; never what stands there.
Exit code 1: one is not valid. 2: wrong use, or a file that cannot be read; the
others are checked all the same.

--json prints one object per file: file, valid, profile, definition, parts
(AppHdr, Document), error, hint (a sentence). An error has path, line, column,
offset, reason, code (of an admi.002), status (the reason of a status report),
expected and text.`,
		Example: `  switchd validate message.xml
  switchd validate --profile fednow --json *.xml
  switchd validate --schema-only - < message.xml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("which files? messages in XML, or - for stdin")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if f.schemaOnly && f.profile != "" {
				return usageError{errors.New("--schema-only asks for no profile: leave out one of both")}
			}
			v := validator{stdin: c.InOrStdin(), talk: c.ErrOrStderr(), json: f.json}
			if !f.schemaOnly {
				p, err := openProfile(orNone(f.profile, profileDefault))
				if err != nil {
					return usageError{err}
				}
				v.profile = p.profile
			}
			return v.all(c.OutOrStdout(), args)
		},
	}
	addProfileFlag(c, &f.profile)
	c.Flags().BoolVar(&f.schemaOnly, "schema-only", false, "no profile: valid by the schema is valid")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON, one object per file")
	return c
}

// validated is what became of a file; its JSON names are a contract.
type validated struct {
	File       string        `json:"file"`
	Valid      bool          `json:"valid"`
	Profile    string        `json:"profile,omitempty"`
	Definition string        `json:"definition,omitempty"`
	Parts      []string      `json:"parts,omitempty"`
	Error      *decodedFault `json:"error,omitempty"`
	Hint       string        `json:"hint,omitempty"`
}

// validator checks files one after the other, in one buffer.
type validator struct {
	profile *iso20022.Profile // nil: the schema alone
	stdin   io.Reader
	talk    io.Writer
	json    bool
	buf     []byte
	m       iso20022.Message
}

// all checks the files and says how it went. The error is for the exit code.
func (v *validator) all(stdout io.Writer, names []string) error {
	w := bufio.NewWriter(stdout)
	emit := json.NewEncoder(w)
	emit.SetEscapeHTML(false)
	var invalid, unread int
	for _, name := range names {
		body, err := v.read(name)
		if err != nil {
			unread++
			fmt.Fprintf(v.talk, "%s: %v\n", mask.Printable(name), err)
			continue
		}
		out := v.check(name, body)
		if !out.Valid {
			invalid++
		}
		if v.json {
			err = emit.Encode(out)
		} else {
			_, err = fmt.Fprintln(w, out.line())
		}
		if err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	switch {
	case unread > 0:
		return usageError{fmt.Errorf("%d of %s cannot be read, %d not valid", unread, count(len(names), "file"), invalid)}
	case invalid > 0:
		return fmt.Errorf("%d of %s not valid", invalid, count(len(names), "file"))
	}
	return nil
}

// read gives a file's content, or as much of it as is enough to refuse it. The
// bytes last until the next call.
func (v *validator) read(name string) ([]byte, error) {
	if v.buf == nil {
		v.buf = make([]byte, iso20022.BytesMax+1)
	}
	from := v.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, cause(err)
		}
		defer file.Close() // only read
		from = file
	}
	n, err := io.ReadFull(from, v.buf)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return v.buf[:n], cause(err)
}

// check says what is wrong with a message.
func (v *validator) check(name string, body []byte) *validated {
	err := checkDocument(&v.m, v.profile, body)
	out := &validated{File: name, Valid: err == nil, Parts: documentParts(&v.m)}
	if def := v.m.Definition(); def != nil {
		out.Definition = def.Name
	}
	if v.profile != nil {
		out.Profile = v.profile.Name()
	}
	if err != nil {
		out.Error, out.Hint = documentFault(err), refusalHint(err, v.profile, body)
		if out.Hint == "" && err.Offset == 0 && len(body) > 0 && !isXML(body) {
			out.Hint = "this is no XML; switchd decode --dialect " + dialect20022 + " says what it is"
		}
	}
	return out
}

// line is the result for people and their editors.
func (o *validated) line() string {
	name := mask.Printable(o.File)
	if o.File == "-" {
		name = "stdin"
	}
	if o.Valid {
		what := o.Definition
		if what == "" {
			what = "AppHdr alone"
		} else if len(o.Parts) > 1 {
			what += " with AppHdr"
		}
		return name + ": ok, " + what
	}
	text := fmt.Sprintf("%s:%d:%d: ", name, o.Error.Line, o.Error.Column)
	if o.Error.Path != "" {
		text += o.Error.Path + ": "
	}
	text += o.Error.Reason
	if o.Error.Expected != "" {
		text += ", expected " + o.Error.Expected
	}
	if o.Hint != "" {
		text += " (" + o.Hint + ")"
	}
	return text
}
