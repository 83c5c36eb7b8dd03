package main

import (
	"fmt"
	"sort"

	"github.com/spf13/cobra"
)

// releaseVersion is the version of the source tree; CHANGELOG.md has its history.
const releaseVersion = "0.1.0-dev"

// builtCommit is set by the Makefile (-ldflags), because builds with
// -buildvcs=false know no commit.
var builtCommit string

func newVersion() *cobra.Command {
	var f outputFlags
	c := &cobra.Command{
		Use: "version", Short: "Print version, commit, Go version and build settings", Args: cobra.NoArgs,
		Example: "  switchd version",
		RunE: func(c *cobra.Command, _ []string) error {
			v := readVersion()
			if f.programs() {
				return f.encode(c.OutOrStdout(), v)
			}
			fmt.Fprintf(c.OutOrStdout(), "switchd %s\ncommit  %s\ngo      %s\n", v.Version, v.Commit, v.Go)
			keys := make([]string, 0, len(v.Settings))
			for k := range v.Settings {
				keys = append(keys, k)
			}
			sort.Strings(keys)
			for _, k := range keys {
				fmt.Fprintf(c.OutOrStdout(), "  %s=%s\n", k, v.Settings[k])
			}
			return nil
		},
	}
	f.register(c)
	return c
}
