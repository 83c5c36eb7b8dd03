package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestShells: each completion script is taken by its own shell, and offers the commands and
// what the running switch has.
func TestShells(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	dir := t.TempDir()
	command := "#!/bin/sh\n" + asCommand + "=1 exec '" + os.Args[0] + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "switchd"), []byte(command), 0o700); err != nil {
		t.Fatal(err)
	}
	for shell, asks := range map[string]string{
		// What the package bash-completion has; without it bash cuts the line as below.
		"bash": `_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
__ltrim_colon_completions() { :; }
offer() { COMP_WORDS=("$@") COMP_CWORD=$(($#-1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMPREPLY=(); __start_switchd; printf '%s\n' "${COMPREPLY[@]}"; }
source FILE
complete -p switchd
offer switchd participant dr
offer switchd participant drain --admin ADDRESS BANKB`,
		"zsh": `autoload -Uz compinit && compinit -u -d ` + dir + `/dump
source FILE
whence -w _switchd
echo ${_comps[switchd]}
switchd __complete participant dr; switchd __complete participant drain --admin ADDRESS BANKB`,
		"fish": `source FILE
complete -C 'switchd participant dr'
complete -C 'switchd participant drain --admin ADDRESS BANKB'`,
	} {
		t.Run(shell, func(t *testing.T) {
			program, err := exec.LookPath(shell)
			if err != nil {
				t.Skip("this shell is not here: ", err)
			}
			script, _ := runs(t, 0, "completion", shell)
			file := filepath.Join(dir, "switchd."+shell)
			if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			without := map[string]string{"bash": "--norc", "zsh": "-f", "fish": "--no-config"}[shell]
			c := exec.Command(program, without, "-c", strings.NewReplacer("FILE", file, "ADDRESS", f.address()).Replace(asks))
			c.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir)
			var said strings.Builder
			c.Stderr = &said
			out, err := c.Output()
			if err != nil || !strings.Contains(string(out), "drain") || !strings.Contains(string(out), "BANKB") || strings.Contains(said.String(), "rror") {
				t.Errorf("%v: it offers\n%s\nand says\n%s", err, out, said.String())
			}
		})
	}
}
