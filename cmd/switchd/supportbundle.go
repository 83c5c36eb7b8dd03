package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/bundle"
	"switchd/switch/config"
	"switchd/switch/screen"
)

// bundleFlags are those of support-bundle.
type bundleFlags struct {
	doctorFlags
	out string
	log string
	max int64
}

// bundleBytes bounds a bundle before it is compressed.
const bundleBytes = 32 << 20

func newSupportBundle() *cobra.Command {
	var f bundleFlags
	c := &cobra.Command{
		Use: "support-bundle --out FILE.tar.gz", Short: "Pack what somebody far away needs to help, without secrets and personal data",
		Long: `Packs versions, the settings in force, status, participants, links, breakers, limits,
positions, metrics, health, what operators have done of late, alerts, what doctor finds,
what the journal holds, sizes on the disk, and where all goroutines of the switch are.

Never in it: keys, tokens, account numbers, names, references of customers, reasons that
operators have written, the text of the configuration file. Everything passes through one
masking; manifest.json says what is in it, what was cut, and what could not be had. Look
at it before you send it: it is a folder of texts. With the switch stopped it has what the
machine and the data folder say.

The switch keeps no log of its own: what it says goes to who has started it. --log names a
file with it, or - for stdin, of which the last lines are packed, without what people have
said in them. Hashes of the journal and its signed checkpoint are no secrets: they say which
journal it is.`,
		Example: "  switchd support-bundle --config /etc/switchd/switchd.yml --out support.tar.gz\n" +
			"  journalctl -u switchd -n 5000 -o cat | switchd support-bundle --log - --config switchd.yml --out support.tar.gz",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.config == "" && f.address == "" && f.dir == "" {
				return usageError{errors.New("which switch? Name its --config, its data folder --dir, or the address of its --admin port")}
			}
			return f.pack(c)
		},
	}
	f.register(c, false)
	f.registerDir(c)
	fl := c.Flags()
	fl.StringVar(&f.out, "out", "", "file to make, which must not be there yet (required)")
	fl.StringVar(&f.log, "log", "", "file with the log of the switch, - for stdin: its last lines are packed")
	fl.Int64Var(&f.max, "max-bytes", bundleBytes, "most bytes of all that is in it, before it is compressed")
	fl.BoolVar(&f.noSync, "no-fsync", false, "do not measure fsync")
	if err := c.MarkFlagRequired("out"); err != nil {
		panic(err)
	}
	return c
}

// pack makes the file and says what is in it.
func (f *bundleFlags) pack(c *cobra.Command) error {
	if f.max < 1<<10 {
		return usageError{fmt.Errorf("--max-bytes %d: want 1024 or more", f.max)}
	}
	var m bundle.Manifest
	err := writeNew(f.out, 0o600, func(w io.Writer) (err error) {
		now := wall()
		b := bundle.New(w, bundle.Options{Name: "switchd-support-" + now.UTC().Format("20060102T150405Z"), At: now, BytesMax: f.max})
		f.fill(c.Context(), b)
		f.packLog(b, c.InOrStdin())
		m, err = b.End()
		return errors.Join(err, c.Context().Err())
	}, nil)
	if err != nil {
		return err
	}
	return f.show(c.OutOrStdout(), &m, func(p *screen.Page) { drawManifest(p, &m, f.out) })
}

func drawManifest(p *screen.Page, m *bundle.Manifest, file string) {
	t := screen.NewTable(screen.Left("in it"), screen.Right("size"), screen.Right("masked"), screen.Left("note").Shrinks(20))
	for _, e := range m.Entries {
		note := screen.Plain("")
		switch {
		case e.Why != "":
			note = screen.Marked(screen.Warn, "missing: "+e.Why)
		case e.Cut:
			note = screen.Marked(screen.Warn, "cut: it was longer")
		}
		t.Row(screen.Plain(e.Name), screen.Plain(screen.Bytes(e.Bytes)), screen.Plain(screen.Count(e.Masked)), note)
	}
	p.Table(t)
	p.Text(2, screen.Plain(file+" is made; look at it before you send it"))
}

// fill puts everything in that can be had.
func (f *bundleFlags) fill(ctx context.Context, b *bundle.Bundle) {
	v := readVersion()
	b.JSON("version.json", map[string]any{"version": v.Version, "commit": v.Commit[:min(len(v.Commit), 12)], "go": v.Go, "settings": v.Settings})
	b.JSON("system.json", map[string]any{"os": runtime.GOOS, "arch": runtime.GOARCH, "cpus": runtime.NumCPU(), "at": wall().UTC().Format(time.RFC3339)})
	b.JSON("doctor.json", f.examine(ctx))
	f.ofMachine(b)
	port, err := f.port()
	if err != nil {
		b.Missing("everything of the running switch", err)
		return
	}
	if _, err := port.Overview(ctx); errors.Is(err, errNoSwitch) {
		b.Missing("everything of the running switch", err)
		return
	}
	for _, page := range []struct {
		name, path string
		put        func(*bundle.Bundle, string, []byte)
	}{
		{"status.json", "/api/v1/overview", packJSON},
		{"participants.json", "/api/v1/participants", packJSON},
		{"links.json", "/api/v1/links", packJSON},
		{"breakers.json", "/api/v1/breakers", packJSON},
		{"limits.json", "/api/v1/limits", packJSON},
		{"positions.json", "/api/v1/positions", packJSON},
		{"alerts.json", "/api/v1/alerts", packJSON},
		{"audit.json", "/api/v1/audit?limit=200", packJSON},
		{"journal.json", "/api/v1/journal", packJSON},
		{"series.json", "/api/v1/overview/series?seconds=600", packJSON},
		{"settings.txt", "/api/v1/config", packSettings},
		{"readyz.txt", "/readyz?verbose", (*bundle.Bundle).Text},
		{"livez.txt", "/livez?verbose", (*bundle.Bundle).Text},
		{"metrics.txt", "/metrics", (*bundle.Bundle).Metrics},
		{"goroutines.txt", goroutinesPage, packStacks},
	} {
		answer, err := port.page(ctx, page.path)
		if err != nil {
			b.Missing(page.name, err)
			continue
		}
		page.put(b, page.name, answer)
	}
}

// page is the text of a page. That a switch is not ready is an answer as well.
func (p *adminPort) page(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, adminWait)
	defer cancel()
	answer, err := p.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, bundleBytes))
	if err == nil && !strings.HasPrefix(path, "/readyz") && !strings.HasPrefix(path, "/livez") {
		err = p.refusal(answer.StatusCode, text)
	}
	return text, err
}

func packJSON(b *bundle.Bundle, name string, text []byte) { b.JSON(name, text) }

// packStacks packs where the goroutines are.
func packStacks(b *bundle.Bundle, name string, text []byte) {
	var v goroutineView
	if err := understand(text, &v); err != nil {
		b.Missing(name, err)
		return
	}
	b.Stacks(name, []byte(v.Stacks))
}

// packSettings packs the settings of the configuration in force, not its text.
func packSettings(b *bundle.Bundle, name string, text []byte) {
	var has kept
	err := json.Unmarshal(text, &has)
	if err == nil && len(has.Files) == 0 {
		err = errors.New("the switch does not say what configuration it has")
	}
	var cfg *config.Config
	if err == nil {
		cfg, err = config.Again(has.sources(), known())
	}
	if err != nil {
		b.Missing(name, errors.New("this version does not take the configuration that is in force")) // its faults may quote it
		return
	}
	b.Settings(name, []byte(strings.Join(config.Settings(cfg), "\n")+"\n"))
}

// logBytes are what is read of the end of a log.
const logBytes = 4 << 20

// packLog packs the end of the log that the flags name.
func (f *bundleFlags) packLog(b *bundle.Bundle, stdin io.Reader) {
	const name = "log.txt"
	if f.log == "" {
		b.Missing(name, errors.New("the switch keeps none: name its file with --log, or 'journalctl -u switchd -o cat | ... --log -'"))
		return
	}
	from := stdin
	if f.log != "-" {
		file, err := os.Open(f.log)
		if err != nil {
			b.Missing(name, err)
			return
		}
		defer file.Close()
		from = file
	}
	text, err := lastBytes(from, logBytes)
	if err != nil {
		b.Missing(name, err)
		return
	}
	b.Log(name, text)
}

// lastBytes reads to the end, and keeps whole lines of so many bytes at most.
func lastBytes(from io.Reader, most int) ([]byte, error) {
	var kept []byte
	cut := false
	for chunk := make([]byte, 64<<10); ; {
		n, err := from.Read(chunk)
		if kept = append(kept, chunk[:n]...); len(kept) > 2*most {
			kept, cut = append(kept[:0], kept[len(kept)-most:]...), true
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(kept) > most {
		kept, cut = kept[len(kept)-most:], true
	}
	if cut {
		kept = kept[bytes.IndexByte(kept, '\n')+1:]
	}
	return kept, nil
}

// ofMachine packs what the data folder and the machine say.
func (f *bundleFlags) ofMachine(b *bundle.Bundle) {
	cfg, err := f.named()
	if err != nil || cfg == nil {
		return // what is wrong with it doctor.json says
	}
	sizes := map[string]any{}
	for _, dir := range []string{journalDir, stateDir} {
		sizes[dir] = folderBytes(filepath.Join(cfg.DataDir, dir))
	}
	b.JSON("disk.json", sizes)
	if w := writerOf(cfg.DataDir); w != nil {
		b.JSON("writer.json", map[string]any{"version": w.Version, "commit": w.Commit[:min(len(w.Commit), 12)], "formats": w.Formats})
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		b.Text("loadavg.txt", text)
	}
}

// named is the configuration that the flags name, if they name one.
func (f *bundleFlags) named() (*config.Config, error) {
	switch {
	case f.config != "":
		return config.Load(f.config, known())
	case f.dir != "":
		return foundIn(f.dir)
	}
	return nil, nil
}
