package config

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// hostForm is a DNS name with a letter somewhere: digits and dots alone are an
// IP address, and then a wrong one.
var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)

// address reads a host:port to listen on. An empty host means all interfaces,
// port 0 means that the system picks one (tests do that).
func (b *binder) address(v value) string {
	s, _, ok := v.hostPort()
	if !ok {
		return ""
	}
	return s
}

func (v value) hostPort() (address, host string, ok bool) {
	s, ok := v.text()
	if !ok {
		return "", "", false
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		v.fault("%s is %s: write host:port, for example 127.0.0.1:8583, or [::1]:8583", v.name, shown(s))
		return "", "", false
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		v.fault("%s is %s: the port must be a number from 0 to 65535", v.name, shown(s))
		return "", "", false
	}
	if !validHost(host) {
		v.fault("%s is %s: the host must be an IP address or a host name", v.name, shown(s))
		return "", "", false
	}
	return s, host, true
}

func validHost(host string) bool {
	if host == "" {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return hostForm.MatchString(host) && strings.Trim(host, "0123456789.") != ""
}
