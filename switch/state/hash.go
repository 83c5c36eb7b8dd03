package state

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"switchd/switch/payment"
)

// Hash is the SHA-256 of all that the rows say, opened, and the number of the last
// event that they are the effect of. It is a function of the events alone: however
// they were grouped, whenever rows reached the disk, whatever was sealed with which
// key, and whether forgotten payments are still there (Sweep) or not.
//
// So it leaves out what is there or not by chance: keys of payments that are open
// again, which the machine finds in its memory first, and what belongs to forgotten
// payments.
func (s *Store) Hash() (sum [sha256.Size]byte, applied uint64, err error) {
	v, err := s.view()
	if err != nil {
		return sum, 0, err
	}
	defer v.close()
	h := hashing{view: v, h: sha256.New(), absent: map[payment.ID]bool{}, kept: map[payment.ID]bool{}, open: map[string]bool{}}
	if applied, err = h.all(); err != nil {
		return sum, 0, fmt.Errorf("hash of the state store: %w", err)
	}
	h.h.Sum(sum[:0])
	return sum, applied, nil
}

// hashing is one computation of a hash.
type hashing struct {
	*view
	h      hash.Hash
	known  payment.ID          // finished payments below it are forgotten
	absent map[payment.ID]bool // payments that are open: what names them does not count
	kept   map[payment.ID]bool // finished payments below known that are not forgotten
	open   map[string]bool     // the keys of open payments
	p      payment.Payment
}

// all adds all rows in the order of their keys, except that what keys and
// identities are compared with comes first.
func (h *hashing) all() (applied uint64, err error) {
	if applied, err = number(h.rows, tagApplied); err != nil {
		return 0, err
	}
	h.row([]byte{tagApplied}, binary.BigEndian.AppendUint64(nil, applied))
	for _, tag := range [...]byte{tagConfig, tagLimit, tagMachine, tagParticipant} {
		if err := h.scan(tag, h.same); err != nil {
			return 0, err
		}
	}
	machine, err := row(h.rows, []byte{tagMachine})
	if err != nil {
		return 0, err
	}
	if h.known, err = payment.KnownIn(machine); err != nil {
		return 0, err
	}
	if err := h.payments(tagOpen, h.openPayment); err != nil {
		return 0, err
	}
	if err := h.payments(tagHistory, h.finished); err != nil {
		return 0, err
	}
	for _, tag := range [...]byte{tagBusiness, tagKey} {
		if err := h.scan(tag, h.name); err != nil {
			return 0, err
		}
	}
	return applied, nil
}

// row adds one row, so that no two sets of rows make the same bytes.
func (h *hashing) row(key, row []byte) {
	var n [8]byte
	for _, b := range [...][]byte{key, row} {
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.h.Write(n[:])
		h.h.Write(b)
	}
}

func (h *hashing) same(key, row []byte) error {
	h.row(key, row)
	return nil
}

func (h *hashing) openPayment(key, row []byte) error {
	h.row(key, row)
	if err := payment.DecodePayment(row, &h.p); err != nil {
		return fmt.Errorf("payment %d: %w", idOf(key[1:]), err)
	}
	h.absent[h.p.ID] = true
	h.p.EachKey(func(key []byte) { h.open[string(tagKey)+string(key)] = true })
	h.open[string(tagBusiness)+string(h.p.Business[:])] = true
	return nil
}

func (h *hashing) finished(key, row []byte) error {
	if id := idOf(key[1:]); id < h.known {
		if err := payment.DecodePayment(row, &h.p); err != nil {
			return fmt.Errorf("payment %d: %w", id, err)
		}
		if !h.p.DeadLetter {
			return nil
		}
		h.kept[id] = true
	}
	h.row(key, row)
	return nil
}

// name adds a key or an identity, if the payment that it names counts.
func (h *hashing) name(key, row []byte) error {
	if len(row) != 8 {
		return fmt.Errorf("a row that names a payment has %d bytes", len(row))
	}
	if id := idOf(row); h.absent[id] || h.open[string(key)] || id < h.known && !h.kept[id] {
		return nil
	}
	h.row(key, row)
	return nil
}
