package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// eventBytesMax bounds one event of the stream.
const eventBytesMax = 1 << 20

// eventsFlags say which events are followed.
type eventsFlags struct {
	adminFlags
	from, until string
	participant string
	most        int
	heartbeats  bool
}

func newEvents() *cobra.Command {
	var f eventsFlags
	c := &cobra.Command{
		Use: "events --participant ID", Short: "Follow the events of a participant, without a gap",
		Long: `Prints what the switch has decided about the payments of a participant and about the
participant itself, one JSON object a line (docs/events.md), as it becomes durable, until
Ctrl-C. Each line has next: --from with that goes on behind it, and nothing is left out
or doubled. When the connection breaks, it is made again and goes on by itself.

A participant that shows who it is need not say --participant.`,
		Example: "  switchd events --participant BANKB --config switchd.yml\n  switchd events --participant BANKB --from 0 --until now --admin 127.0.0.1:9583 | jq .",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.follow(c) },
	}
	f.registerPort(c) // no -o: it is lines of JSON, as they come
	f.registerDir(c)
	fl := c.Flags()
	fl.StringVar(&f.from, "from", "next", "where to begin: next of a line, 0 for the first that is kept, next for what comes from now on")
	fl.StringVar(&f.until, "until", "", "the number of the last event, or now (default: go on until Ctrl-C)")
	fl.StringVar(&f.participant, "participant", "", "whose events")
	fl.BoolVar(&f.heartbeats, "heartbeats", false, "also print the lines that keep the connection alive")
	fl.IntVar(&f.most, "limit", 0, "the same as --count")
	fl.IntVar(&f.most, "count", 0, "end after so many events; 0: go on until Ctrl-C")
	c.MarkFlagsMutuallyExclusive("count", "limit")
	if err := c.RegisterFlagCompletionFunc("participant", completeParticipants); err != nil {
		panic(err)
	}
	return c
}

// errEnoughEvents ends a following that was to have an end.
var errEnoughEvents = errors.New("enough events")

// follow reads the stream, and begins again where it breaks.
func (f *eventsFlags) follow(c *cobra.Command) error {
	port, err := f.port()
	if err != nil {
		return err
	}
	out := &eventLines{w: c.OutOrStdout(), next: f.from, most: f.most, heartbeats: f.heartbeats}
	for first := true; ; first = false {
		err := f.stream(c.Context(), port, out)
		switch {
		case c.Context().Err() != nil || errors.Is(err, errEnoughEvents):
			return nil
		case out.err != nil || first && out.printed == 0 && err != nil || errors.As(err, new(usageError)):
			return port.unknown(c.Context(), f.participant, err)
		}
		fmt.Fprintf(c.ErrOrStderr(), "switchd: the stream has ended (%v); going on\n", err)
		waitFor(c.Context(), after(time.Second))
	}
}

// stream reads one connection to its end.
func (f *eventsFlags) stream(ctx context.Context, port *adminPort, out *eventLines) error {
	q := url.Values{"from": {out.next}}
	if f.until != "" {
		q.Set("until", f.until)
	}
	if f.participant != "" {
		q.Set("participant", f.participant)
	}
	answer, err := port.requestAs(ctx, http.MethodGet, eventsPage+"?"+q.Encode(), nil, "application/x-ndjson")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<16)) // what there is of it says why
		return port.refusal(answer.StatusCode, text)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, eventBytesMax)
	for lines.Scan() {
		if err := out.take(lines.Bytes()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.EOF
}

// eventLines prints events and knows where to go on.
type eventLines struct {
	w          io.Writer
	next       string
	printed    int
	most       int // 0: no end
	heartbeats bool
	err        error
}

// take prints a line, and remembers what it says of the stream.
func (e *eventLines) take(line []byte) error {
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return nil
	}
	var event struct{ Event, Next string }
	if err := json.Unmarshal(line, &event); err != nil {
		return fmt.Errorf("the switch has sent what is no event: %w", err)
	}
	if event.Next != "" {
		e.next = event.Next
	}
	switch {
	case event.Event == "end":
		return errEnoughEvents
	case event.Event == "heartbeat" && !e.heartbeats:
		return nil
	}
	if _, e.err = fmt.Fprintf(e.w, "%s\n", line); e.err != nil {
		return e.err
	}
	if event.Event == "gone" {
		e.err = errors.New("what was asked for is kept no more: the first that is has the number first")
		return e.err
	}
	if e.printed++; e.printed == e.most {
		return errEnoughEvents
	}
	return nil
}
