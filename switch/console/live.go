package console

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// frame draws what is live under a topic, as one event of a stream. An error is told to
// all that look at it by an event of its own: a page never shows old numbers as new ones.
func (c *console) frame(topic string) []byte {
	ctx, cancel := context.WithTimeout(context.Background(), frameTimeout)
	defer cancel()
	data, err := c.draw(ctx, topic)
	if err != nil {
		return event("fault", []byte(sentence(err)))
	}
	return event(topic, data)
}

// frameTimeout bounds one look at the source.
const frameTimeout = 5 * time.Second

// draw makes what is shown under a topic: JSON for the head and for the charts, HTML for
// the parts of pages.
func (c *console) draw(ctx context.Context, topic string) ([]byte, error) {
	switch topic {
	case "head", "sample":
		o, err := c.Source.Overview(ctx, onlooker)
		if err != nil {
			return nil, err
		}
		if topic == "sample" {
			return json.Marshal(o.Latest)
		}
		return json.Marshal(headOf(o, c.waiting(ctx)))
	}
	name, body, err := c.part(ctx, topic)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = c.fragments.ExecuteTemplate(&out, name, body)
	return out.Bytes(), err
}

// part is the template of a topic, and what it shows. It is drawn as every viewer may see
// it, once for all.
func (c *console) part(ctx context.Context, topic string) (name string, body any, err error) {
	o, err := c.Source.Overview(ctx, onlooker)
	if err != nil {
		return "", nil, err
	}
	money := currencyOf(o)
	id, one := strings.CutPrefix(topic, "participant:")
	switch {
	case one:
		body, err = c.participant(ctx, id, money)
		return "live-participant", body, err
	case topic == "participants":
		var m *matrix
		if m, err = c.matrix(ctx, money); err == nil {
			err = c.rows.draw(c.fragments, m)
		}
		body = m
	case topic == "alerts":
		body, err = c.alerts(ctx)
	default: // topicKnown has let nothing else pass
		body, err = c.overview(ctx)
	}
	return "live-" + topic, body, err
}

// topicKnown says whether something is live under a topic. The names of participants are
// looked at when they are drawn.
func topicKnown(topic string) bool {
	switch topic {
	case "head", "sample", "overview", "participants", "alerts":
		return true
	}
	id, one := strings.CutPrefix(topic, "participant:")
	return one && id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' })
}

// event is one event of server-sent events.
func event(name string, data []byte) []byte {
	var out bytes.Buffer
	out.WriteString("event: " + name + "\n")
	for line := range bytes.SplitSeq(bytes.TrimSpace(data), []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			out.WriteString("data: ")
			out.Write(line)
			out.WriteByte('\n')
		}
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// hub draws what is live once a second, whoever many look at it, and hands it to all of
// them. Its goroutine runs as long as somebody looks.
type hub struct {
	frame func(topic string) []byte
	ticks func() (c <-chan time.Time, stop func())

	mu      sync.Mutex // guards what follows
	readers map[*reader]bool
	latest  map[string][]byte // by topic, of those that somebody looks at
	running bool
}

// reader is one stream.
type reader struct {
	topics []string
	frames chan []byte // closed when the reader is dropped
	kick   func()      // ends a write that hangs
}

func newHub(frame func(string) []byte) *hub {
	return &hub{
		frame: frame, readers: map[*reader]bool{}, latest: map[string][]byte{},
		ticks: func() (<-chan time.Time, func()) {
			t := time.NewTicker(time.Second)
			return t.C, t.Stop
		},
	}
}

// join takes a reader in; it first gets what is known of its topics, or all of them with
// the next tick. False: there are as many as may be.
func (h *hub) join(r *reader) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.readers) >= readersMax {
		return false
	}
	var first []byte
	for _, topic := range r.topics {
		first = append(first, h.latest[topic]...)
	}
	if len(first) > 0 {
		r.frames <- first
	}
	h.readers[r] = true
	if !h.running {
		h.running = true
		c, stop := h.ticks()
		go h.run(c, stop)
	}
	return true
}

// leave lets a reader go.
func (h *hub) leave(r *reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.readers, r)
}

// run draws at every tick until nobody looks.
func (h *hub) run(ticks <-chan time.Time, stop func()) {
	defer stop()
	for topics := h.wanted(nil); topics != nil; topics = h.wanted(ticks) {
		changed := map[string][]byte{}
		for _, topic := range topics {
			changed[topic] = h.frame(topic)
		}
		h.hand(changed)
	}
}

// wanted waits for a tick and is the topics that somebody looks at, or nil when nobody
// does: then the goroutine is over, and the next reader begins another.
func (h *hub) wanted(ticks <-chan time.Time) []string {
	if ticks != nil {
		<-ticks
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.readers) == 0 {
		clear(h.latest)
		h.running = false
		return nil
	}
	var topics []string
	for r := range h.readers {
		topics = append(topics, r.topics...)
	}
	slices.Sort(topics)
	topics = slices.Compact(topics)
	for topic := range h.latest {
		if !slices.Contains(topics, topic) {
			delete(h.latest, topic)
		}
	}
	return topics
}

// hand gives every reader what has changed of its topics, and drops who has not even taken
// what came before.
func (h *hub) hand(drawn map[string][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for topic, frame := range drawn {
		if bytes.Equal(h.latest[topic], frame) {
			drawn[topic] = nil
			continue
		}
		h.latest[topic] = frame
	}
	for r := range h.readers {
		var frames []byte
		for _, topic := range r.topics {
			frames = append(frames, drawn[topic]...)
		}
		if len(frames) == 0 {
			continue
		}
		select {
		case r.frames <- frames:
		default:
			delete(h.readers, r)
			close(r.frames)
			r.kick()
		}
	}
}

// serveLive is the stream of what is live in a page. It ends with the page, with the
// process, or when the browser reads too slowly.
func (c *console) serveLive(w http.ResponseWriter, r *http.Request) {
	topics := strings.Split(r.URL.Query().Get("topics"), ",")
	if len(topics) > topicsMax || slices.ContainsFunc(topics, func(t string) bool { return !topicKnown(t) }) {
		http.Error(w, "no such topic", http.StatusBadRequest)
		return
	}
	control := http.NewResponseController(w)
	// The write deadline of the server is for pages. One that hangs is ended by the hub.
	if err := control.SetWriteDeadline(time.Time{}); err != nil {
		http.Error(w, "streams cannot be served here", http.StatusInternalServerError)
		return
	}
	in := &reader{topics: topics, frames: make(chan []byte, framesMax), kick: func() { _ = control.SetWriteDeadline(time.Unix(1, 0)) }}
	if !c.live.join(in) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "as many pages are shown live as may be", http.StatusServiceUnavailable)
		return
	}
	defer c.live.leave(in)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	if control.Flush() != nil {
		return
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case frames, more := <-in.frames:
			if !more {
				return
			}
			if _, err := w.Write(frames); err != nil {
				return
			}
			if control.Flush() != nil {
				return
			}
		}
	}
}

// serveSeries is what the charts begin with; "sample" goes on with it.
func (c *console) serveSeries(w http.ResponseWriter, r *http.Request) {
	series, err := c.Source.Series(r.Context(), seriesSeconds)
	if err != nil {
		f := told(err)
		http.Error(w, sentence(err), f.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(series)
}
