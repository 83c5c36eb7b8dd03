//go:build pkcs11

package pkcs11

import (
	"errors"
	"fmt"
	"slices"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
)

// What the codes of a library mean for what happens next.
var (
	// lost: sessions or the login are gone; with new ones the call may be made again.
	lost = []p11.Error{
		p11.CKR_SESSION_HANDLE_INVALID, p11.CKR_SESSION_CLOSED, p11.CKR_USER_NOT_LOGGED_IN, p11.CKR_DEVICE_REMOVED,
		p11.CKR_TOKEN_NOT_PRESENT, p11.CKR_DEVICE_ERROR, p11.CKR_CRYPTOKI_NOT_INITIALIZED,
	}
	// stale: the object is another one now, or none.
	stale = []p11.Error{p11.CKR_OBJECT_HANDLE_INVALID, p11.CKR_KEY_HANDLE_INVALID}
	// unfit: the key is not made for it.
	unfit = []p11.Error{
		p11.CKR_KEY_TYPE_INCONSISTENT, p11.CKR_KEY_FUNCTION_NOT_PERMITTED, p11.CKR_KEY_SIZE_RANGE, p11.CKR_ATTRIBUTE_VALUE_INVALID,
		p11.CKR_TEMPLATE_INCONSISTENT,
	}
	// unable: this token never does it.
	unable = []p11.Error{
		p11.CKR_MECHANISM_INVALID, p11.CKR_MECHANISM_PARAM_INVALID, p11.CKR_FUNCTION_NOT_SUPPORTED, p11.CKR_KEY_UNEXTRACTABLE,
		p11.CKR_ATTRIBUTE_SENSITIVE, p11.CKR_TOKEN_WRITE_PROTECTED, p11.CKR_KEY_NOT_WRAPPABLE, p11.CKR_ACTION_PROHIBITED,
	}
	// refusedPIN: the token wants another PIN, or a person who sees to it.
	refusedPIN = []p11.Error{
		p11.CKR_PIN_INCORRECT, p11.CKR_PIN_INVALID, p11.CKR_PIN_LEN_RANGE, p11.CKR_PIN_EXPIRED, p11.CKR_PIN_LOCKED,
		p11.CKR_USER_PIN_NOT_INITIALIZED,
	}
)

// is tells whether an error has one of the codes.
func is(err error, codes []p11.Error) bool {
	var code p11.Error
	return errors.As(err, &code) && slices.Contains(codes, code)
}

// isToken tells whether an error is the token's own.
func isToken(err error) bool {
	var code p11.Error
	return errors.As(err, &code)
}

// told is an error of a call inside the token as the contract has it. Codes of libraries
// have no secret in them.
func told(err error) error {
	switch {
	case !isToken(err):
		return err
	case is(err, unfit), is(err, stale):
		return fmt.Errorf("%w: the token: %w", hsm.ErrKey, err)
	case is(err, unable):
		return fmt.Errorf("%w: the token: %w", hsm.ErrDenied, err)
	}
	return &hsm.Fault{Kind: hsm.ErrDown, Started: true, Cause: err}
}

// away is a token that cannot be reached: nothing was done.
func away(err error) error { return &hsm.Fault{Kind: hsm.ErrDown, Cause: err} }
