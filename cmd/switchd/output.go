package main

import (
	"encoding/json"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"switchd/switch/screen"
)

// outputFlags say how an answer is printed.
type outputFlags struct {
	asJSON bool // --json, or -o json
	form   formFlag
}

func (f *outputFlags) register(c *cobra.Command) {
	c.Flags().BoolVar(&f.asJSON, "json", false, "print JSON, as -o json")
	f.registerForm(c)
}

// registerForm registers -o for a command that has --json already.
func (f *outputFlags) registerForm(c *cobra.Command) {
	c.Flags().VarP(&f.form, "output", "o", "how to print it: table, json or yaml")
	c.MarkFlagsMutuallyExclusive("json", "output")
	completeNames(c, "output", screen.FormNames, cobra.ShellCompDirectiveNoFileComp)
}

// formFlag is a form as a flag.
type formFlag screen.Form

// String is the name of the form.
func (f *formFlag) String() string { return screen.FormNames()[*f] }

// Type is what stands in the help.
func (f *formFlag) Type() string { return "form" }

// Set reads a name.
func (f *formFlag) Set(name string) error {
	form, err := screen.ParseForm(name)
	*f = formFlag(form)
	return err
}

// as is the form that was asked for.
func (f *outputFlags) as() screen.Form {
	if f.asJSON {
		return screen.AsJSON
	}
	return screen.Form(f.form)
}

// programs says whether an answer is for programs.
func (f *outputFlags) programs() bool { return f.as() != screen.AsTable }

// encode prints a value for programs.
func (f *outputFlags) encode(w io.Writer, v any) error { return screen.Encode(w, f.as(), v) }

// each prints one of many values for programs: a line of JSON, or a document of YAML.
func (f *outputFlags) each(w io.Writer, v any) error {
	if f.as() == screen.AsYAML {
		return f.encode(w, v)
	}
	return json.NewEncoder(w).Encode(v)
}

// show prints a value for programs, or has it drawn for people.
func (f *outputFlags) show(w io.Writer, v any, draw func(*screen.Page)) error {
	return f.showOn(w, paperOf(w), v, draw)
}

// showOn is show for what becomes of w in the end.
func (f *outputFlags) showOn(w io.Writer, paper screen.Paper, v any, draw func(*screen.Page)) error {
	if f.programs() {
		return f.encode(w, v)
	}
	p := screen.NewPage(w, paper)
	draw(p)
	return p.End()
}

// paperOf is what is written on: a terminal has a width and, unless NO_COLOR says no,
// colours; a file or a pipe has neither.
func paperOf(w io.Writer) screen.Paper {
	fd, ok := terminalOf(w)
	if !ok {
		return screen.Paper{}
	}
	width, _, err := term.GetSize(fd)
	if err != nil || width <= 0 {
		width, _ = strconv.Atoi(os.Getenv("COLUMNS"))
	}
	if width <= 0 {
		width = 80
	}
	return screen.Paper{Width: width, Colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// terminal says whether a stream is one.
func terminalOf(stream any) (fd int, ok bool) {
	file, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}
	return int(file.Fd()), term.IsTerminal(int(file.Fd()))
}
