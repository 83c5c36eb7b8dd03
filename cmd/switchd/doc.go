// Command switchd is the instant-payment switch: flags, configuration file and
// wiring. It decides nothing about payments; switch/payment does.
//
// main.go has the command tree, one file a command; wire.go builds the switch
// from a configuration and holds the only real clock; run.go starts and ends its
// goroutines.
//
//	switchd demo --duration 10s --rate 200 --json
package main
