package main

import (
	"switchd/switch/disk"
	"switchd/switch/ingress"
)

// watchDisk looks whether the disk has room for the stores, before they are opened.
func (n *node) watchDisk() error {
	dir, room := n.cfg.DataDir, n.cfg.Disk
	if err := makeDataFolder(dir); err != nil {
		return err
	}
	var err error
	n.disk, err = disk.Open(disk.Options{
		Disk: disk.On(dir), Reserve: room.Reserve, Warning: room.Warning, Ballast: room.Ballast,
		Clock: clock, Log: n.log, Registry: n.registry,
	})
	return err
}

// attachDisk looks whether it has room for what is open, and holds new payments
// from the first on if it has no more.
func (n *node) attachDisk() error {
	return n.disk.Attach(diskGate{n.ingress}, n.engine.OpenPayments)
}

// diskGate holds new payments while the disk has no room for them.
type diskGate struct{ *ingress.Ingress }

// Hold has them declined.
func (g diskGate) Hold() { g.Ingress.Hold(ingress.DiskFull) }
