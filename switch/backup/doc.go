// Package backup copies a data folder while the switch works, gives it back, up to
// any event, and guards a folder against binaries that do not fit it.
//
// It promises that a backup is whole or not there at all, that every byte of it is
// checked before anything is replayed from it, that what is restored is exactly the
// state that the switch had at the sequence number that is named, and that a folder
// in which a restore did not end is not started. It never copies the keys that a
// data folder is sealed with, and it never repairs anything.
//
// A backup is a folder: a checkpoint of the state store, a checkpoint of the
// journal that was made after it and so reaches at least as far, and backup.json,
// which has the size and hash of each file, the end of the journal and the hash of
// the rows. The checkpoints are made of hard links in the data folder, in a moment;
// then the files, which never change again, are copied while payments go on.
//
// A data folder says in version.json who wrote it last. Enter reads that first and
// refuses a folder that a newer binary has written; Prepare makes a snapshot, a
// backup of hard links, of one that another binary has written.
//
// Its callers are the commands serve, backup and restore.
//
//	entry, err := backup.Enter(dir, options) // before anything else
//	err = entry.Prepare(keys)                // before the stores are opened
//	err = entry.Begin()                      // before the first event is logged
//	m, err := backup.Take(ctx, backup.Source{...}, "/backups/monday", options)
//	m, err = backup.Verify(ctx, "/backups/monday", options)
//	result, err := backup.Restore(ctx, "/backups/monday", "/var/lib/switchd", options)
package backup
