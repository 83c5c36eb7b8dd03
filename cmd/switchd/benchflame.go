package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"switchd/switch/bench/flame"
)

func newBenchFlame() *cobra.Command {
	var title, value string
	c := &cobra.Command{
		Use: "flame PROFILE", Short: "Draw a profile as a flame graph, an SVG on stdout",
		Long: `Draws a profile of pprof, as /api/v1/profile of a running switch gives it, as a flame
graph: an SVG without scripts, for any browser. PROFILE is a file, or - for stdin.

A frame stands on its caller and is as wide as its share. Colours are the parts of the
switch and of Go; the legend says what share each has by itself.`,
		Example: "  switchd bench flame cpu.pprof > cpu.svg\n  curl -sS 'http://127.0.0.1:9583/api/v1/profile?kind=allocs' | switchd bench flame --value alloc_objects - > allocs.svg",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			in := c.InOrStdin()
			if args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return usageError{err}
				}
				defer file.Close()
				in = file
			}
			return drawFlame(c.OutOrStdout(), in, value, cmp.Or(title, filepath.Base(args[0])))
		},
	}
	c.Flags().StringVar(&title, "title", "", "what stands above it (default: the name of the file)")
	c.Flags().StringVar(&value, "value", "", "which value of the profile, such as alloc_objects (default: the one it is for)")
	return c
}

func drawFlame(out io.Writer, in io.Reader, value, title string) error {
	g, err := flame.Read(in, value)
	if err != nil {
		return fmt.Errorf("flame graph: %w", err)
	}
	return g.Draw(out, title)
}
