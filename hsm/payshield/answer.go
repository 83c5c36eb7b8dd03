package payshield

import (
	"fmt"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
)

// kinds of errors by the codes of answers. A code that is not here is a refusal: the
// module has answered, so nothing was done.
var kinds = map[wire.Code]error{
	wire.Failed: hsm.ErrVerify, wire.BadBlockCheck: hsm.ErrVerify, "84": hsm.ErrVerify,

	wire.FirstKeyParity: hsm.ErrKey, wire.SecondKeyParity: hsm.ErrKey, "12": hsm.ErrKey, "21": hsm.ErrKey,
	wire.BadKeyType: hsm.ErrKey, wire.BadScheme: hsm.ErrKey, wire.BadKeyLength: hsm.ErrKey, wire.BadType: hsm.ErrKey, wire.NotPermitted: hsm.ErrKey,
	"A1": hsm.ErrKey, "A2": hsm.ErrKey, "A3": hsm.ErrKey, "A5": hsm.ErrKey, wire.BadUsage: hsm.ErrKey, wire.BadAlgorithm: hsm.ErrKey, wire.BadMode: hsm.ErrKey, wire.BadExport: hsm.ErrKey,

	wire.BadInput: hsm.ErrBlock, wire.BadLength: hsm.ErrBlock, wire.BadPINBlock: hsm.ErrBlock, wire.BadPINLength: hsm.ErrBlock, wire.BadAccount: hsm.ErrBlock,
	wire.DataLength: hsm.ErrBlock, wire.BadBlockFormat: hsm.ErrBlock,

	wire.BadLMK: hsm.ErrDown, wire.Internal: hsm.ErrDown, "42": hsm.ErrDown,
}

// errPIN is the one error for all that can be wrong inside a PIN block.
var errPIN = fmt.Errorf("%w: the PIN block is not one of this format, key and account", hsm.ErrBlock)

// fault is the error of an answer; nil for code 00 and for the codes that are warnings
// of the command.
func (r result) fault(warnings []wire.Code) error {
	if r.err != nil || r.code == wire.OK {
		return r.err
	}
	for _, w := range warnings {
		if r.code == w {
			return nil
		}
	}
	kind := kinds[r.code]
	switch {
	case r.code == wire.BadPINBlock || r.code == wire.BadPINLength:
		return errPIN
	case kind == nil:
		kind = hsm.ErrDenied
	case kind == hsm.ErrDown:
		return &hsm.Fault{Kind: kind, Cause: fmt.Errorf("error code %s: %s", r.code, r.code.Text())}
	}
	return fmt.Errorf("%w: error code %s: %s", kind, r.code, r.code.Text())
}

// malformed is for an answer to a command that is right up to its error code, and is not
// as the command has it after that: who answers so is not asked again on this
// connection.
func (r result) malformed(command string) error {
	if r.from != nil {
		r.from.end(fmt.Errorf("%w: to the command %s", errWrong, command))
	}
	return &hsm.Fault{Kind: hsm.ErrDown, Started: true, Cause: fmt.Errorf("%w: to the command %s", errWrong, command)}
}
