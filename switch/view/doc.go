// Package view is what operators see of a running switch, as plain values: the answers
// of the admin API, what the console draws, and what the commands print.
//
// It promises that a name, a unit and an absence mean the same in all three: amounts
// are minor units with their currency beside them, durations are in the unit of their
// name, times are RFC 3339 in UTC, a list is never null. No value in it is secret: account
// numbers, addresses and names are masked by who fills it in, by the role of who asks.
//
// switch/desk fills the values in, switch/admin writes them as JSON, switch/console shows
// them, cmd/switchd reads them back. It knows no other package and does nothing.
//
// Example:
//
//	var v view.Participants
//	err := json.Unmarshal(answer, &v)
package view
