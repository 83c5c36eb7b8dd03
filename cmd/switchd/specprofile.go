package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"switchd/codec/iso20022"
	"switchd/codec/jsonfile"
)

// profileDoc is a compiled profile with its text.
type profileDoc struct {
	profile *iso20022.Profile
	text    []byte
}

// addProfileFlag adds the flag of the commands that read ISO 20022.
func addProfileFlag(c *cobra.Command, into *string) {
	c.Flags().StringVar(into, "profile", "", "profile of ISO 20022 ("+strings.Join(iso20022.BuiltinNames(), ", ")+") or a profile file; "+profileDefault+" unless said")
	completeNames(c, "profile", iso20022.BuiltinNames, cobra.ShellCompDirectiveDefault)
}

// openProfile takes the name of a built-in profile or a profile file.
func openProfile(name string) (*profileDoc, error) {
	text, err := fileOr(name, profileJSON, iso20022.BuiltinNames)
	if err != nil {
		return nil, err
	}
	p, err := iso20022.LoadProfile(name, text)
	if err != nil {
		return nil, faultLines(err, iso20022.ProfileErrors(err))
	}
	return &profileDoc{profile: p, text: text}, nil
}

// profileJSON is the file of a built-in profile.
func profileJSON(name string) ([]byte, error) {
	text, err := iso20022.BuiltinJSON(name)
	if err != nil {
		return nil, fmt.Errorf("no built-in profile %q", name) // its own names a file that users do not have
	}
	return text, nil
}

// isProfile says whether a file is meant to be a profile and not a spec: by its
// keys, so that the faults of the right kind are listed.
func isProfile(text []byte) bool {
	found := false
	_ = jsonfile.EachKey(text, func(key string, value json.RawMessage) { // faults are found by the loader
		found = found || key == "header" || key == "messages" && bytes.HasPrefix(bytes.TrimSpace(value), []byte("["))
	})
	return found
}
