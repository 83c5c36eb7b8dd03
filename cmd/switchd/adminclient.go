package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/config"
)

// adminFlags say which switch is spoken to, and who speaks.
type adminFlags struct {
	config, address  string
	dir              string         // of commands that find the switch by its data folder
	byDir            bool           // there is a flag for it
	command          *cobra.Command // whose flags these are; nil: nobody is told anything on the way
	anybody          bool           // the switch asks nobody who he is: the environment's token stays here
	tokenFile        string
	cert, key, ca    string
	reason, operator string
	outputFlags
}

func (f *adminFlags) register(c *cobra.Command, commands bool) {
	f.registerPort(c)
	f.outputFlags.register(c)
	if fl := c.Flags(); commands {
		fl.StringVar(&f.reason, "reason", "", "why: kept for ever with the decision")
		fl.StringVar(&f.operator, "operator", "", "who decides, where nobody has to show who he is (default: your login name)")
	}
}

// registerPort registers which switch it is, and who asks.
func (f *adminFlags) registerPort(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "configuration of the running switch, for the address of its admin port")
	fl.StringVar(&f.address, "admin", "", "address of the admin port, host:port or https://host:port, instead of --config")
	f.registerCredentials(c)
}

// registerDir has a running switch found by its data folder: by what is in force,
// whatever stands in a file that is still to be.
func (f *adminFlags) registerDir(c *cobra.Command) {
	f.byDir = true
	c.Flags().StringVar(&f.dir, "dir", "", "data folder of the running switch, for the address of the admin port that is in force")
	c.MarkFlagsMutuallyExclusive("dir", "admin")
}

// tokenFileEnv names the file with the token where no flag does.
const tokenFileEnv = "SWITCHD_TOKEN_FILE"

// registerCredentials registers who speaks to the admin port. A token is never a flag:
// everybody on the machine sees those.
func (f *adminFlags) registerCredentials(c *cobra.Command) {
	f.command = c
	fl := c.Flags()
	fl.StringVar(&f.tokenFile, "token-file", "", "file with your token for the admin port (default: $"+tokenFileEnv+")")
	fl.StringVar(&f.cert, "cert", "", "your client certificate for the admin port, PEM")
	fl.StringVar(&f.key, "key", "", "key of --cert, PEM")
	fl.StringVar(&f.ca, "ca", "", "authority that has signed the certificate of the admin port, PEM (default: what the configuration says)")
	c.MarkFlagsRequiredTogether("cert", "key")
}

// adminWait bounds a call to the admin port.
const adminWait = 10 * time.Second

// errNoSwitch is wrapped by the error about an admin port that is not there.
var errNoSwitch = errors.New("no switch answers")

// errNoLogin is wrapped by the refusal of who has not said who he is.
var errNoLogin = errors.New("wants to know who you are")

// adminPort is where a switch is asked, and by whom.
type adminPort struct {
	address string // host:port
	secure  bool   // with TLS
	roots   *x509.CertPool
	token   string
	client  *http.Client

	certificate []byte // the port's own, DER; nil: it is not known
}

// port finds the admin port that the flags mean.
func (f *adminFlags) port() (*adminPort, error) {
	p, err := f.where()
	if err != nil {
		return nil, err
	}
	if err := f.credentials(p); err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: p.tls(), MaxIdleConns: 2}
	p.client = &http.Client{
		Transport: transport,
		// A token is for who was asked, not for whom he names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if f.cert != "" {
		own, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, usageError{fmt.Errorf("--cert and --key: %w", err)}
		}
		transport.TLSClientConfig.Certificates = []tls.Certificate{own}
	}
	return p, nil
}

// where is the admin port by its flag, by a data folder or by a configuration.
func (f *adminFlags) where() (*adminPort, error) {
	switch {
	case f.address != "":
		return addressOf(f.address)
	case f.dir != "":
		return portIn(f.dir)
	case f.config == "":
		return nil, usageError{errors.New("which switch? Name its --config, or the address of its --admin port")}
	}
	return f.byFile()
}

// addressOf reads --admin.
func addressOf(given string) (*adminPort, error) {
	p := &adminPort{}
	p.address, p.secure = strings.CutPrefix(given, "https://")
	p.address = strings.TrimSuffix(strings.TrimPrefix(p.address, "http://"), "/")
	host, port, err := net.SplitHostPort(p.address)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || host == "" {
		return nil, usageError{fmt.Errorf("--admin %q is no address: want host:port, as the switch says at its start", given)}
	}
	return p, nil
}

// portOf is the admin port of a configuration. Whoever reads that knows the certificate of
// the port itself, and need not know who has signed it.
func portOf(cfg *config.Config) (*adminPort, error) {
	p := &adminPort{address: reachable(cfg.Admin), secure: cfg.AdminAccess.Cert != ""}
	return p, p.shows(cfg.AdminAccess.Cert)
}

// shows takes the certificate that the port shows, where it has TLS.
func (p *adminPort) shows(file string) error {
	if !p.secure {
		return nil
	}
	own, err := os.ReadFile(file)
	if err != nil {
		return usageError{fmt.Errorf("admin_access.cert: %w", err)}
	}
	block, _ := pem.Decode(own)
	if block == nil {
		return usageError{fmt.Errorf("admin_access.cert: there is no certificate in %s", file)}
	}
	p.certificate = block.Bytes
	return nil
}

// reachable is an address on which somebody listens as one that can be called.
func reachable(listens string) string {
	host, port, err := net.SplitHostPort(listens)
	if ip, bad := netip.ParseAddr(host); err != nil || bad != nil || !ip.IsUnspecified() {
		return listens
	}
	return net.JoinHostPort("localhost", port)
}

// tls is how the port is spoken to where it has TLS: with the authorities of --ca, or
// with the very certificate that the configuration names, or with those of the system.
func (p *adminPort) tls() *tls.Config {
	c := &tls.Config{RootCAs: p.roots, MinVersion: tls.VersionTLS12}
	if p.certificate != nil && p.roots == nil {
		c.InsecureSkipVerify = true // it is compared as a whole
		c.VerifyConnection = func(s tls.ConnectionState) error {
			if !bytes.Equal(s.PeerCertificates[0].Raw, p.certificate) {
				return errors.New("its certificate is not the one that the configuration names")
			}
			return nil
		}
	}
	return c
}

// credentials reads the token, and whom to trust.
func (f *adminFlags) credentials(p *adminPort) error {
	if f.ca != "" || f.cert != "" {
		p.secure = true
	}
	if f.ca != "" {
		authority, err := os.ReadFile(f.ca)
		if err != nil {
			return usageError{fmt.Errorf("--ca: %w", err)}
		}
		p.roots = x509.NewCertPool()
		if !p.roots.AppendCertsFromPEM(authority) {
			return usageError{fmt.Errorf("--ca: there is no certificate in %s", f.ca)}
		}
	}
	file := f.tokenFile
	if file == "" && !f.anybody {
		file = os.Getenv(tokenFileEnv)
	}
	if file == "" {
		return nil
	}
	if !p.secure && !p.loopback() {
		return usageError{fmt.Errorf("a token is not sent over the network in the clear: say --admin https://%s", p.address)}
	}
	var err error
	p.token, err = readToken(file)
	return err
}

func (p *adminPort) loopback() bool {
	host, _, _ := net.SplitHostPort(p.address)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// tokenBytesMax bounds the file with a token.
const tokenBytesMax = 4 << 10

// readToken reads a token: one line, in a file that nobody else reads.
func readToken(file string) (string, error) {
	info, err := os.Stat(file)
	var data []byte
	if err == nil {
		data, err = os.ReadFile(file)
	}
	token := strings.TrimSpace(string(data))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", usageError{fmt.Errorf("there is no token file %s: 'switchd user add' makes a token", file)}
	case err != nil:
		return "", usageError{fmt.Errorf("token file: %w", err)}
	case info.Mode().Perm()&0o077 != 0:
		return "", usageError{fmt.Errorf("token file %s can be read by others: chmod 600 it, and have the token changed if others have read it", file)}
	case token == "" || len(data) > tokenBytesMax || strings.ContainsAny(token, " \t\r\n"):
		return "", usageError{fmt.Errorf("token file %s is not one token on a line", file)}
	}
	return token, nil
}

func (p *adminPort) url(path string) string {
	if p.secure {
		return "https://" + p.address + path
	}
	return "http://" + p.address + path
}

// request asks, and gives back what has begun to come; the caller closes its body.
func (p *adminPort) request(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	return p.requestAs(ctx, method, path, body, "")
}

// requestAs is request for an answer of a kind.
func (p *adminPort) requestAs(ctx context.Context, method, path string, body []byte, kind string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.url(path), bytes.NewReader(body))
	if err != nil {
		return nil, usageError{err}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if kind != "" {
		r.Header.Set("Accept", kind)
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	response, err := p.client.Do(r)
	if err != nil {
		return nil, noSwitch(p.address, err)
	}
	return response, nil
}

func noSwitch(address string, err error) error {
	if asked := new(url.Error); errors.As(err, &asked) {
		err = asked.Err // without the method and the address again
	}
	if unknown := new(x509.UnknownAuthorityError); errors.As(err, unknown) {
		return fmt.Errorf("the certificate of %s is not known here: name its authority with --ca (%w)", address, err)
	}
	return fmt.Errorf("%w at %s: is it running? (%w)", errNoSwitch, address, err)
}

// refused is an answer that is none, in the words of the switch.
type refused struct {
	status int
	text   string
}

// Error is what the switch says.
func (r refused) Error() string { return r.text }

// refusal is what an answer says that is none; nil: it is one.
func (p *adminPort) refusal(status int, body []byte) error {
	said := strings.TrimSpace(string(body))
	var told struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &told) == nil && told.Error != "" {
		said = told.Error
	}
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusUnauthorized && p.token != "":
		return fmt.Errorf("%s %w: this token is not known there, or not any more: 'switchd user ls' lists who is, 'switchd user add' makes a token", p.address, errNoLogin)
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s %w: name --token-file (or $%s), or --cert and --key", p.address, errNoLogin, tokenFileEnv)
	case status == http.StatusBadRequest && strings.HasPrefix(said, "Client sent an HTTP request to an HTTPS server"):
		return usageError{fmt.Errorf("%s speaks TLS: say --admin https://%s, with --ca if its authority is your own", p.address, p.address)}
	case status == http.StatusBadRequest:
		return usageError{errors.New(said)}
	case said == "" || status >= 300 && status < 400:
		return errors.New(p.address + " does not answer as a switch: " + strconv.Itoa(status) + " " + http.StatusText(status))
	}
	return refused{status, said}
}

// ask calls and returns the answer, of at most 64 MiB.
func (p *adminPort) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, adminWait)
	defer cancel()
	response, err := p.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return nil, err
	}
	return answer, p.refusal(response.StatusCode, answer)
}

// call speaks to the admin port once.
func (f *adminFlags) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	p, err := f.port()
	if err != nil {
		return nil, err
	}
	defer p.client.CloseIdleConnections()
	return p.ask(ctx, method, path, body)
}

// get asks for a value.
func get[T any](ctx context.Context, p *adminPort, path string) (v T, err error) {
	answer, err := p.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		return v, err
	}
	return v, understand(answer, &v)
}

// understand reads an answer of the admin port.
func understand(answer []byte, v any) error {
	if err := json.Unmarshal(answer, v); err != nil {
		return fmt.Errorf("the answer of the switch is not understood: %w", err)
	}
	return nil
}

// login is who runs this command.
func login() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
