package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// compareFilesMax bounds the reports of one side.
const compareFilesMax = 100

func newBenchCompare() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "compare A B", Short: "Compare reports of the load generator, figure by figure",
		Long: `Compares two reports that 'switchd bench --json FILE' has written, or two groups of
reports, each a list of files with commas between them: the median of each figure, the
difference in percent, and whether it is more than the spread.

How much a figure spreads from run to run is known from the runs of a side alone: with
several files each, a difference counts as beyond the spread when all figures of one side
are above all of the other, and chance would do that in one case of ten at most: three
runs each, or two and five. With fewer, the last column says nothing: "?".

It warns when the runs are not alike: other machines, versions of Go, mixes, rates, and
reports that are not valid.`,
		Example: `  switchd bench compare before.json after.json
  switchd bench compare a1.json,a2.json,a3.json b1.json,b2.json,b3.json`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			v, err := compareReports(args[0], args[1])
			if err != nil {
				return usageError{err}
			}
			if asJSON {
				return writeFigures("-", c.OutOrStdout(), v)
			}
			return v.print(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "write one JSON object in place of the table")
	return c
}

// comparison is what two groups of reports say about each other.
type comparison struct {
	A        side             `json:"a"`
	B        side             `json:"b"`
	Warnings []string         `json:"warnings"`
	Figures  []comparedFigure `json:"figures"`
}

// side is one group.
type side struct {
	Files   []string `json:"files"`
	reports []benchReport
}

// comparedFigure is one figure; null is what one side does not have.
type comparedFigure struct {
	Name    string   `json:"name"`
	A       *float64 `json:"a"` // medians
	B       *float64 `json:"b"`
	Percent *float64 `json:"difference_percent"` // of B to A
	AFrom   *float64 `json:"a_from"`
	ATo     *float64 `json:"a_to"`
	BFrom   *float64 `json:"b_from"`
	BTo     *float64 `json:"b_to"`
	Beyond  *bool    `json:"beyond_spread"` // null: too few runs to know the spread

	digits int
}

// comparableFigure is a figure that is worth a line.
type comparableFigure struct {
	name   string
	digits int
	of     func(*benchReport) *float64
}

var comparableFigures = []comparableFigure{
	{"achieved", 1, func(r *benchReport) *float64 { return &r.Achieved }},
	{"success_ratio", 5, func(r *benchReport) *float64 { return &r.SuccessRatio }},
	{"p50_ms", 2, func(r *benchReport) *float64 { return &r.P50 }},
	{"p99_ms", 2, func(r *benchReport) *float64 { return &r.P99 }},
	{"p999_ms", 2, func(r *benchReport) *float64 { return &r.P999 }},
	{"p9999_ms", 2, func(r *benchReport) *float64 { return &r.P9999 }},
	{"max_ms", 2, func(r *benchReport) *float64 { return &r.Max }},
	{"cpu_us_per_payment", 2, func(r *benchReport) *float64 { return r.CPUPerPayment }},
	{"rss_mib", 1, func(r *benchReport) *float64 { return r.RSS }},
	{"allocs_per_payment", 2, func(r *benchReport) *float64 { return r.AllocsPerPayment }},
	{"alloc_bytes_per_payment", 0, func(r *benchReport) *float64 { return r.AllocBytesPerPayment }},
	{"gc_cpu_share", 4, func(r *benchReport) *float64 { return r.GCShare }},
	{"commits_per_payment", 4, func(r *benchReport) *float64 { return r.CommitsPerPayment }},
	{"commit_events_mean", 1, func(r *benchReport) *float64 { return r.CommitEventsMean }},
	{"journal_bytes_per_payment", 0, func(r *benchReport) *float64 { return r.JournalBytes }},
	{"fsyncs_per_payment", 4, func(r *benchReport) *float64 { return r.FsyncsPerPayment }},
	{"fsync_p50_ms", 3, func(r *benchReport) *float64 { return r.FsyncP50 }},
	{"fsync_p99_ms", 3, func(r *benchReport) *float64 { return r.FsyncP99 }},
	{"fsync_max_ms", 2, func(r *benchReport) *float64 { return r.FsyncMax }},
	{"probe_p50_ms", 3, func(r *benchReport) *float64 { return r.ProbeP50 }},
	{"probe_p99_ms", 3, func(r *benchReport) *float64 { return r.ProbeP99 }},
	{"stall_max_ms_own", 1, func(r *benchReport) *float64 { return r.StallMaxOwn }},
	{"generator_cpu_us_per_payment", 2, func(r *benchReport) *float64 { return r.GeneratorCPUPerPayment }},
}

// compareReports reads and compares two lists of files.
func compareReports(a, b string) (*comparison, error) {
	v := &comparison{Warnings: []string{}}
	var err error
	if v.A, err = readSide(a); err != nil {
		return nil, err
	}
	if v.B, err = readSide(b); err != nil {
		return nil, err
	}
	v.warn()
	for _, f := range comparableFigures {
		v.Figures = append(v.Figures, compareFigure(f, v.A.reports, v.B.reports))
	}
	return v, nil
}

// readSide reads a list of files with commas between them.
func readSide(list string) (s side, err error) {
	s.Files = strings.Split(list, ",")
	if len(s.Files) > compareFilesMax {
		return s, fmt.Errorf("%d files on one side: at most %d are compared", len(s.Files), compareFilesMax)
	}
	for _, name := range s.Files {
		data, err := os.ReadFile(name)
		if err != nil {
			return s, err
		}
		var r benchReport
		if err := json.Unmarshal(data, &r); err != nil {
			return s, fmt.Errorf("%s is no report of switchd bench --json: %w", name, err)
		}
		if r.Report == nil || r.Rate == 0 {
			return s, fmt.Errorf("%s is no report of switchd bench --json: it has no rate", name)
		}
		s.reports = append(s.reports, r)
	}
	return s, nil
}

// figuresOf are those of a side, in order; those that are not known are left out.
func figuresOf(reports []benchReport, of func(*benchReport) *float64) (all []float64) {
	for i := range reports {
		if v := of(&reports[i]); v != nil {
			all = append(all, *v)
		}
	}
	slices.Sort(all)
	return all
}

// compareFigure compares one.
func compareFigure(f comparableFigure, a, b []benchReport) comparedFigure {
	out := comparedFigure{Name: f.name, digits: f.digits}
	in, is := figuresOf(a, f.of), figuresOf(b, f.of)
	out.A, out.AFrom, out.ATo = middle(in)
	out.B, out.BFrom, out.BTo = middle(is)
	if out.A == nil || out.B == nil {
		return out
	}
	if *out.A != 0 {
		out.Percent = new(100 * (*out.B/(*out.A) - 1))
	}
	apart := in[len(in)-1] < is[0] || is[len(is)-1] < in[0]
	if byChance(len(in), len(is)) <= chanceMost {
		out.Beyond = &apart
	}
	return out
}

// middle is the median of sorted values, and their ends.
func middle(all []float64) (median, from, to *float64) {
	n := len(all)
	if n == 0 {
		return nil, nil, nil
	}
	return new((all[(n-1)/2] + all[n/2]) / 2), new(all[0]), new(all[n-1])
}

// chanceMost is how likely chance may be to do what is called a difference.
const chanceMost = 0.1

// byChance is how likely it is that all of n values are on one side of all of m, when both
// come from the same machine doing the same.
func byChance(n, m int) float64 {
	ways := 1.0 // (n+m)! / (n! m!)
	for i := 1; i <= n; i++ {
		ways *= float64(m+i) / float64(i)
	}
	return 2 / ways
}

// warn notes what makes the two sides no fair comparison.
func (v *comparison) warn() {
	for _, f := range []struct {
		what string
		of   func(*benchReport) any
	}{
		{"cores", func(r *benchReport) any { return r.Cores }},
		{"platform", func(r *benchReport) any { return r.Platform }},
		{"Go", func(r *benchReport) any { return r.Go }},
		{"file system", func(r *benchReport) any { return r.DataFS }},
		{"TLS", func(r *benchReport) any { return r.TLS }},
		{"mix", func(r *benchReport) any { return strings.Join(r.Mix, ",") }},
		{"dialects", func(r *benchReport) any { return dialectCounts(r.Dialects) }},
		{"rate", func(r *benchReport) any { return r.Rate }},
		{"duration", func(r *benchReport) any { return r.Duration }},
		{"participants", func(r *benchReport) any { return r.Participants }},
		{"links", func(r *benchReport) any { return r.Links }},
		{"accounts", func(r *benchReport) any { return r.Accounts }},
		{"share by address", func(r *benchReport) any { return r.VPAShare }},
		{"share of the first participant", func(r *benchReport) any { return r.HeavyShare }},
	} {
		seen := []string{}
		for _, s := range [...]side{v.A, v.B} {
			for i := range s.reports {
				if text := fmt.Sprint(f.of(&s.reports[i])); !slices.Contains(seen, text) {
					seen = append(seen, text)
				}
			}
		}
		if len(seen) > 1 {
			v.Warnings = append(v.Warnings, fmt.Sprintf("%s differ: %s", f.what, strings.Join(seen, " | ")))
		}
	}
	for _, s := range [...]side{v.A, v.B} {
		for i, r := range s.reports {
			if !r.Valid {
				v.Warnings = append(v.Warnings, fmt.Sprintf("%s is not valid: %s", s.Files[i], strings.Join(r.Reasons, "; ")))
			}
			if busy := r.ElsewhereCores; busy != nil && *busy > busyElsewhere*float64(r.Cores) {
				v.Warnings = append(v.Warnings, fmt.Sprintf("%s: %.1f of %d cores were busy with something else", s.Files[i], *busy, r.Cores))
			}
		}
	}
}

// busyElsewhere is the share of a machine that may be busy with something else: the
// kernel's own work for the load is in it too.
const busyElsewhere = 0.4

// print writes the table.
func (v *comparison) print(w io.Writer) error {
	var b strings.Builder
	for _, text := range v.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", text)
	}
	fmt.Fprintf(&b, "%-30s %12s %12s %9s  %s\n", "", sideName("A", v.A), sideName("B", v.B), "B to A", "beyond the spread")
	for _, f := range v.Figures {
		if f.A == nil && f.B == nil {
			continue
		}
		fmt.Fprintf(&b, "%-30s %12s %12s %9s  %s\n", f.Name, figure(f.A, f.digits), figure(f.B, f.digits), signed(f.Percent), f.spread())
	}
	b.WriteString(v.footer())
	_, err := io.WriteString(w, b.String())
	return err
}

func sideName(name string, s side) string {
	if len(s.Files) == 1 {
		return name
	}
	return fmt.Sprintf("%s of %d", name, len(s.Files))
}

func signed(percent *float64) string {
	if percent == nil {
		return "?"
	}
	return fmt.Sprintf("%+.1f %%", *percent)
}

// spread says whether the difference is more than that.
func (f *comparedFigure) spread() string {
	switch {
	case f.Beyond == nil:
		return "?"
	case *f.Beyond:
		return "yes"
	}
	return "no"
}

// footer says how the spread is known.
func (v *comparison) footer() string {
	n, m := len(v.A.Files), len(v.B.Files)
	chance := byChance(n, m)
	if chance > chanceMost {
		return fmt.Sprintf("The spread is not known from %d and %d runs: compare several of each, such as\nthree, with commas between their files.\n", n, m)
	}
	return fmt.Sprintf("The spread is that of the runs: \"yes\" when all of one side are above all of the\nother, which chance alone does in %.1f %% of such comparisons.\n", 100*chance)
}
