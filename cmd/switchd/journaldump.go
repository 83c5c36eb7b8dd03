package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"switchd/switch/journal"
	"switchd/switch/payment"
)

func newJournalDump() *cobra.Command {
	var f journalFlags
	var d dumper
	c := &cobra.Command{
		Use: "dump (--dir D | --config FILE | --admin ADDRESS | --segment FILE) [--from N] [--to N] [--payment ID] [--kind K]", Short: "Print the events of a journal, masked",
		Long: `Prints one line for each event: number, time, kind, participant, payment, and what
happened. Account numbers show the first six and the last four digits, addresses
the side of the participant, names and notes nothing. Without the key (--seal-key)
what is sealed is not shown at all.

--payment (a number, or SWD and 32 hexadecimal digits) shows what happened to one payment: its
request and repeats of it, answers, commands, enquiries, and the event that ended it.

--json prints one object per line: seq, at, kind, from, payment, request, answer,
command, config, text (masked), sealed_bytes (not looked at), fault (the record
cannot be read; exit code 1).`,
		Example: "  switchd journal dump --payment 4711 --config switchd.yml\n  switchd journal dump --from 1 --to 100 --kind request --admin 127.0.0.1:9583 -o json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := d.filter.parse(); err != nil {
				return usageError{err}
			}
			d.out, d.talk, d.form = bufio.NewWriter(c.OutOrStdout()), c.ErrOrStderr(), &f.outputFlags
			err := errors.Join(d.run(c, &f), d.out.Flush(), d.faulty())
			if err == nil && !d.begun {
				fmt.Fprintln(d.talk, "switchd: no event is like that")
			}
			return err
		},
	}
	f.registerBoth(c)
	f.registerSealKey(c)
	fl := c.Flags()
	fl.StringVar(&d.segment, "segment", "", "file that export has written, in place of a folder")
	fl.Uint64Var(&d.filter.from, "from", 0, "first record (default: the first one that is kept, with --payment its request)")
	fl.Uint64Var(&d.filter.to, "to", 0, "last record (default: the last one)")
	fl.StringVar(&d.filter.paymentText, "payment", "", "events about this payment only")
	fl.StringVar(&d.filter.kindText, "kind", "", "events of this kind only: "+strings.Join(eventKinds(), ", "))
	completeNames(c, "kind", eventKinds, cobra.ShellCompDirectiveNoFileComp)
	return c
}

// eventKinds are the names of the kinds of events.
func eventKinds() []string {
	var names []string
	for _, k := range payment.Kinds() {
		names = append(names, k.String())
	}
	return names
}

// dumper prints events.
type dumper struct {
	segment string
	filter  eventFilter
	form    *outputFlags
	out     *bufio.Writer
	talk    io.Writer
	reader  *eventReader
	begun   bool
	faults  int
	first   string // of the faults
}

// run prints what the flags ask for.
func (d *dumper) run(c *cobra.Command, f *journalFlags) error {
	if d.segment != "" {
		if f.dir != "" || f.address != "" {
			return usageError{errors.New("--segment is a file of its own: leave --dir and --admin out")}
		}
		defer newProgress(d.talk).endAtOnce(c)()
		return d.ofSegment(f)
	}
	page, err := either(c, f, d.filter.path(d.filter.from), func(l *lookFolder) (recordsView, error) {
		return recordsView{}, d.ofFolder(c.Context(), l)
	})
	for err == nil {
		for i := range page.Records {
			if err := d.print(&page.Records[i]); err != nil {
				return err
			}
		}
		if page.Next == 0 {
			return nil
		}
		page, err = ask[recordsView](c.Context(), f, http.MethodGet, d.filter.path(page.Next), nil)
	}
	return err
}

// ofFolder prints the events of a folder.
func (d *dumper) ofFolder(ctx context.Context, l *lookFolder) error {
	stat, err := l.log.Stat()
	if err != nil {
		return err
	}
	from, to := d.filter.bounds(stat.First, stat.Last)
	d.reader = newEventReader(l.keys, nil)
	if err := l.prepare(ctx, d.reader, &d.filter); err != nil {
		return err
	}
	d.hint()
	return eachRecord(ctx, l.log, from, to, d.record)
}

// hint tells what cannot be found without the row of a payment.
func (d *dumper) hint() {
	if d.filter.payment != 0 && !d.filter.about.Known() {
		fmt.Fprintln(d.talk, "switchd: the payment's row was not looked at: answers that name no payment, and a timer that ended it, are not among these")
	}
}

// ofSegment prints the events of a segment, after it was checked to its end.
func (d *dumper) ofSegment(f *journalFlags) error {
	keys, err := f.segmentKeys()
	if err != nil {
		return err
	}
	in, err := os.Open(d.segment)
	if err != nil {
		return usageError{err}
	}
	defer in.Close()
	header, seg, err := journal.VerifySegment(in)
	if err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", d.segment, err)
	}
	d.reader = newEventReader(keys, header.Participants)
	d.hint()
	from, to := d.filter.bounds(seg.First, seg.Last)
	_, _, err = journal.ReadSegment(in, func(rec journal.Record) error {
		if rec.Seq < from || rec.Seq > to {
			return nil
		}
		return d.record(&rec)
	})
	return err
}

// record prints a record if it is asked for.
func (d *dumper) record(rec *journal.Record) error {
	err := d.reader.read(rec.Seq, rec.Bytes)
	if err == nil && !d.filter.matches(&d.reader.event) {
		return nil
	}
	v := d.reader.view()
	if err != nil {
		v = faultyView(rec, err)
	}
	return d.print(&v)
}

// print prints an event.
func (d *dumper) print(v *eventView) error {
	if v.Fault != "" {
		if d.faults++; d.faults == 1 {
			d.first = v.Fault
		}
	}
	begun := d.begun
	d.begun = true
	if d.form.programs() {
		return d.form.each(d.out, v)
	}
	if !begun {
		if err := writeEventHead(d.out); err != nil {
			return err
		}
	}
	return writeEvent(d.out, v)
}

// faulty is the error about records that could not be read.
func (d *dumper) faulty() error {
	if d.faults == 0 {
		return nil
	}
	return fmt.Errorf("%s could not be read: %s", count(d.faults, "record"), d.first)
}
