package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"switchd/certs"
	"switchd/hsm/payshieldsim"
)

// hsmsimFlags are what the simulated HSM can be told.
type hsmsimFlags struct {
	listen, lmk      string
	tlsDir, tlsID    string
	tlsCert, tlsKey  string
	clientCA         string
	faults           []string
	conns, headerLen int
	duration         time.Duration
	public, quiet    bool
}

func newHSMSim() *cobra.Command {
	var f hsmsimFlags
	c := &cobra.Command{
		Use: "hsmsim", Short: "Simulate a payShield for tests and labs: its host commands, with a key of its own",
		Long: `Answers the host commands of a payShield that switchd uses (A0, A6, A8, BU, B2, CA,
CC, G0, EA, EC, M6, M8, NC) with a local master key (LMK) of its own, and misbehaves
when told to. It is for tests and labs only: keys are in the memory of this process,
and whoever reaches the port may use them. It listens on the loopback unless
--public says otherwise. Ends by Ctrl-C or after --duration.

A fault is [COMMAND:]KIND[=VALUE][/EVERY], such as "CC:delay=50ms/3" (every third CC):
  delay=TIME    answer later; others go before it
  hang          do not answer
  wrong         answer with the code of another command
  unknown       answer with another header
  twice         answer twice
  garbage       send bytes that are no answer
  cut           close in the middle of the answer
  close         close instead of answering
  error=CODE    answer with an error code, such as 68
  reverse=N     hold N answers, then send them in reverse order

Keys for it are made by 'switchd hsmsim key'.`,
		Example: `  switchd hsmsim --lmk lab.lmk
  switchd hsmsim --lmk lab.lmk --tls-cert hsm.pem --tls-key hsm-key.pem --client-ca ca.pem
  switchd hsmsim --lmk lab.lmk --fault CC:delay=200ms/10 --fault M6:hang/100`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	fl := c.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:1500", "host:port to listen on")
	fl.BoolVar(&f.public, "public", false, "allow --listen an address that other machines reach")
	fl.StringVar(&f.lmk, "lmk", "", "file of the LMK, made if it is not there (default: a new one, gone at the end)")
	fl.StringVar(&f.tlsDir, "tls-dir", "", "folder with ca.pem and <id>.pem: TLS, for clients with the switch's certificate")
	fl.StringVar(&f.tlsID, "tls-id", "HSM", "whose certificate of --tls-dir to present")
	fl.StringVar(&f.tlsCert, "tls-cert", "", "file of a certificate to present: TLS from 1.2")
	fl.StringVar(&f.tlsKey, "tls-key", "", "file of the private key of --tls-cert")
	fl.StringVar(&f.clientCA, "client-ca", "", "file of the CA that clients' certificates must be of (default: clients need none)")
	fl.StringArrayVar(&f.faults, "fault", nil, "misbehave, see above; may be given again")
	fl.IntVar(&f.conns, "conns", 64, "connections at once")
	fl.IntVar(&f.headerLen, "header-len", 4, "length of the message header")
	fl.DurationVar(&f.duration, "duration", 0, "end after this time (default: by Ctrl-C)")
	fl.BoolVar(&f.quiet, "quiet", false, "log warnings and errors only")
	c.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	c.MarkFlagsMutuallyExclusive("tls-dir", "tls-cert")
	c.MarkFlagsMutuallyExclusive("tls-dir", "client-ca")
	c.AddCommand(newHSMSimKey())
	return c
}

func (f *hsmsimFlags) run(c *cobra.Command) error {
	o := payshieldsim.Options{HeaderLen: f.headerLen, ConnsMax: f.conns, Log: newLogger(c.ErrOrStderr(), f.quiet)}
	for _, text := range f.faults {
		fault, err := payshieldsim.ParseFault(text)
		if err != nil {
			return usageError{err}
		}
		o.Faults = append(o.Faults, fault)
	}
	if err := f.private(); err != nil {
		return usageError{err}
	}
	talk := c.ErrOrStderr()
	var err error
	if o.LMK, err = takeLMK(f.lmk, talk); err != nil {
		return err
	}
	server, err := payshieldsim.New(o)
	if err != nil {
		return usageError{err}
	}
	listener, err := f.open()
	if err != nil {
		return err
	}
	ctx := c.Context()
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	fmt.Fprintln(talk, "SIMULATED HSM, for tests and labs only: its keys are in the memory of this process. Never for real PINs, keys or money.")
	fmt.Fprintf(talk, "listening on %s, LMK check value %s\n", listener.Addr(), o.LMK.Check())
	if err := server.Serve(ctx, listener); err != nil {
		return err
	}
	stats := server.Stats()
	fmt.Fprintf(talk, "answered %d commands, refused %d connections\n", stats.Answered, stats.Refused)
	return nil
}

// private refuses an address that others may reach, unless that is wanted.
func (f *hsmsimFlags) private() error {
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	if ip := net.ParseIP(host); !f.public && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %s can be reached by other machines, and whoever reaches a simulated HSM may use its keys: listen on 127.0.0.1, or say --public", f.listen)
	}
	return nil
}

// open listens, with TLS if that is asked for.
func (f *hsmsimFlags) open() (net.Listener, error) {
	conf, err := f.secured()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil || conf == nil {
		return listener, err
	}
	return tls.NewListener(listener, conf), nil
}

// secured is the simulator's end of TLS; nil for none.
func (f *hsmsimFlags) secured() (*tls.Config, error) {
	switch {
	case f.tlsDir != "":
		return certs.ServerConfig(leafPaths(f.tlsDir, f.tlsID), func(id string) bool { return id == certs.SwitchID }, clock)
	case f.tlsCert == "" && f.clientCA != "":
		return nil, usageError{errors.New("--client-ca needs --tls-cert and --tls-key")}
	case f.tlsCert == "":
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(f.tlsCert, f.tlsKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true}
	if f.clientCA == "" {
		return conf, nil
	}
	pem, err := os.ReadFile(f.clientCA)
	if err != nil {
		return nil, err
	}
	conf.ClientAuth, conf.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	if !conf.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", f.clientCA)
	}
	return conf, nil
}

// takeLMK reads an LMK, or makes one where there is none.
func takeLMK(path string, talk io.Writer) (*payshieldsim.LMK, error) {
	if path != "" {
		lmk, err := payshieldsim.ReadLMK(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return lmk, err
		}
	}
	lmk, err := payshieldsim.GenerateLMK(rand.Reader)
	if err != nil || path == "" {
		return lmk, err
	}
	fmt.Fprintf(talk, "made %s with a new LMK\n", path)
	return lmk, lmk.Write(path)
}
