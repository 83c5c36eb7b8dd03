package state

import (
	"encoding/binary"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// The first byte of a key says what the row is. Numbers in keys are big-endian, so
// that rows lie in their order.
const (
	tagApplied     = 'a' // -> sequence number of the last event in the rows
	tagBusiness    = 'b' // + business identity -> payment id
	tagConfig      = 'c' // -> configuration in force
	tagDeadLetter  = 'd' // + payment id: a person must decide
	tagException   = 'e' // + payment id: reconciliation must look at it
	tagFormat      = 'f' // -> format of the rows
	tagFacet       = 'g' // + participant or state, block of payment ids: some finished payment there has it
	tagHistory     = 'h' // + payment id -> row of a finished payment
	tagTidings     = 'j' // + last event, part -> tidings of some events
	tagTidingsFrom = 'i' // -> the first event whose tidings are kept
	tagKey         = 'k' // + request key -> payment id
	tagLate        = 'l' // + payment id with a mark in its middle: it has this mark
	tagMachine     = 'm' // -> the machine's own row
	tagOpen        = 'o' // + payment id -> row of an open payment
	tagParticipant = 'p' // + participant number -> its row
	tagRun         = 'r' // + run -> number of its marks
	tagToken       = 't' // -> token of a fixed text, to know the token key by
	tagLimit       = 'u' // + kind, period, token -> what a payer has used under a limit
	tagChange      = 'w' // + sequence number -> what an operator has done, sealed
	tagLeaf        = 'x' // + run + first mark -> marks of a run
)

// appendID makes the key of what has a payment's number.
func appendID(b []byte, tag byte, id payment.ID) []byte {
	return binary.BigEndian.AppendUint64(append(b, tag), uint64(id))
}

func appendRequestKey(b []byte, key *payment.RequestKey) []byte {
	return payment.AppendKey(append(b, tagKey), key)
}

func appendBusiness(b []byte, business *payment.Business) []byte {
	return append(append(b, tagBusiness), business[:]...)
}

func appendParticipant(b []byte, n route.Participant) []byte {
	return binary.BigEndian.AppendUint16(append(b, tagParticipant), uint16(n))
}

func idOf(v []byte) payment.ID { return payment.ID(binary.BigEndian.Uint64(v)) }
