package jws

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"switchd/switch/guard/specimen"
)

// needs skips a test whose judge is not installed.
func needs(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s is not installed", tool)
	}
}

// put writes a file of the test's.
func put(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, stdin, tool string, args ...string) string {
	t.Helper()
	c := exec.Command(tool, args...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", tool, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// keys writes the private and the public key of an identity.
func keys(t *testing.T, dir string, i specimen.Identity) (private, public string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.Signer)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(i.Signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	private = put(t, dir, "private.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return private, put(t, dir, "public.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
}

// TestOpenSSL: what openssl signs counts here, and openssl takes what is signed here. The
// form around the signature is put together by hand in this test.
func TestOpenSSL(t *testing.T) {
	needs(t, "openssl")
	for _, i := range []specimen.Identity{bank, specimen.RSA("bankr", 3072)} {
		dir := t.TempDir()
		private, public := keys(t, dir, i)
		alg, options := "ES256", []string{"dgst", "-sha256", "-binary"}
		if i.Certificate.X509().PublicKeyAlgorithm == x509.RSA {
			alg = "PS256"
			options = append(options, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sigopt", "rsa_mgf1_md:sha256")
		}

		sum := sha256.Sum256(i.Certificate.X509().Raw)
		header := `{"kid":"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `","alg":"` + alg + `","crit":["b64"],"b64":false}`
		protected := base64.RawURLEncoding.EncodeToString([]byte(header))
		signature := []byte(run(t, protected+"."+message, "openssl", append(options, "-sign", private)...))
		if alg == "ES256" {
			signature = toPair(t, signature)
		}
		body := protected + ".." + base64.RawURLEncoding.EncodeToString(signature) + "\n" + message
		if got, err := check(newScheme(t, own, i), []byte(body)); err != nil || string(got) != message {
			t.Errorf("%s of openssl: %v", alg, err)
		}

		ours, err := Sign(nil, []byte(message), i.Certificate, i.Signer)
		if err != nil {
			t.Fatal(err)
		}
		prefix, text, _ := strings.Cut(string(ours), "\n")
		protected, encoded, _ := strings.Cut(prefix, "..")
		if signature, err = base64.RawURLEncoding.DecodeString(encoded); err != nil {
			t.Fatal(err)
		}
		if alg == "ES256" {
			signature = toDER(t, signature)
		}
		file := put(t, dir, "signature", signature)
		said := run(t, protected+"."+text, "openssl", append(options, "-verify", public, "-signature", file)...)
		if !strings.Contains(said, "Verified OK") {
			t.Errorf("openssl of our %s: %s", alg, said)
		}
	}
}

type numbers struct{ R, S *big.Int }

func toPair(t *testing.T, der []byte) []byte {
	var n numbers
	if _, err := asn1.Unmarshal(der, &n); err != nil {
		t.Fatal(err)
	}
	return append(n.R.FillBytes(make([]byte, 32)), n.S.FillBytes(make([]byte, 32))...)
}

func toDER(t *testing.T, pair []byte) []byte {
	der, err := asn1.Marshal(numbers{new(big.Int).SetBytes(pair[:32]), new(big.Int).SetBytes(pair[32:])})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// nodeScript reads a body from stdin as RFC 7515 and 7797 have it, checks it with the
// public key of the file, and answers with a body of its own with the private one.
const nodeScript = `
const crypto = require('crypto'), fs = require('fs');
const [priv, pub] = process.argv.slice(1).map(f => fs.readFileSync(f));
const body = fs.readFileSync(0), lf = body.indexOf(10);
const [prot, none, sig] = body.subarray(0, lf).toString('latin1').split('.');
const h = JSON.parse(Buffer.from(prot, 'base64url').toString());
if (none !== '' || h.b64 !== false || h.crit.join() !== 'b64') throw new Error('form');
const how = k => h.alg === 'ES256' ? {key: k, dsaEncoding: 'ieee-p1363'}
  : {key: k, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32};
const input = (p) => Buffer.concat([Buffer.from(p + '.'), body.subarray(lf + 1)]);
if (!crypto.verify('sha256', input(prot), how(pub), Buffer.from(sig, 'base64url'))) throw new Error('signature');
const p = Buffer.from(JSON.stringify({alg: h.alg, kid: h.kid, b64: false, crit: ['b64'], typ: 'JOSE'}, null, 1)).toString('base64url');
process.stdout.write(p + '..' + crypto.sign('sha256', input(p), how(priv)).toString('base64url') + '\n');
process.stdout.write(body.subarray(lf + 1));
`

// TestNode: a program that somebody may write in an afternoon with the crypto of Node
// reads what is signed here, and is read.
func TestNode(t *testing.T) {
	needs(t, "node")
	for _, i := range []specimen.Identity{bank, specimen.RSA("bankr", 2048)} {
		private, public := keys(t, t.TempDir(), i)
		ours, err := Sign(nil, []byte(message), i.Certificate, i.Signer)
		if err != nil {
			t.Fatal(err)
		}
		body := run(t, string(ours), "node", "-e", nodeScript, private, public)
		if got, err := check(newScheme(t, own, i), []byte(body)); err != nil || string(got) != message {
			t.Errorf("%s of Node: %v\n%s", i.File.Name, err, body)
		}
	}
}
