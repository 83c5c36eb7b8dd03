package main

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rewritePage writes docs/commands.md anew.
var rewritePage = flag.Bool("rewrite-commands", false, "write docs/commands.md anew")

// eachCommand calls f for every command that people see, in their order.
func eachCommand(c *cobra.Command, f func(*cobra.Command)) {
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			f(sub)
			eachCommand(sub, f)
		}
	}
}

// ownForm are the commands with --json and without -o: they run for long and report at
// their end, or print lines or files as they stand.
var ownForm = []string{"bank", "bench", "bench compare", "bench raw", "demo", "sim", "decode", "validate", "spec show"}

// TestEveryCommand: each command says what it is for in one line, shows an example, says of
// each flag what it does, and has -o if it has --json.
func TestEveryCommand(t *testing.T) {
	t.Parallel()
	eachCommand(newRoot(), func(c *cobra.Command) {
		path := c.CommandPath()
		if c.Short == "" || strings.HasSuffix(c.Short, ".") || strings.Contains(c.Short, "\n") {
			t.Errorf("%s: the short text is %q", path, c.Short)
		}
		if !c.HasSubCommands() && c.Example == "" && !strings.HasPrefix(path, "switchd completion") {
			t.Errorf("%s: no example", path)
		}
		if own := slices.Contains(ownForm, strings.TrimPrefix(path, "switchd ")); (c.Flags().Lookup("json") != nil) != (own || c.Flags().Lookup("output") != nil) {
			t.Errorf("%s: --json and -o do not go together", path)
		}
		for line := range strings.Lines(joined(c.Example)) {
			if !strings.HasPrefix(line, "  ") || !strings.Contains(line, "switchd ") {
				t.Errorf("%s: an example is no command of switchd: %q", path, line)
			}
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if strings.TrimSpace(f.Usage) == "" {
				t.Errorf("%s: --%s says nothing", path, f.Name)
			}
			if f.Name == "token" || f.Name == "password" {
				t.Errorf("%s: --%s: a secret on a command line is seen by everybody on the machine", path, f.Name)
			}
		})
	})
}

// TestExamplesParse: the examples are command lines that the commands take.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	eachCommand(newRoot(), func(c *cobra.Command) {
		for line := range strings.Lines(joined(c.Example)) {
			line, _, _ = strings.Cut(line, " | ")
			line, _, _ = strings.Cut(line, " >")
			args := words(strings.TrimSpace(line))
			if args[0] != "switchd" {
				continue // what another program makes for one of ours
			}
			found, rest, err := newRoot().Find(args[1:])
			if err != nil {
				t.Errorf("%q: %v", line, err)
				continue
			}
			if err := found.ParseFlags(rest); err != nil {
				t.Errorf("%q: %v", line, err)
				continue
			}
			if found.Args != nil {
				err = found.Args(found, found.Flags().Args())
			}
			if err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	})
}

// joined is an example with its long lines in one.
func joined(example string) string { return strings.ReplaceAll(example, "\\\n", "") }

// words cuts a line as a shell does that knows single quotes.
func words(line string) (all []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			all[len(all)-1] += part
			continue
		}
		for j, word := range strings.Split(part, " ") {
			switch {
			case j == 0 && i > 0 && word != "":
				all[len(all)-1] += word
			case word != "":
				all = append(all, word)
			}
		}
		if strings.HasSuffix(part, " ") && i < strings.Count(line, "'") {
			all = append(all, "")
		}
	}
	return all
}

// TestCommandsPage: docs/commands.md is what the commands say of themselves.
func TestCommandsPage(t *testing.T) {
	t.Parallel()
	const file = "../../docs/commands.md"
	page := commandsPage()
	if *rewritePage {
		if err := os.WriteFile(file, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, page) {
		t.Errorf("%s is not what the commands say: go test ./cmd/switchd -run TestCommandsPage -rewrite-commands", file)
	}
}

const pageHead = `# Commands

All commands of ` + "`switchd`" + `, each with one example; ` + "`switchd COMMAND --help`" + ` tells all of it. This page is made from
what the commands say of themselves (` + "`go test ./cmd/switchd -run TestCommandsPage -rewrite-commands`" + `).

**Which switch.** ` + "`--config FILE`, `--admin HOST:PORT` or `--dir DATA_FOLDER`" + ` name a running switch. **Who you are**, where
operators have to show that: ` + "`--token-file FILE` or `$SWITCHD_TOKEN_FILE`, or `--cert` and `--key`; `--ca`" + ` is the authority of
the admin port's certificate. A token never stands on a command line, nor in an environment variable.

**Output.** ` + "`-o table|json|yaml`" + `; ` + "`--json`" + ` is ` + "`-o json`" + `. Tables fit the terminal: a narrow one has fewer columns. Colours are
on terminals only, never the only sign, and off with ` + "`NO_COLOR`. `--watch[=2s]`" + ` shows it again and again.

**Exit codes.** 0: done, or an order that has been taken and waits for a second person; 1: failed, or a question whose
answer is no (` + "`status`: not ready; `doctor`" + `: something is bad); 2: how it was called, or the configuration, is wrong.

**Completion.** ` + "`switchd completion bash|zsh|fish|powershell`" + ` prints a script for the shell. It completes ids of
participants, links, approvals and dead letters by asking the switch that the flags name, for a second at most.

`

// commandsPage makes the page.
func commandsPage() []byte {
	var b bytes.Buffer
	b.WriteString(pageHead)
	b.WriteString("| command | what for |\n|---|---|\n")
	eachCommand(newRoot(), func(c *cobra.Command) {
		if c.HasSubCommands() && !c.HasAvailableLocalFlags() || strings.HasPrefix(c.CommandPath(), "switchd completion") {
			return
		}
		first, _, _ := strings.Cut(c.Example, "\n")
		example := strings.TrimSpace(first)
		if example != "" {
			example = "<br>`" + strings.ReplaceAll(example, "|", `\|`) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s%s |\n", strings.ReplaceAll(strings.TrimSuffix(c.UseLine(), " [flags]"), "|", `\|`), c.Short, example)
	})
	return b.Bytes()
}

// TestCompletion: the shell is offered what the running switch has, and nothing when it
// does not answer in time.
func TestCompletion(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	for _, c := range []struct{ line, want string }{
		{"participant drain --admin ADDRESS B", "BANKA\tup\nBANKB\tdown\nPSPC\tdegraded\n:4\n"},
		{"participant show --admin=ADDRESS ", "BANKA\tup\nBANKB\tdown\nPSPC\tdegraded\n:4\n"},
		{"link ls --admin ADDRESS --participant ", "BANKA\tup\nBANKB\tdown\nPSPC\tdegraded\n:4\n"},
		{"cap --admin ADDRESS BANKA ", ":4\n"},
		{"link close --admin ADDRESS ", "17\tBANKA in, signed on, 10.1.0.7:40112\n21\tPSPC out, connected, 10.3.0.9:7000\n:4\n"},
		{"approval approve --admin ADDRESS ", "7\tset the cap of BANKB to 100.00 INR, by asha\n:4\n"},
		{"deadletter resolve --admin ADDRESS ", "4711\tdeemed, 250.00 INR, BANKA > BANKB\n:4\n"},
		{"payment find --state ", "RECEIVED\n"},
		{"deadletter resolve 1 --as ", "settle\tit has been done outside\nwrite-off\tit is closed without\nretry\tit goes out again\n:4\n"},
		{"status -o ", "table\njson\nyaml\n:4\n"},
		{"participant drain ", ":4\n"}, // no switch is named
		{"participant drain --admin 127.0.0.1:1 ", ":4\n"},
	} {
		args := strings.Split(strings.ReplaceAll(c.line, "ADDRESS", f.address()), " ")
		if out, _ := commands(t, 0, append([]string{"__complete"}, args...)...); !strings.Contains(out, c.want) {
			t.Errorf("%s is offered\n%s, want\n%s", c.line, out, c.want)
		}
	}
	f.set("/api/v1/participants", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	if out, _ := commands(t, 0, "__complete", "participant", "drain", "--admin", f.address(), ""); !strings.HasPrefix(out, ":4\n") {
		t.Errorf("of a switch that hangs it offers %q", out)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out, _ := runs(t, 0, "completion", shell); len(out) < 1000 {
			t.Errorf("the script for %s is %q", shell, out)
		}
	}
}
