// Package verdict says in one sentence whether a switch is well, and if it is not, whether
// it is the switch or a participant.
//
// It promises the same words for the same state, whoever asks: the commands status and top
// (switch/top) and the console are its callers. It asks nobody and remembers nothing.
//
// Example:
//
//	v := verdict.Judge(&overview, participants)
//	fmt.Println(v.Text)
package verdict
