// Package vault keeps PIN blocks in memory, between the request that brings one and
// the debit that takes it: nothing of them is ever in an event, a row or a file.
//
// It promises that a block is given out once and wiped from here by that, that one
// which nobody takes is wiped in time, and that there is a limit of them. What a
// token of a process that has ended stands for is gone (domain.md 7.5). Its users are
// switch/ingress (Put) and switch/egress (Take); cmd/switchd has it swept (Run).
package vault
