package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchd/hsm"
)

// ceremonyKeys begins the names of the keys that seal components until their key is
// made. Each ceremony has its own, which is destroyed at its end: what is then left of a
// component, in a copy of the pending file, nobody can open.
const ceremonyKeys = "switchd/ceremony/"

func isCeremonyKey(name hsm.KeyRef) bool { return strings.HasPrefix(string(name), ceremonyKeys) }

const (
	// ceremonyTime is how long a ceremony waits for its people.
	ceremonyTime = 24 * time.Hour
	// ceremoniesMax and pendingBytesMax bound the pending file.
	ceremoniesMax   = 32
	pendingBytesMax = 256 << 10
)

// ceremonyTerms are what was agreed when the first component was entered. They are
// authenticated with every component: who changes them in the file loses the components.
type ceremonyTerms struct {
	ID      string `json:"id"`
	New     terms  `json:"new"`
	Of      int    `json:"of"`     // components
	Before  uint32 `json:"before"` // newest version of the name when it began
	Begun   int64  `json:"begun"`  // UTC nanoseconds
	KeyName string `json:"sealed_with"`
}

// terms are a hsm.New in JSON.
type terms struct {
	Name      hsm.KeyRef    `json:"name"`
	Usage     hsm.Usage     `json:"usage"`
	Algorithm hsm.Algorithm `json:"algorithm"`
	Bits      int           `json:"bits"`
	Mode      hsm.Mode      `json:"mode"`
	Export    hsm.Export    `json:"export"`
	Expires   int64         `json:"expires,omitempty"`
	Replace   bool          `json:"replace,omitempty"`
	Overlap   time.Duration `json:"overlap,omitempty"`
}

func (t *terms) key() hsm.New {
	return hsm.New{
		As: t.Name, Usage: t.Usage, Algorithm: t.Algorithm, Bits: t.Bits, Mode: t.Mode, Export: t.Export,
		Expires: t.Expires, Replace: t.Replace, Overlap: t.Overlap,
	}
}

// ceremonyPart is a component, sealed.
type ceremonyPart struct {
	Officer string `json:"officer"`
	KCV     string `json:"kcv"`
	At      int64  `json:"at"`
	Sealed  []byte `json:"sealed,omitempty"`
}

// ceremony is a key that waits for further components.
type ceremony struct {
	Terms ceremonyTerms  `json:"terms"`
	Parts []ceremonyPart `json:"parts"`
}

// pending is the file of ceremonies under way.
type pending struct {
	Version    int        `json:"version"`
	Ceremonies []ceremony `json:"ceremonies"`
}

func readPending(file string) (*pending, error) {
	text, err := readPrivate(file, pendingBytesMax)
	if err != nil || text == nil {
		return &pending{Version: 1}, err
	}
	var all pending
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&all); err != nil || all.Version != 1 || len(all.Ceremonies) > ceremoniesMax {
		return nil, fmt.Errorf("%s is damaged, or of another version: remove it, and begin the components in it again", file)
	}
	return &all, nil
}

func (p *pending) write(file string) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(file, append(text, '\n'))
}

// of is the ceremony of a key, nil without one.
func (p *pending) of(name hsm.KeyRef) *ceremony {
	for i := range p.Ceremonies {
		if p.Ceremonies[i].Terms.New.Name == name {
			return &p.Ceremonies[i]
		}
	}
	return nil
}

func (p *pending) drop(name hsm.KeyRef) {
	p.Ceremonies = slices.DeleteFunc(p.Ceremonies, func(c ceremony) bool { return c.Terms.New.Name == name })
}

// newCeremony begins one. Its terms are complete; it has no component yet.
func newCeremony(n *hsm.New, of int, before uint32, at int64) ceremony {
	var id [8]byte
	rand.Read(id[:])
	t := ceremonyTerms{ID: hex.EncodeToString(id[:]), Of: of, Before: before, Begun: at, New: terms{
		n.As, n.Usage, n.Algorithm, n.Bits, n.Mode, n.Export, n.Expires, n.Replace, n.Overlap,
	}}
	t.KeyName = ceremonyKeys + t.ID
	return ceremony{Terms: t}
}

// sealedWith is the key that seals its components.
func (c *ceremony) sealedWith() hsm.KeyRef { return hsm.KeyRef(c.Terms.KeyName) }

// public is what is authenticated with a component: all that the file says of it, and
// which of them it is.
func (c *ceremony) public(number int, p ceremonyPart) ([]byte, error) {
	p.Sealed = nil
	return json.Marshal(struct {
		Terms  ceremonyTerms `json:"terms"`
		Number int           `json:"number"`
		Part   ceremonyPart  `json:"part"`
	}{c.Terms, number, p})
}

// put seals a component and adds it.
func (c *ceremony) put(ctx context.Context, m hsm.Module, p ceremonyPart, component hsm.Secret) error {
	public, err := c.public(len(c.Parts), p)
	if err != nil {
		return err
	}
	p.Sealed, err = m.Seal(ctx, hsm.Box{By: c.sealedWith(), Public: public, Data: component.Reveal()})
	if err == nil {
		c.Parts = append(c.Parts, p)
	}
	return err
}

// take opens all components; the caller wipes them.
func (c *ceremony) take(ctx context.Context, m hsm.Module) (all []hsm.Component, err error) {
	for i, p := range c.Parts {
		public, err := c.public(i, p)
		if err != nil {
			return all, err
		}
		b, err := m.Open(ctx, hsm.Box{By: c.sealedWith(), Public: public, Data: p.Sealed})
		if err != nil {
			return all, fmt.Errorf("%w: component %d, or what was agreed about the key, was changed in the file: cancel, and begin again", hsm.ErrBlock, i+1)
		}
		all = append(all, hsm.Component{Part: hsm.NewSecret(b)})
	}
	return all, nil
}

// over says why a ceremony is none any more, "" while it goes on.
func (c *ceremony) over(newest uint32, now int64) string {
	switch {
	case now >= c.Terms.Begun+int64(ceremonyTime):
		return fmt.Sprintf("its %s are over", ceremonyTime)
	case newest != c.Terms.Before:
		return "the key was made or changed since it began"
	}
	return ""
}

// sweep ends the ceremonies that are over, and destroys what sealed those that have
// ended.
func (d *keyDesk) sweep(ctx context.Context) error {
	if d.module == nil {
		return nil
	}
	all, err := readPending(d.place.pending())
	if err != nil {
		return err
	}
	keep := &pending{Version: 1}
	for _, c := range all.Ceremonies {
		name := c.Terms.New.Name
		why := c.over(d.newest(ctx, name).Version, d.now())
		if why == "" {
			keep.Ceremonies = append(keep.Ceremonies, c)
			continue
		}
		_, err := d.note(keyEvent{Account: login(), Action: "components end", Name: name, Outcome: keyDone,
			Detail: fmt.Sprintf("ceremony %s with %d of %d components: %s", c.Terms.ID, len(c.Parts), c.Terms.Of, why)})
		if err != nil {
			return err
		}
	}
	if len(keep.Ceremonies) < len(all.Ceremonies) {
		if err := keep.write(d.place.pending()); err != nil {
			return err
		}
	}
	return d.shred(ctx, keep)
}

// shred destroys the sealing keys that no ceremony has.
func (d *keyDesk) shred(ctx context.Context, p *pending) error {
	all, err := d.module.List(ctx)
	if err != nil {
		return err
	}
	for _, k := range all {
		used := slices.ContainsFunc(p.Ceremonies, func(c ceremony) bool { return c.sealedWith() == k.Ref })
		if used || !isCeremonyKey(k.Ref) {
			continue
		}
		v := hsm.KeyVersion{Ref: k.Ref, Number: k.Version}
		err = errors.Join(err, d.module.Retire(ctx, v))
		err = errors.Join(err, d.module.Delete(ctx, v))
	}
	return err
}
