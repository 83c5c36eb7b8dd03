package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// checkpointKeyFile is the name of the signing key in a data folder.
const checkpointKeyFile = "checkpoint.key"

// checkpointKeyHead is what a new key file says about itself; a verifier follows.
const checkpointKeyHead = `# The key that signs checkpoints of this switch's journal: whoever has it signs in its name.
# Give this line, which is public, to those who check what the journal proves:
# `

// keyFileBytesMax bounds a file with a signing key or with verifiers.
const keyFileBytesMax = 64 << 10

// checkpointKey signs checkpoints. The verifier is the public half, the line that
// others pin. Safe for concurrent use.
type checkpointKey struct {
	note.Signer
	verifier string
}

// openCheckpointKey reads the key that signs checkpoints. Without a file of the
// configuration the folder has its own, made when there is none; what it signs can
// be checked, and who it is is known once others have its verifier.
func openCheckpointKey(dir, file, institution string, log *slog.Logger) (*checkpointKey, error) {
	if file != "" {
		return loadCheckpointKey(file)
	}
	own := filepath.Join(dir, checkpointKeyFile)
	key, err := loadCheckpointKey(own)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := createCheckpointKey(own, "switchd/"+institution); err != nil {
		return nil, err
	}
	if key, err = loadCheckpointKey(own); err == nil {
		log.Warn("made the key that signs checkpoints of the journal; give its verifier to those who check proofs", "event", "key.checkpoint.made", "file", own, "verifier", key.verifier)
	}
	return key, err
}

// createCheckpointKey writes a new key with a name to a file that must not exist.
func createCheckpointKey(file, name string) error {
	secret, verifier, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return fmt.Errorf("checkpoint key: %w", err)
	}
	return writeNew(file, 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, checkpointKeyHead+verifier+"\n"+secret+"\n")
		return err
	}, nil)
}

// loadCheckpointKey reads a file with a signing key, which nobody but its owner may
// have access to.
func loadCheckpointKey(file string) (*checkpointKey, error) {
	text, err := ownersOnly(file, keyFileBytesMax)
	if err != nil {
		return nil, fmt.Errorf("checkpoint key: %w", err)
	}
	defer clear(text)
	lines := linesOf(text)
	if len(lines) != 1 {
		return nil, fmt.Errorf("checkpoint key: %s has %s, want one key", file, count(len(lines), "line"))
	}
	signer, err := note.NewSigner(lines[0])
	if err != nil {
		return nil, fmt.Errorf("checkpoint key: %s has no signing key of Ed25519 (PRIVATE+KEY+NAME+...)", file) // the error may have the key in it
	}
	verifier, err := verifierOf(lines[0])
	if err != nil {
		return nil, fmt.Errorf("checkpoint key: %s: %w", file, err)
	}
	return &checkpointKey{signer, verifier}, nil
}

// verifierOf is the public half of a signing key that NewSigner takes.
func verifierOf(secret string) (string, error) {
	parts := strings.SplitN(secret, "+", 5) // PRIVATE, KEY, name, hash, data
	data, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if len(parts) != 5 || err != nil || len(data) != 1+ed25519.SeedSize {
		return "", errors.New("no signing key of Ed25519")
	}
	public, ok := ed25519.NewKeyFromSeed(data[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return "", errors.New("no signing key of Ed25519")
	}
	return note.NewEd25519VerifierKey(parts[2], public)
}

// loadVerifiers reads a file with the verifiers of a switch, one a line: the one in
// use and those of before.
func loadVerifiers(file string) (note.Verifiers, error) {
	lines, err := keyLines(file)
	if err != nil {
		return nil, err
	}
	var all []note.Verifier
	for _, line := range lines {
		if strings.HasPrefix(line, "PRIVATE+KEY+") {
			return nil, fmt.Errorf("%s has the signing key of a switch: it must not leave the switch; the verifier is the public line", file)
		}
		v, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no verifier (NAME+HASH+KEY, as journal stat prints it)", file, line)
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no verifier (NAME+HASH+KEY, as journal stat prints it)", file)
	}
	return note.VerifierList(all...), nil
}

// keyLines are the lines of a file without comments and empty ones.
func keyLines(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, keyFileBytesMax+1))
	if err != nil {
		return nil, err
	}
	if len(text) > keyFileBytesMax {
		return nil, fmt.Errorf("%s is longer than %d bytes", file, keyFileBytesMax)
	}
	return linesOf(text), nil
}

func linesOf(text []byte) (lines []string) {
	for line := range bytes.Lines(text) {
		if s := strings.TrimSpace(string(line)); s != "" && s[0] != '#' {
			lines = append(lines, s)
		}
	}
	return lines
}
