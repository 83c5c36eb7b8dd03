package config

import (
	"net/netip"
	"strings"
)

// AdminAccess is who may use the admin port, and how it is protected.
type AdminAccess struct {
	// Users is the file of users, joined to the file's folder; empty: nobody has to show
	// who he is, and everyone on this machine has all roles.
	Users string
	// Cert and Key are the PEM files of the port's own certificate; empty: plain HTTP.
	Cert, Key string
	// ClientCA are the authorities of users' certificates; empty: they show none.
	ClientCA string
	// TwoPerson says that some orders wait for a second person. Default true; it counts
	// only with users.
	TwoPerson bool
}

var adminAccessShape = table(
	key{name: "users", is: anyText, restart: true, says: "file of users, a line each: NAME ROLE[,ROLE] token SHA256, or certificate URI or pin; its content is read again when it changes. Without: everyone who reaches the port has all roles"},
	key{name: "cert", is: anyText, restart: true, says: "the port's own certificate, with the names of its host; its content is read again when it changes. Without: plain HTTP"},
	key{name: "key", is: anyText, restart: true, says: "its private key, which not everyone may read"},
	key{name: "client_ca", is: anyText, restart: true, says: "certificates that sign those of users; without: users show no certificates"},
	key{name: "two_person", is: truth, def: "true", restart: true, says: "caps, by an order or a reload, and decisions about payments wait for a second person; only with users"},
)

// access reads who may use the admin port. What other machines can reach is for users
// only, over TLS.
func (b *binder) access(v, address value, c *Config) {
	o := v.object("admin_access")
	a := AdminAccess{
		Users: b.optionalPath(o.get("users")), Cert: b.optionalPath(o.get("cert")), Key: b.optionalPath(o.get("key")),
		ClientCA: b.optionalPath(o.get("client_ca")), TwoPerson: o.get("two_person").truth(),
	}
	for _, k := range []string{"users", "cert", "key", "client_ca"} {
		if at := o.get(k); !at.absent() {
			c.places["admin_access."+k] = at.at
		}
	}
	needs := func(name, other string) {
		if o.has(name) && !o.has(other) {
			o.get(name).fault("admin_access has %s without %s: add it, or leave both out", name, other)
		}
	}
	needs("cert", "key")
	needs("key", "cert")
	needs("client_ca", "cert")
	needs("client_ca", "users")
	c.AdminAccess = a
	c.Admin = b.adminAddress(address, o)
}

// adminAddress reads the address of the admin port, and what it needs.
func (b *binder) adminAddress(v value, o object) string {
	s, host, ok := v.hostPort()
	if !ok || loopback(host) {
		return s
	}
	var missing []string
	for _, name := range []string{"cert", "key", "users"} {
		if !o.has(name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		v.fault("%s is %s, which other machines can reach: admin_access must have cert, key and users (it has no %s), or use a loopback address, for example 127.0.0.1:9583", v.name, shown(s), strings.Join(missing, ", no "))
		return ""
	}
	return s
}

// loopback says whether other machines cannot reach a host.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
