package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// argumentWords has all commands below c say in words what is wrong with their arguments,
// and how they are called: cobra counts them.
func argumentWords(c *cobra.Command) {
	for _, sub := range c.Commands() {
		argumentWords(sub)
	}
	check := c.Args
	if check == nil || c.HasSubCommands() {
		return
	}
	c.Args = func(c *cobra.Command, args []string) error {
		err := check(c, args)
		if err == nil {
			return nil
		}
		use := strings.TrimSuffix(c.UseLine(), " [flags]")
		said := err.Error()
		switch wants := argumentNames(c.Use); {
		case !strings.Contains(said, "arg(s)") && !strings.HasPrefix(said, "unknown command"): // it has words of its own
			return fmt.Errorf("%w\nUsage: %s", err, use)
		case len(args) < len(wants):
			return fmt.Errorf("missing: %s\nUsage: %s", strings.Join(wants[len(args):], ", "), use)
		case len(args) > len(wants):
			return fmt.Errorf("%q is one argument too many\nUsage: %s", args[len(wants)], use)
		}
		return err
	}
}

// argumentNames are the names of the arguments that a command needs, by its use line:
// what stands between its own name and the first flag or choice.
func argumentNames(use string) (names []string) {
	for _, word := range strings.Fields(use)[1:] {
		if strings.ToUpper(word) != word || strings.ContainsAny(word, "[(-<|.") {
			break
		}
		names = append(names, word)
	}
	return names
}

// knownCommand refuses what a command that only holds others does not hold, and names
// what may be meant: one that it holds, or one of that very name elsewhere.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	said := fmt.Sprintf("unknown command %q for %q", args[0], c.CommandPath())
	c.SuggestionsMinimumDistance = 2
	meant := c.SuggestionsFor(args[0])
	for i := range meant {
		meant[i] = c.CommandPath() + " " + meant[i]
	}
	for _, other := range c.Root().Commands() {
		if other.Name() == args[0] {
			meant = append(meant, other.CommandPath())
		}
	}
	if len(meant) > 0 {
		said += ": did you mean '" + strings.Join(meant, "' or '") + "'?"
	}
	return errors.New(said)
}

// flagWords says what is meant where an amount or a number below zero was taken for flags.
// A flag after a command that is not there is not what is wrong.
func flagWords(c *cobra.Command, err error) error {
	if c.HasSubCommands() && c.HasParent() {
		if wrong := knownCommand(c, c.Flags().Args()); wrong != nil {
			return wrong
		}
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && strings.Trim(unknown.GetSpecifiedShortnames(), "0123456789.,") == "" && unknown.GetSpecifiedShortnames() != "" {
		return fmt.Errorf("-%s is below zero, which no amount and no number here can be", unknown.GetSpecifiedShortnames())
	}
	return err
}
