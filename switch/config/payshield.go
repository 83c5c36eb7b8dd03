package config

import (
	"net"
	"net/netip"
)

// PayShield is how a switch speaks with payShields, beside their addresses.
type PayShield struct {
	// TLS is the switch's own end; without a CA connections are plain.
	TLS ModuleTLS
	// Tunnel says that the addresses are this machine's ends of tunnels, which have TLS
	// of their own.
	Tunnel bool
	// LMK says which local master key of the modules is meant, by its two digits; empty:
	// their own.
	LMK string
	// HeaderLen is the length of the message header, as the modules have it.
	HeaderLen int
	// VariantLMK says that new keys are kept under a variant of the LMK, not as key blocks.
	VariantLMK bool
}

// ModuleTLS is TLS with security modules: the switch's own files, and what the modules'
// certificates must be.
type ModuleTLS struct {
	CA, Cert, Key string
	ServerName    string   // that their certificates must have; empty: the host of each address
	Min           string   // oldest version: "1.3" or "1.2"
	Pins          []string // of keys that their certificates may have; none: any
}

var moduleTLSShape = table(
	key{name: "ca", is: anyText, example: "certs/hsm-ca.pem", restart: true, says: "PEM file: certificates that sign those of the modules"},
	key{name: "cert", is: anyText, example: "certs/hsm-client.pem", restart: true, says: "PEM file: the switch's own certificate for the modules"},
	key{name: "key", is: anyText, example: "certs/hsm-client-key.pem", restart: true, says: "PEM file: its private key, which not everyone may read"},
	key{name: "server_name", is: anyText, restart: true, says: "host name or IP address that the modules' certificates must have; without: the host of each address"},
	key{name: "min", is: wordOf("1.3", "1.2"), def: "1.2", restart: true, says: "oldest version of TLS; a payShield 10K speaks 1.2"},
	key{name: "pins", is: listOf(textOf(&pinForm), pinsMax), restart: true, says: "SHA-256 of public keys that the modules' certificates may have; without: any that the CA has signed"},
)

// payShieldKeys are what may be said of payShields only.
var payShieldKeys = []string{"tls", "tunnel", "lmk", "header_len", "variant_lmk"}

// payShield reads how modules are spoken with. With profile production nothing goes over
// a network without TLS: answers to questions about PINs and codes are neither secret nor
// proven by the protocol itself.
func (b *binder) payShield(v value, o object, h *HSM, profile string) {
	p := &h.PayShield
	p.Tunnel, p.HeaderLen, p.VariantLMK = o.get("tunnel").truth(), o.get("header_len").integer(), o.get("variant_lmk").truth()
	if lmk := o.get("lmk"); !lmk.absent() {
		p.LMK, _ = lmk.match()
	}
	p.TLS = b.moduleTLS(o.get("tls"))
	switch {
	case h.Driver != "payshield":
	case p.Tunnel && o.has("tls"):
		o.get("tunnel").fault("tunnel and tls are both there: with tls the switch has the module's end of TLS itself; remove one of them")
	case p.Tunnel:
		b.nearEnds(o.get("addresses"), h.Addresses)
	case profile == "production" && !o.has("tls"):
		v.fault("hsm without tls: with profile production the way to a payShield is TLS. Add tls, for example tls: {ca: certs/hsm-ca.pem, cert: certs/hsm-client.pem, key: certs/hsm-client-key.pem}, or tunnel: true if addresses are this machine's ends of a tunnel with TLS")
	}
}

// nearEnds refuses addresses of a tunnel that other machines have.
func (b *binder) nearEnds(v value, addresses []string) {
	for _, address := range addresses {
		host, _, _ := net.SplitHostPort(address) // was looked at when it was read
		if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
			v.fault("%s is no address of this machine's own, and tunnel says that it is: write a loopback address, for example 127.0.0.1:1500, or remove tunnel", shown(address))
		}
	}
}

func (b *binder) moduleTLS(v value) ModuleTLS {
	if v.absent() {
		return ModuleTLS{}
	}
	o := v.object("tls")
	t := ModuleTLS{
		CA: b.path(o.get("ca")), Cert: b.path(o.get("cert")), Key: b.path(o.get("key")),
		Min: o.get("min").oneOf(b.known),
	}
	for _, k := range []string{"ca", "cert", "key"} {
		b.places["hsm.tls."+k] = o.get(k).at
	}
	if name := o.get("server_name"); !name.absent() {
		s, ok := name.text()
		if ok && (s == "" || !validHost(s)) {
			name.fault("server_name is %s: write a host name or an IP address, without a port", shown(s))
		}
		t.ServerName = s
	}
	here := seen{}
	for _, entry := range o.get("pins").list(`"sha256/..."`) {
		if s, ok := entry.match(); ok && here.add(entry, s, "pin "+shown(s)) {
			t.Pins = append(t.Pins, s)
		}
	}
	return t
}
