// Package disk watches the room on the disk of the data folder.
//
// It promises that new payments are declined before the disk is full, and taken
// again when there is room, without an operator: what is open has the reserve to
// finish in. It warns before that, once per change. A ballast file is given up
// when even the open payments could not be finished, and made again later. A disk
// on which nothing could be finished refuses the start, with what is needed.
//
// Second watches the disk of the journal's second folder, to which the log does not go
// without room.
//
// Its caller is cmd/switchd: Open before the stores are opened, Attach when the
// machine has recovered, then Run. It never deletes anything but its own two files
// in the data folder, and never looks at a payment.
//
//	w, err := disk.Open(disk.Options{Disk: disk.On(dir), ...}) // may refuse the start
//	err = w.Attach(ingress, engine.OpenPayments)               // may refuse it too
//	go w.Run(ctx)
package disk
