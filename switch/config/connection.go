package config

import (
	"net"
	"net/netip"
	"slices"
)

// connections reads how a participant connects, and from where it may.
func (b *binder) connections(o object, p *Participant) {
	links := o.get("links").object("links")
	p.Links = Links{
		Listen: links.get("listen").integer(),
		Window: links.get("window").integer(),
		Outbox: links.get("outbox").bytes(),
		Dial:   b.dials(links.get("dial")),
	}
	p.Allow = b.prefixList(o.get("allow"))
	p.TLSMin = o.get("tls_min").oneOf(b.known)
	here := seen{}
	for _, entry := range o.get("pins").list(`"sha256/..."`) {
		if s, ok := entry.match(); ok && here.add(entry, s, "pin "+shown(s)) {
			p.Pins = append(p.Pins, s)
		}
	}
}

// dials reads the connections that the switch makes. Two with the same addresses in
// one group would be one.
func (b *binder) dials(v value) []Dial {
	var out []Dial
	for _, entry := range v.list(`{addresses: ["192.0.2.10:8583"]}`) {
		o := entry.object("this entry of dial")
		d := Dial{Group: o.get("group").integer(), Links: o.get("links").integer()}
		here := seen{}
		addresses := o.get("addresses")
		for _, each := range addresses.list(`"192.0.2.10:8583"`) {
			if s := b.peer(each); s != "" && here.add(each, s, s) {
				d.Addresses = append(d.Addresses, s)
			}
		}
		if o.has("addresses") && o.empty("addresses") {
			addresses.fault("addresses is empty: write host:port of the participant")
		}
		out = append(out, d)
	}
	for i := range out {
		for j := range i {
			if out[i].Group == out[j].Group && len(out[i].Addresses) > 0 && slices.Equal(out[i].Addresses, out[j].Addresses) {
				v.fault("dial has the same addresses in group %d twice: give one entry more links", out[i].Group)
			}
		}
	}
	return out
}

// peer reads a host:port to connect to.
func (b *binder) peer(v value) string {
	if _, isMapping := mappingPairs(v.node); isMapping {
		v.fault(`%s is read as a key and its value: put it in quotes, for example "192.0.2.10:8583"`, v.name)
		return ""
	}
	s, host, ok := v.hostPort()
	if !ok {
		return ""
	}
	if _, port, _ := net.SplitHostPort(s); host == "" || port == "0" {
		v.fault("%s is %s: a connection needs a host and a port above 0", v.name, shown(s))
		return ""
	}
	return s
}

// prefixList reads a list of addresses, each with or without a number of bits.
func (b *binder) prefixList(v value) []netip.Prefix {
	var out []netip.Prefix
	here := seen{}
	for _, entry := range v.list("192.0.2.0/24") {
		s, ok := entry.text()
		if !ok {
			continue
		}
		prefix, ok := prefixOf(s)
		switch {
		case !ok:
			entry.fault("%s is %s: write an IP address, or one with the number of its fixed bits, for example 192.0.2.10 or 192.0.2.0/24", entry.name, shown(s))
		case prefix != prefix.Masked():
			entry.fault("%s is %s: it has bits behind the first %d; is %s meant?", entry.name, shown(s), prefix.Bits(), prefix.Masked())
		case here.add(entry, prefix.String(), prefix.String()):
			out = append(out, prefix)
		}
	}
	return out
}

// prefixOf reads an address with or without a number of bits. One that stands for an
// address of IPv4 in IPv6 would never match.
func prefixOf(s string) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		prefix = netip.PrefixFrom(a, a.BitLen())
	}
	return prefix, !prefix.Addr().Is4In6()
}
