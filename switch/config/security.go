package config

import (
	"slices"
	"time"
)

// HSM is the security module of a switch. Without a Driver it has none.
type HSM struct {
	// Driver is soft, payshield or pkcs11.
	Driver string
	// Keys is a file: with the keys themselves (soft), or with what the module has given
	// for them (payshield).
	Keys string
	// Unlock is a file: the passphrase, or 32 bytes in hexadecimal digits, of Keys (soft);
	// the PIN of the token (pkcs11).
	Unlock string
	// Addresses of modules, host:port (payshield).
	Addresses []string
	// PayShield is what else a payShield needs.
	PayShield PayShield
	// Library is the module's own, Token the label of its token (pkcs11).
	Library, Token string
	// Workers is how many calls are inside the module at once, Queue how many wait, and
	// Timeout how long a call may take, its wait included.
	Workers, Queue int
	Timeout        time.Duration
	// Seal is the name of the key that seals the file of SealKey; empty: it is in the
	// clear.
	Seal string
	// AccountRule says which digits of an account that is no card PIN blocks are bound
	// to: padded13 or whole12.
	AccountRule string
}

// MAC is how the messages of a participant are authenticated. Without a Key they are
// not.
type MAC struct {
	Key       string // its name in the module
	Algorithm string // X9.9, X9.19, AES-CMAC, TDES-CMAC
	Size      int    // bytes of DE64 or DE128 that count
}

// PIN is the zone of a participant's PIN blocks. Without a Key it has none.
type PIN struct {
	Key    string // its name in the module
	Format string // ISO-0, ISO-3, ISO-4
}

// Signature is how the messages of a participant of ISO 20022 are signed. Without a
// Kind they are not.
type Signature struct {
	Kind         string   // jws, xmldsig
	Algorithm    string   // ES256, PS256
	Key          string   // the switch's own, by its name in the module
	Certificate  string   // file: of the switch's own
	Certificates []string // files: those that the participant signs with
}

var hsmShape = table(
	key{name: "driver", is: wordOf("soft", "payshield", "pkcs11"), example: "soft", restart: true, says: "soft: keys in a file, for development and tests; payshield: a module that speaks payShield host commands; pkcs11: a library of a module, in binaries that are built for it"},
	key{name: "keys", is: anyText, restart: true, says: "file with the keys (soft), or with what the module has given for them (payshield)"},
	key{name: "unlock", is: anyText, restart: true, says: "file with the passphrase of keys, or 64 hexadecimal digits (soft), or with the PIN of the token (pkcs11); not everyone may read it"},
	key{name: "addresses", is: listOf(anyText, 16), restart: true, says: "host:port of each module (payshield)"},
	key{name: "tls", is: moduleTLSShape, says: "TLS to the modules (payshield); needed with profile production, but for tunnel"},
	key{name: "tunnel", is: truth, def: "false", restart: true, says: "addresses are this machine's ends of tunnels that have TLS of their own, loopback addresses (payshield)"},
	key{name: "lmk", is: textOf(&lmkForm), restart: true, says: "which local master key of the modules is meant (payshield); without: their own"},
	key{name: "header_len", is: number(2, 32), def: "4", restart: true, says: "length of the message header, as the modules have it (payshield)"},
	key{name: "variant_lmk", is: truth, def: "false", restart: true, says: "new keys are kept under a variant LMK (schemes U and T), not as key blocks (payshield)"},
	key{name: "library", is: anyText, restart: true, says: "the module's own library (pkcs11)"},
	key{name: "token", is: textOf(&tokenForm), restart: true, says: "label of the token (pkcs11)"},
	key{name: "workers", is: number(1, 256), def: "8", restart: true, says: "calls inside the module at once"},
	key{name: "queue", is: number(1, 65_536), def: "4096", restart: true, says: "calls that wait for a worker; more are refused at once"},
	key{name: "timeout", is: lasting(10*time.Millisecond, time.Minute), def: "500ms", restart: true, says: "until a call is given up, its wait included"},
	key{name: "seal", is: textOf(&keyNameForm), restart: true, says: "name of the module's key that seals seal_key, by which data_dir is sealed; without: seal_key is in the clear"},
	key{name: "account_rule", is: wordOf("padded13", "whole12"), def: "padded13", restart: true, says: "which digits of an account that is no card PIN blocks are bound to: the last 12 behind a zero, or the last 12 with the last one bound as well"},
)

var macShape = table(
	key{name: "key", is: textOf(&keyNameForm), example: "banka/zak", says: "its name in the security module"},
	key{name: "algorithm", is: wordOf("X9.9", "X9.19", "AES-CMAC", "TDES-CMAC"), example: "AES-CMAC", says: "how the code is made"},
	key{name: "size", is: number(4, 8), def: "8", says: "bytes of the code that count, from the left; the rest is zeros"},
)

var pinShape = table(
	key{name: "key", is: textOf(&keyNameForm), example: "banka/zpk", says: "its name in the security module"},
	key{name: "format", is: wordOf("ISO-0", "ISO-3", "ISO-4"), example: "ISO-0", says: "of its PIN blocks (ISO 9564)"},
)

var signatureShape = table(
	key{name: "kind", is: wordOf("jws", "xmldsig"), example: "jws", says: "jws: detached, in front of each message; xmldsig: in its header (AppHdr)"},
	key{name: "algorithm", is: wordOf("ES256", "PS256"), def: "ES256", says: "how both sides sign"},
	key{name: "key", is: textOf(&keyNameForm), example: "switch/sign", says: "the switch's own key, by its name in the security module"},
	key{name: "certificate", is: anyText, example: "certs/switch-sign.pem", says: "PEM file: of that key"},
	key{name: "certificates", is: listOf(anyText, 8), example: "[certs/BANKA-sign.pem]", says: "PEM files: those that the participant signs with"},
)

// hsmNeeds are the keys that each driver must have.
var hsmNeeds = map[string][]string{"soft": {"keys", "unlock"}, "payshield": {"keys", "addresses"}, "pkcs11": {"library", "token", "unlock"}}

// hsmMay are the keys that a driver may have beside those.
var hsmMay = map[string][]string{"payshield": payShieldKeys}

// hsmTakes are the keys that belong to drivers; the others are for all.
var hsmTakes = append([]string{"keys", "unlock", "addresses", "library", "token"}, payShieldKeys...)

// hsm reads the module of a switch with a profile.
func (b *binder) hsm(v value, profile string) HSM {
	if v.absent() {
		return HSM{}
	}
	o := v.object("hsm")
	h := HSM{
		Driver: o.get("driver").oneOf(b.known), Keys: b.optionalPath(o.get("keys")), Unlock: b.optionalPath(o.get("unlock")),
		Library: b.optionalPath(o.get("library")),
		Workers: o.get("workers").integer(), Queue: o.get("queue").integer(), Timeout: o.get("timeout").duration(),
		AccountRule: o.get("account_rule").oneOf(b.known),
	}
	if token := o.get("token"); !token.absent() {
		h.Token, _ = token.match()
	}
	h.Seal = b.keyName(o.get("seal"))
	here := seen{}
	for _, entry := range o.get("addresses").list(`"192.0.2.20:1500"`) {
		if s := b.peer(entry); s != "" && here.add(entry, s, s) {
			h.Addresses = append(h.Addresses, s)
		}
	}
	b.payShield(v, o, &h, profile)
	b.driverCan(o, &h, profile)
	needs, may := hsmNeeds[h.Driver], hsmMay[h.Driver]
	for _, name := range hsmTakes {
		switch there, needed := o.has(name), slices.Contains(needs, name); {
		case h.Driver == "":
		case needed && (!there || name == "addresses" && o.empty(name)):
			v.fault("hsm with driver %s has no key %q: add it", h.Driver, name)
		case there && !needed && !slices.Contains(may, name):
			o.get(name).fault("%s is not for driver %s: remove it", name, h.Driver)
		}
	}
	return h
}

// driverCan refuses what a driver cannot be for.
func (b *binder) driverCan(o object, h *HSM, profile string) {
	for _, name := range []string{"driver", "keys", "unlock", "library", "tls", "seal"} {
		b.spots["hsm."+name] = o.get(name).spot()
	}
	if h.Driver == "soft" && profile == "production" {
		o.get("driver").fault("driver soft is for development and tests: with profile production a hardware module is needed, payshield or pkcs11")
	}
	if h.Driver == "payshield" && o.has("seal") {
		o.get("seal").fault("seal is not for driver payshield, which seals no data: remove it")
	}
}

// security reads how a participant's messages are protected, which needs a module.
func (b *binder) security(o object, p *Participant) {
	if v := o.get("mac"); !v.absent() {
		mac := v.object("mac")
		b.spots[p.ID+" mac.key"] = mac.get("key").spot()
		p.MAC = MAC{Key: b.keyName(mac.get("key")), Algorithm: mac.get("algorithm").oneOf(b.known), Size: mac.get("size").integer()}
		b.needsModule(v)
	}
	if v := o.get("pin"); !v.absent() {
		pin := v.object("pin")
		b.spots[p.ID+" pin.key"] = pin.get("key").spot()
		p.PIN = PIN{Key: b.keyName(pin.get("key")), Format: pin.get("format").oneOf(b.known)}
		b.needsModule(v)
	}
	if v := o.get("key_exchange"); !v.absent() {
		p.KeyExchange = b.keyName(v)
		b.spots[p.ID+" key_exchange"] = v.spot()
		b.needsModule(v)
		if !o.has("mac") && !o.has("pin") {
			v.fault("key_exchange without mac and pin: there is no key to exchange; add one of them, or remove it")
		}
	}
	if v := o.get("signature"); !v.absent() {
		p.Signature = b.signature(v, p.ID)
		b.needsModule(v)
	}
}

func (b *binder) signature(v value, id string) Signature {
	o := v.object("signature")
	b.spots[id+" signature.key"] = o.get("key").spot()
	s := Signature{
		Kind: o.get("kind").oneOf(b.known), Algorithm: o.get("algorithm").oneOf(b.known),
		Key: b.keyName(o.get("key")), Certificate: b.path(o.get("certificate")),
	}
	here := seen{}
	certificates := o.get("certificates")
	for _, entry := range certificates.list("certs/BANKA-sign.pem") {
		if file := b.path(entry); file != "" && here.add(entry, file, file) {
			s.Certificates = append(s.Certificates, file)
		}
	}
	if o.has("certificates") && o.empty("certificates") {
		certificates.fault("certificates is empty: name the files that the participant signs with")
	}
	return s
}

// keyName reads the name of a key of the module.
func (b *binder) keyName(v value) string {
	if v.absent() {
		return ""
	}
	s, _ := v.match()
	return s
}

// needsModule reports what asks for a security module where there is none.
func (b *binder) needsModule(v value) {
	if !b.module {
		v.fault("%s needs a security module: add hsm to the configuration, for example hsm: {driver: soft, keys: keys.hsm, unlock: keys.unlock}", v.name)
	}
}
