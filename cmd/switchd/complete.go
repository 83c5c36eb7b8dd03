package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/screen"
	"switchd/switch/view"
)

// completeWait is how long somebody who pressed a key waits for a switch.
const completeWait = time.Second

// completed makes what the shell offers of an answer of the running switch. A switch
// that does not answer in time, or is not named yet, offers nothing.
func completed[T any](path string, choices func(*T) []string) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const none = cobra.ShellCompDirectiveNoFileComp
		if len(args) > 0 {
			return nil, none
		}
		f := adminFlags{}
		for name, into := range map[string]*string{"config": &f.config, "admin": &f.address, "dir": &f.dir, "token-file": &f.tokenFile, "cert": &f.cert, "key": &f.key, "ca": &f.ca} {
			if flag := c.Flags().Lookup(name); flag != nil {
				*into = flag.Value.String()
			}
		}
		port, err := f.port()
		if err != nil {
			return nil, none
		}
		ctx, cancel := context.WithTimeout(c.Context(), completeWait)
		defer cancel()
		v, err := get[T](ctx, port, path)
		if err != nil {
			return nil, none
		}
		return choices(&v), none
	}
}

// choice is a word with what it is, as shells show it.
func choice(word any, means string) string { return fmt.Sprintf("%v\t%s", word, screen.Clean(means)) }

var completeParticipants = completed("/api/v1/participants", func(v *view.Participants) (all []string) {
	for i := range v.Participants {
		all = append(all, choice(v.Participants[i].ID, v.Participants[i].State))
	}
	return all
})

var completeLinks = completed("/api/v1/links", func(v *view.Links) (all []string) {
	for _, l := range v.Links {
		all = append(all, choice(l.ID, l.Participant+" "+l.Direction+", "+l.State+", "+l.Remote))
	}
	return all
})

var completeApprovals = completed("/api/v1/approvals", func(v *view.Approvals) (all []string) {
	for i := range v.Approvals {
		all = append(all, choice(v.Approvals[i].ID, v.Approvals[i].Text+", by "+v.Approvals[i].By))
	}
	return all
})

var completeDeadLetters = completed("/api/v1/deadletters", func(v *view.Found) (all []string) {
	for i := range v.Payments {
		h := &v.Payments[i]
		all = append(all, choice(h.ID, h.State+", "+config.AmountText(h.Minor, uint16(h.Currency))+", "+sidesOf(h).text()))
	}
	return all
})
