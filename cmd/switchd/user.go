package main

import "github.com/spf13/cobra"

func newUser() *cobra.Command { return &cobra.Command{Use: "user"} }
func newSupportBundle() *cobra.Command { return &cobra.Command{Use: "support-bundle"} }
