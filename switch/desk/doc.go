// Package desk is what operators ask and order of a running switch: it fills in the values
// of package view from the engine, the rim and the journal, and carries out orders, with
// the roles of package access and the rule of two persons.
//
// It promises that looking costs the switch little however many look (what is shown of
// the whole is sampled once a second and shared), that every order is a record of the
// journal with who and why before it has taken effect, and that what needs two persons
// never happens by one. The admin API, the console and the commands ask it.
//
// Where to look: sample.go is the one look a second, order.go what operators may order,
// approval.go the second person, timeline.go all that happened to a payment, message.go
// its messages field by field, veil.go what a role sees of them.
//
// Example:
//
//	d, err := desk.New(desk.Options{Engine: e, Rows: s, ...})
//	go d.Run(ctx)
//	overview, err := d.Overview(ctx, caller)
package desk
