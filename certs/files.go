package certs

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Names of the files of a PKI folder.
const (
	caFile    = "ca.pem"
	caKeyFile = "ca-key.pem"
	certExt   = ".pem"
	keyExt    = "-key.pem"
)

// PEM block types.
const (
	certBlock = "CERTIFICATE"
	keyBlock  = "PRIVATE KEY"
)

// A newFile is a file to be written, complete in memory before any is opened.
type newFile struct {
	name string
	mode os.FileMode
	data []byte
}

func certPEM(name string, der []byte) newFile {
	return newFile{name, 0o644, pem.EncodeToMemory(&pem.Block{Type: certBlock, Bytes: der})}
}

func keyPEM(name string, key *ecdsa.PrivateKey) (newFile, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return newFile{}, fmt.Errorf("encode key %s: %w", name, err)
	}
	return newFile{name, 0o600, pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der})}, nil
}

// checkNew refuses when one of the names exists in dir, or when two of them
// are the same file on a case-insensitive disk ("ca" as an id is ca.pem).
func checkNew(dir string, names []string) error {
	seen := map[string]bool{}
	var faults []error
	for _, name := range names {
		if fold := strings.ToLower(name); seen[fold] {
			faults = append(faults, fmt.Errorf("%s: two certificates would have this file", name))
		} else {
			seen[fold] = true
		}
		switch _, err := os.Lstat(filepath.Join(dir, name)); {
		case err == nil:
			faults = append(faults, fmt.Errorf("%s: %w, not overwritten", filepath.Join(dir, name), fs.ErrExist))
		case !errors.Is(err, fs.ErrNotExist):
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// writeAll writes all files or none: what this call created is removed again
// when a later file fails. O_EXCL holds the promise of Init even against
// another process that writes to the folder at the same time.
func writeAll(dir string, files []newFile) (err error) {
	var made []string
	defer func() {
		if err != nil {
			for _, f := range made {
				err = errors.Join(err, os.Remove(f))
			}
		}
	}()
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		if err != nil {
			return fmt.Errorf("create certificate file: %w", err)
		}
		made = append(made, path)
		_, werr := w.Write(f.data)
		if err := errors.Join(werr, w.Close()); err != nil {
			return fmt.Errorf("write certificate file: %w", err)
		}
	}
	return nil
}

// decodePEM returns the one block of the wanted type. The error never quotes
// the data: it may be a key.
func decodePEM(file string, data []byte, kind string) ([]byte, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s: no PEM block %q", file, kind)
	}
	return block.Bytes, nil
}

func readCert(file string) (*x509.Certificate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	der, err := decodePEM(file, data, certBlock)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return cert, nil
}
