// Package bundle packs what somebody far away needs to help with a switch into one file,
// without what he must not see.
//
// It promises that every text passes through one masking, that what JSON has under a name
// that stands for a person, an account or a free text is left out whatever it holds, that
// what helps and looks like a secret by its form alone stays (bounds of histograms, stacks,
// names of settings, the hashes with which a journal is compared), that the file is no larger than its bound, and that a manifest lists what is in it, what was
// cut, and what could not be had. cmd/switchd support-bundle fills it in. It reads no
// file and asks nobody.
//
// Example:
//
//	b := bundle.New(out, bundle.Options{BytesMax: 16 << 20, Name: "switchd-support", At: now})
//	b.JSON("links.json", answer)
//	manifest, err := b.End()
package bundle
