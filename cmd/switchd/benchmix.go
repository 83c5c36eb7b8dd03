package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"switchd/hsm"
	"switchd/hsm/mac"
	"switchd/hsm/soft"
	"switchd/hsm/symmetric"
	"switchd/switch/bench"
	"switchd/switch/config"
)

// benchMix is what the load has beside plain payments.
type benchMix struct {
	XML               float64  // share of the participants that speak ISO 20022
	Receipts          bool     // they acknowledge final answers, and take confirmations
	Declines, Silence float64  // shares of payments that a bank declines, of legs that it never answers
	MAC               string   // algorithm of the codes, "" for none; with PIN blocks
	list              []string // its items as they count, with what was not said filled in
}

// mixItem is one thing that a mix can have.
type mixItem struct {
	name, def string
	spawned   bool // it needs a switch that was configured for it
	says      string
	take      func(m *benchMix, value string) error
}

var mixItems = []mixItem{
	{"iso20022", "0.5", true, "that share of the participants speaks ISO 20022 (pain.001 and pain.002, acmt.023 and 024, pacs.003, 008 and 002), with the same legs as the others. It measures reading, checking and writing XML", (*benchMix).takeXML},
	{"receipts", "on", true, "participants of ISO 20022 acknowledge final answers, and are told of each credit that it is final: up to four messages more for a payment. It measures what the switch owes until it is acknowledged", (*benchMix).takeReceipts},
	{"pin-mac", "X9.19", true, "each request has a PIN block, each message of ISO 8583 a code (X9.9, X9.19, AES-CMAC, TDES-CMAC); the switch has the keys in its module in software. It measures checking and making codes and translating PINs", (*benchMix).takeMAC},
	{"declines", "0.01", false, "that share of the payments (at most 0.5) is declined: three in four by the payer's bank for want of funds, the others by the payee's bank, so that the debit is reversed. With the right code each counts as it should. It measures what a decline costs, and reversals", (*benchMix).takeDeclines},
	{"silence", "0.001", true, "that share of the debits, and of the credits (at most 0.1), is never answered: the switch has to time out after 3 s and to reverse, or to deem and advise. Such payments are in no percentile; they count as they should when they have ended rightly, and the books balance. It measures repair under load", (*benchMix).takeSilence},
}

// mixHelp is what the command says of mixes.
func mixHelp() string {
	var b strings.Builder
	b.WriteString("--mix is a list of these, with commas between:\n")
	for _, i := range mixItems {
		name := i.name + "=" + i.def
		if i.spawned {
			name += ", with --spawn"
		}
		fmt.Fprintf(&b, "\n  %s\n%s", name, paragraph(i.says, "      ", 80))
	}
	return strings.TrimRight(b.String(), "\n")
}

// paragraph breaks a text into lines of a width, each with the same beginning.
func paragraph(text, indent string, width int) string {
	var b strings.Builder
	line := indent[:len(indent)-1]
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line = indent[:len(indent)-1]
		}
		line += " " + word
	}
	return b.String() + line + "\n"
}

// parseMix reads a list of NAME or NAME=VALUE.
func parseMix(text string, spawn bool) (m benchMix, err error) {
	if text == "" {
		return m, nil
	}
	seen := map[string]bool{}
	for word := range strings.SplitSeq(text, ",") {
		name, value, given := strings.Cut(strings.TrimSpace(word), "=")
		at := slices.IndexFunc(mixItems, func(i mixItem) bool { return i.name == name })
		switch {
		case at < 0:
			return m, fmt.Errorf("--mix: %q is not known; there are %s", name, strings.Join(mixNames(), ", "))
		case seen[name]:
			return m, fmt.Errorf("--mix: %s stands there twice", name)
		case mixItems[at].spawned && !spawn:
			return m, fmt.Errorf("--mix %s needs --spawn: the switch must be configured for it", name)
		}
		seen[name] = true
		if !given {
			value = mixItems[at].def
		}
		if err := mixItems[at].take(&m, value); err != nil {
			return m, fmt.Errorf("--mix %s: %w", name, err)
		}
		m.list = append(m.list, name+"="+value)
	}
	slices.Sort(m.list)
	if m.Receipts && (m.XML == 0 || m.Silence > 0) {
		return m, errors.New("--mix receipts goes with iso20022 and not with silence: who takes receipts is also asked about a credit in doubt, and would have to answer")
	}
	return m, nil
}

func mixNames() (names []string) {
	for _, i := range mixItems {
		names = append(names, i.name)
	}
	return names
}

func (m *benchMix) takeXML(value string) (err error) {
	m.XML, err = parseShare(value, 1)
	return err
}

func (m *benchMix) takeReceipts(value string) error {
	if value != "on" {
		return fmt.Errorf("%q: it is on, or not in the list", value)
	}
	m.Receipts = true
	return nil
}

// parseShare reads a share, more than 0 and at most the given one.
func parseShare(text string, most float64) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0 && v <= most) {
		return 0, fmt.Errorf("%q is no share above 0 and up to %g", text, most)
	}
	return v, nil
}

// dialects gives the participants of a spawned switch their dialects: those of ISO
// 20022 are spread evenly, and every fourth of the others speaks iso87-ascii.
func (m *benchMix) dialects(all []spawnedParticipant) {
	others := 0
	for i := range all {
		p := &all[i]
		p.Dialect, p.Framing = "iso87-npci", "BIN2"
		if int(float64(i+1)*m.XML) > int(float64(i)*m.XML) {
			p.Dialect, p.Framing = dialect20022, "BIN4"
			if !m.Receipts {
				p.Proof = ", abilities: []"
			}
			continue
		}
		if others++; others%4 == 0 {
			p.Dialect = "iso87-ascii"
		}
	}
}

func (m *benchMix) takeDeclines(value string) (err error) {
	m.Declines, err = parseShare(value, 0.5)
	return err
}

func (m *benchMix) takeSilence(value string) (err error) {
	m.Silence, err = parseShare(value, 0.1)
	return err
}

func (m *benchMix) takeMAC(value string) error {
	if _, known := macAlgorithms[value]; !known {
		return fmt.Errorf("%q is none of %s", value, strings.Join(slices.Sorted(maps.Keys(macAlgorithms)), ", "))
	}
	m.MAC = value
	return nil
}

// makeKeys makes a module in software with a key for codes and one for PIN blocks of
// each participant of ISO 8583, and says how the participants use them.
func (m *benchMix) makeKeys(dir string, participants []spawnedParticipant) (proofs map[string]bench.Proof, err error) {
	if m.MAC == "" {
		return nil, nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	seal := make([]byte, 32)
	if _, err := rand.Read(seal); err != nil {
		return nil, err
	}
	if err := writeKey(filepath.Join(dir, "switch.unlock"), seal); err != nil {
		return nil, err
	}
	module, err := soft.Create(soft.Options{Path: filepath.Join(dir, "switch.hsm"), Key: hsm.NewSecret(seal), Clock: clock})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, module.Close()) }()
	proofs = map[string]bench.Proof{}
	for i := range participants {
		p := &participants[i]
		if p.Dialect == dialect20022 {
			continue
		}
		if proofs[p.ID], err = m.proofOf(module, p.Handle); err != nil {
			return nil, fmt.Errorf("make keys of %s: %w", p.ID, err)
		}
		p.Proof = fmt.Sprintf(", mac: {key: %s/zak, algorithm: %s}, pin: {key: %s/zpk, format: ISO-0}", p.Handle, m.MAC, p.Handle)
	}
	return proofs, nil
}

// proofOf makes the keys of one participant.
func (m *benchMix) proofOf(into hsm.Keeper, name string) (p bench.Proof, err error) {
	by := macAlgorithms[m.MAC]
	codes, err := shareKey(into, hsm.New{As: hsm.KeyRef(name + "/zak"), Usage: by.Usage(), Algorithm: macCipher(by), Mode: hsm.MACBothWays, Export: hsm.NotExportable})
	if err != nil {
		return p, err
	}
	if p.MAC, err = mac.NewKey(by, 0, codes); err != nil {
		return p, err
	}
	pins, err := shareKey(into, hsm.New{As: hsm.KeyRef(name + "/zpk"), Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Mode: hsm.BothWays, Export: hsm.NotExportable})
	if err != nil {
		return p, err
	}
	p.PIN, err = symmetric.New(hsm.TDES, pins)
	return p, err
}

// shareKey makes a key for the module, and gives it. A module takes keys that come in
// clear as components only; of three of them with odd parity the sum has it too.
func shareKey(into hsm.Keeper, n hsm.New) ([]byte, error) {
	key := make([]byte, 16)
	if n.Algorithm == hsm.DES {
		key = key[:8]
	}
	var parts []hsm.Component
	for range 3 {
		part := make([]byte, len(key))
		if _, err := rand.Read(part); err != nil {
			return nil, err
		}
		for i := range part {
			if n.Algorithm != hsm.AES {
				part[i] ^= byte(1 - bits.OnesCount8(part[i])&1)
			}
			key[i] ^= part[i]
		}
		parts = append(parts, hsm.Component{Part: hsm.NewSecret(part)})
	}
	_, err := into.ImportComponents(context.Background(), hsm.Components{New: n, Parts: parts})
	return key, err
}

// benchSpeech is how a participant of a configuration speaks.
func benchSpeech(to *bench.Participant, p *config.Participant) (err error) {
	if p.Dialect == dialect20022 {
		to.Receipts = slices.Contains(abilitiesOf(p), "receipts")
		to.Profile, err = profileOf(p)
		return err
	}
	to.Dialect, err = builtinSpec(p.Dialect)
	return err
}
