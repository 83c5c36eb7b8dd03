package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"switchd/hsm"
	"switchd/hsm/rule"
)

func newKeysComponents() *cobra.Command {
	c := &cobra.Command{
		Use: "components", Short: "Make a key of what two or three people hold",
		Long: `Two or three officers each enter one component, each in a session of her own, at any
place and time within 24 hours; none of them can know the key. The first begins, the
others add, and with the last one the key is made. Until then each component is in
FILE.pending, sealed with a key of the key file that is destroyed at the end.

A component is hexadecimal digits, which are not shown; in one of DES and TDES each byte
has odd parity. Its check value is compared with the one on its sheet, and the key's
with the one that was agreed.`,
	}
	c.AddCommand(newComponentsBegin(), newComponentsAdd(), newComponentsStatus(), newComponentsCancel())
	return c
}

// componentFlags are what a person says of her component.
type componentFlags struct {
	keysFlags
	from, check, keyCheck string
}

func (f *componentFlags) register(c *cobra.Command) {
	f.who(c)
	f.json(c)
	fl := c.Flags()
	fl.StringVar(&f.from, "from", "", "file with the component, - for standard input (default: ask for it)")
	fl.StringVar(&f.check, "kcv", "", "check value that the component must have")
	fl.StringVar(&f.keyCheck, "key-kcv", "", "check value that the key must have")
}

func newComponentsBegin() *cobra.Command {
	var f componentFlags
	var l limitFlags
	of := 2
	c := &cobra.Command{
		Use: "begin NAME --for PURPOSE", Short: "Enter the first component of a key",
		Long: `PURPOSE says what the key may do, as in 'switchd keys generate --help'; one of components
is not exportable unless --export says so. What is said here holds for the whole
ceremony, and is shown to those who add their components.`,
		Example: `  switchd keys components begin banka/zmk --for zmk --of 3 --config switchd.yml --officer asha
  switchd keys components begin banka/zmk --for zmk --algorithm TDES --kcv 08D7B4 --config switchd.yml --officer asha`,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := ownName(args)
			if err != nil {
				return err
			}
			n, err := l.limits(name, true)
			if err != nil {
				return err
			}
			if of != 2 && of != 3 {
				return usageError{errors.New("--of is 2 or 3 components")}
			}
			if n.Algorithm.Rank(n.Bits/8) == 0 {
				return usageError{fmt.Errorf("a key of components is DES, TDES or AES with their lengths, not %s-%d", n.Algorithm, n.Bits)}
			}
			return f.enter(c, "components begin", name, func(d *keyDesk, all *pending) (*ceremony, error) {
				if all.of(name) != nil {
					return nil, fmt.Errorf("components of %s are being entered already: add yours, or cancel them ('switchd keys components status' shows them)", name)
				}
				if len(all.Ceremonies) == ceremoniesMax {
					return nil, fmt.Errorf("%d keys wait for components: add them, or cancel some", ceremoniesMax)
				}
				was := d.newest(c.Context(), name)
				if err := mayBegin(&n, &was); err != nil {
					return nil, err
				}
				all.Ceremonies = append(all.Ceremonies, newCeremony(&n, of, was.Version, d.now()))
				return &all.Ceremonies[len(all.Ceremonies)-1], nil
			})
		},
	}
	f.register(c)
	l.register(c)
	c.Flags().IntVar(&of, "of", of, "how many components the key has, 2 or 3")
	return c
}

// mayBegin refuses a ceremony whose key the module would not take at its end.
func mayBegin(n *hsm.New, was *hsm.KeyInfo) error {
	active := was.State == hsm.StateActive
	switch {
	case active && !n.Replace:
		return fmt.Errorf("%w: there is a key %s already: --replace puts the new one in its place", hsm.ErrDenied, n.As)
	case !active && n.Replace:
		return fmt.Errorf("%w: there is no key %s to be replaced", hsm.ErrKey, n.As)
	case active:
		return rule.MayReplace(&hsm.KeyInfo{Usage: n.Usage, Algorithm: n.Algorithm, Bits: n.Bits}, was)
	}
	return nil
}

func newComponentsAdd() *cobra.Command {
	var f componentFlags
	c := &cobra.Command{
		Use: "add NAME", Short: "Enter the next component of a key, by another officer; the last one makes it",
		Example: "  switchd keys components add banka/zmk --config switchd.yml --officer biko --key-kcv 0D1F2A",
		RunE: func(c *cobra.Command, args []string) error {
			name, err := ownName(args)
			if err != nil {
				return err
			}
			return f.enter(c, "components add", name, func(_ *keyDesk, all *pending) (*ceremony, error) {
				one := all.of(name)
				if one == nil {
					return nil, fmt.Errorf("no components of %s are being entered: 'switchd keys components begin' enters the first", name)
				}
				if len(one.Parts) == 0 {
					return nil, errNobodyAgreed // it was not these commands that wrote this
				}
				return one, nil
			})
		},
	}
	f.register(c)
	return c
}

// entering is one person's session.
type entering struct {
	all       *pending
	one       *ceremony
	component hsm.Secret
	part      ceremonyPart
	keyKCV    hsm.KCV
	whole     bool // the key was made
}

// enter takes one component, and with the last one makes the key.
func (f *componentFlags) enter(c *cobra.Command, action string, name hsm.KeyRef, find func(*keyDesk, *pending) (*ceremony, error)) error {
	var e entering
	defer func() { e.component.Wipe() }()
	info, err := f.do(c, keyDeed{
		action: action, name: name,
		ready: func(d *keyDesk) (err error) {
			if e.all, err = readPending(d.place.pending()); err != nil {
				return err
			}
			if e.one, err = find(d, e.all); err == nil {
				err = e.unchanged(c.Context(), d)
			}
			if err != nil {
				return err
			}
			return f.hear(c.Context(), d, &e)
		},
		work: func(ctx context.Context, d *keyDesk) (hsm.KeyInfo, error) {
			if len(e.one.Parts)+1 < e.one.Terms.Of {
				return hsm.KeyInfo{}, e.keep(ctx, d)
			}
			e.whole = true
			return e.finish(ctx, d)
		},
	})
	switch {
	case errors.Is(err, hsm.ErrVerify) && e.whole:
		return fmt.Errorf("%w\nNo key was made, and the components before yours are kept: a digit of one is wrong, or they do not belong together. Enter yours again, or cancel", err)
	case err != nil:
		return err
	case e.whole:
		return f.tell(c, &info, "made")
	}
	return f.report(c, &e)
}

// hear asks the person for her component, and refuses one that cannot be right.
func (f *componentFlags) hear(ctx context.Context, d *keyDesk, e *entering) (err error) {
	t := &e.one.Terms
	for _, p := range e.one.Parts {
		if p.Officer == d.who {
			return fmt.Errorf("%w: %s has entered a component of %s already: each is for another officer", hsm.ErrDenied, d.who, t.New.Name)
		}
	}
	n := t.New.key()
	number := len(e.one.Parts) + 1
	d.detail = fmt.Sprintf("component %d of %d of ceremony %s, %s", number, t.Of, t.ID, asked(&n))
	fmt.Fprintf(d.talk, "%s: component %d of %d, for %s, %s-%d, mode %c, %s\n",
		n.As, number, t.Of, n.Usage.Text(), n.Algorithm, n.Bits, n.Mode, exportWords[n.Export])
	for i, p := range e.one.Parts {
		fmt.Fprintf(d.talk, "  component %d by %s at %s, check value %s\n", i+1, p.Officer, keyTime(p.At), p.KCV)
	}
	text, err := d.ask.secretText(f.from, "--from", fmt.Sprintf("component, %d digits", n.Bits/4))
	if err != nil {
		return err
	}
	defer clear(text)
	if e.component, err = digits(text); err != nil {
		return err
	}
	kcv, err := rule.CheckComponent(n, hsm.Component{Part: e.component})
	if err != nil {
		return fmt.Errorf("%w\nNothing was kept: a component of this key has %d digits; look at each of yours", err, n.Bits/4)
	}
	if err := e.another(ctx, d.module, n); err != nil {
		return err
	}
	want, err := f.agreed(d.ask, f.check, "its check value, as on its sheet (Enter: none)")
	if err != nil {
		return err
	}
	if want != (hsm.KCV{}) && !kcv.Matches(want) {
		return fmt.Errorf("%w: the component has another check value, %s\nNothing was kept: a digit is wrong, or it is a component of something else", hsm.ErrVerify, kcv)
	}
	e.part = ceremonyPart{Officer: d.who, KCV: kcv.String(), At: d.now()}
	fmt.Fprintf(d.talk, "check value of the component: %s\n", kcv)
	d.detail += ", check value of the component " + kcv.String()
	if number == t.Of {
		e.keyKCV, err = f.agreed(d.ask, f.keyCheck, "check value of the key, as agreed (Enter: none)")
	} else if f.keyCheck != "" {
		err = usageError{errors.New("--key-kcv is for the last component: the key is not whole before")}
	}
	return err
}

// another refuses a component that is there already, while it can still be entered anew:
// of three, the key would be what the third holder has.
func (e *entering) another(ctx context.Context, m hsm.Module, n hsm.New) error {
	parts, err := e.one.take(ctx, m)
	defer wipeParts(parts)
	if err != nil {
		return err
	}
	for i, p := range parts {
		sum, err := rule.Sum(&hsm.Components{New: n, Parts: []hsm.Component{p, {Part: e.component}}})
		sum.Wipe()
		if err != nil {
			return fmt.Errorf("%w: it is equal to component %d: each officer has one of her own\nNothing was kept, and the components before yours are: enter yours", hsm.ErrDenied, i+1)
		}
	}
	return nil
}

// agreed is a check value from a flag, or from a person.
func (f *componentFlags) agreed(ask *asker, said, what string) (hsm.KCV, error) {
	if said != "" || f.from != "" || ask.tty == nil {
		return checkDigits(said)
	}
	for {
		said, err := ask.line(what)
		if err != nil {
			return hsm.KCV{}, err
		}
		kcv, err := checkDigits(said)
		if err == nil {
			return kcv, nil
		}
		fmt.Fprintln(ask.talk, err) // a slip here costs no second component
	}
}

// errNobodyAgreed refuses a ceremony without a component: what its key is for is
// authenticated with the components, the first of which comes together with it.
var errNobodyAgreed = fmt.Errorf("%w: nobody has entered a component, so nobody has agreed to what the key is for: the file was changed. Cancel, and begin again", hsm.ErrBlock)

// unchanged refuses a ceremony that is not what those who have entered components have
// agreed to.
func (e *entering) unchanged(ctx context.Context, d *keyDesk) error {
	parts, err := e.one.take(ctx, d.module)
	wipeParts(parts)
	return err
}

func wipeParts(parts []hsm.Component) {
	for _, p := range parts {
		p.Part.Wipe()
	}
}

// keep seals a component that is not the last.
func (e *entering) keep(ctx context.Context, d *keyDesk) error {
	if len(e.one.Parts) == 0 {
		_, err := d.module.Generate(ctx, hsm.New{
			As: e.one.sealedWith(), Usage: hsm.DataEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.NotExportable,
		})
		if err != nil {
			return err
		}
	}
	if err := e.one.put(ctx, d.module, e.part, e.component); err != nil {
		return err
	}
	return e.all.write(d.place.pending())
}

// finish makes the key, and then forgets the components. A process that ends in between
// leaves components of a key that is there, which the next deed finds and drops.
func (e *entering) finish(ctx context.Context, d *keyDesk) (hsm.KeyInfo, error) {
	parts, err := e.one.take(ctx, d.module)
	defer func() { wipeParts(parts) }()
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	n := e.one.Terms.New.key()
	parts = append(parts, hsm.Component{Part: e.component})
	info, err := d.module.ImportComponents(ctx, hsm.Components{New: n, Parts: parts, KCV: e.keyKCV})
	if err != nil {
		return info, err
	}
	e.all.drop(n.As)
	err = e.all.write(d.place.pending())
	if err == nil {
		err = d.shred(ctx, e.all)
	}
	if err != nil {
		err = fmt.Errorf("the key was made, but its components are still there, sealed; the next change of a key drops them: %w", err)
	}
	return info, err
}

// report says that the key waits for more.
func (f *componentFlags) report(c *cobra.Command, e *entering) error {
	if f.programs() {
		return f.encode(c.OutOrStdout(), viewCeremony(e.one, clock()))
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "kept component %d of %d of %s, check value %s, until %s\n",
		len(e.one.Parts), e.one.Terms.Of, e.one.Terms.New.Name, e.part.KCV, keyTime(e.one.Terms.Begun+int64(ceremonyTime)))
	return err
}

// ceremonyView is what --json says of a key that waits for components.
type ceremonyView struct {
	Name  hsm.KeyRef `json:"name"`
	Usage string     `json:"usage"`
	Begun string     `json:"begun"`
	Until string     `json:"until"`
	Over  bool       `json:"over"`
	Of    int        `json:"of"`
	Parts []partView `json:"components"`
}

type partView struct {
	Officer string `json:"officer"`
	KCV     string `json:"kcv"`
	At      string `json:"at"`
}

func viewCeremony(c *ceremony, now int64) ceremonyView {
	end := c.Terms.Begun + int64(ceremonyTime)
	v := ceremonyView{Name: c.Terms.New.Name, Usage: c.Terms.New.Usage.Text(), Begun: keyTime(c.Terms.Begun), Until: keyTime(end), Over: now >= end, Of: c.Terms.Of}
	for _, p := range c.Parts {
		v.Parts = append(v.Parts, partView{p.Officer, p.KCV, keyTime(p.At)})
	}
	return v
}

func newComponentsStatus() *cobra.Command {
	var f keysFlags
	c := &cobra.Command{
		Use: "status", Short: "Show which keys wait for components, and whose are there", Args: cobra.NoArgs,
		Example: "  switchd keys components status --config switchd.yml",
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := f.find()
			if err != nil {
				return err
			}
			all, err := readPending(p.pending())
			if err != nil {
				return err
			}
			views := []ceremonyView{}
			for _, one := range all.Ceremonies {
				views = append(views, viewCeremony(&one, clock()))
			}
			return printAll(c, &f.outputFlags, views, "no key waits for components")
		},
	}
	f.place(c)
	f.json(c)
	return c
}

func (v ceremonyView) print(w io.Writer) {
	until := "until " + v.Until
	if v.Over {
		until = "over since " + v.Until
	}
	fmt.Fprintf(w, "%s, %s: %d of %d components, %s\n", v.Name, v.Usage, len(v.Parts), v.Of, until)
	for i, p := range v.Parts {
		fmt.Fprintf(w, "  %d  %s  %s  %s\n", i+1, p.KCV, p.At, p.Officer)
	}
}

func newComponentsCancel() *cobra.Command {
	var f keysFlags
	c := &cobra.Command{
		Use: "cancel NAME", Short: "Forget the components of a key that are there", Long: "Any officer may cancel: components that were entered are destroyed, and all begin again.",
		Example: "  switchd keys components cancel banka/zmk --config switchd.yml --officer asha",
		RunE: func(c *cobra.Command, args []string) error {
			name, err := ownName(args)
			if err != nil {
				return err
			}
			var all *pending
			_, err = f.do(c, keyDeed{
				action: "components cancel", name: name,
				ready: func(d *keyDesk) (err error) {
					if all, err = readPending(d.place.pending()); err != nil {
						return err
					}
					if all.of(name) == nil {
						return fmt.Errorf("no components of %s are being entered", name)
					}
					all.drop(name)
					return nil
				},
				work: func(ctx context.Context, d *keyDesk) (hsm.KeyInfo, error) {
					if err := all.write(d.place.pending()); err != nil {
						return hsm.KeyInfo{}, err
					}
					return hsm.KeyInfo{}, d.shred(ctx, all)
				},
			})
			if err == nil {
				fmt.Fprintf(c.ErrOrStderr(), "forgot the components of %s\n", name)
			}
			return err
		},
	}
	f.who(c)
	return c
}
