package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"switchd/ledger"
	"switchd/switch/config"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// decision is an operator's command on its way to the admin port.
type decision struct {
	Command     string `json:"command"` // settle, write-off, retry, bank-posted, bank-return, set-cap
	Payment     string `json:"payment,omitempty"`
	Participant string `json:"participant,omitempty"`
	Amount      string `json:"amount,omitempty"` // of set-cap, in units of the currency
	Reason      string `json:"reason"`
	Operator    string `json:"operator"`
}

// commandKinds are the commands by name.
var commandKinds = map[string]payment.CommandKind{
	"settle": payment.Settle, "write-off": payment.WriteOff, "retry": payment.Retry,
	"bank-posted": payment.BankPosted, "bank-return": payment.BankReturn, "set-cap": payment.SetCap,
}

// Bounds of what a command keeps for ever.
const (
	reasonBytesMax   = 140
	operatorBytesMax = 35
)

// operate carries out a command that came to the admin port.
func (n *node) operate(body []byte) (any, error) {
	in := json.NewDecoder(bytes.NewReader(body))
	in.DisallowUnknownFields()
	var c decision
	if err := in.Decode(&c); err != nil || in.More() {
		return nil, errors.New("this is no command: want an object with command, payment or participant and amount, reason, operator")
	}
	if c.Reason == "" || c.Operator == "" || len(c.Reason) > reasonBytesMax || len(c.Operator) > operatorBytesMax {
		return nil, fmt.Errorf("a command has a reason of 1 to %d bytes and an operator of 1 to %d", reasonBytesMax, operatorBytesMax)
	}
	order, err := n.order(&c)
	if err != nil {
		return nil, err
	}
	_, done, err := n.engine.Command(engine.Order{Author: engine.Author{Reason: c.Reason, Operator: c.Operator}, Command: order})
	switch {
	case err != nil:
		return nil, fmt.Errorf("not taken: %w", err)
	case !done && order.Kind != payment.SetCap:
		return nil, fmt.Errorf("%s does not fit payment %s: settle, write-off and retry are for dead letters, bank-posted and bank-return for deemed payments", c.Command, c.Payment)
	case !done:
		return nil, errors.New("the machine refused it")
	}
	n.log.Info("operator's command", "event", "command.given", "command", c.Command, "payment", c.Payment, "participant", c.Participant, "operator", c.Operator)
	if order.Kind == payment.SetCap {
		return struct {
			Participant string `json:"participant"`
			Cap         int64  `json:"cap"`
		}{c.Participant, order.Amount.Minor}, nil
	}
	v, _ := n.payment(c.Payment)
	return v, nil
}

// order turns the words of a command into what the machine takes.
func (n *node) order(c *decision) (o payment.Command, err error) {
	kind, known := commandKinds[c.Command]
	if !known {
		return o, fmt.Errorf("command %q is not known: settle, write-off, retry, bank-posted, bank-return, set-cap", c.Command)
	}
	o.Kind, o.Participant = kind, route.Nobody
	if kind != payment.SetCap {
		id, ok := parsePaymentID(c.Payment)
		if !ok {
			return o, errors.New("payment is neither a number nor a transaction id of this switch (SWD and 32 digits)")
		}
		o.Payment = id
		return o, nil
	}
	for _, p := range n.engine.Config().Participants {
		if p.ID == c.Participant {
			o.Participant = p.Number
		}
	}
	if o.Participant == route.Nobody {
		return o, fmt.Errorf("participant %q is not configured", c.Participant)
	}
	money := n.cfg.Money()
	minor, err := config.ParseAmount(c.Amount, money)
	if err != nil {
		return o, err
	}
	o.Amount = ledger.Amount{Minor: minor, Currency: ledger.Currency(money.Numeric)}
	return o, nil
}

// messageIDBytes is the length of the MsgId of the switch's own messages of ISO
// 20022: SWD, a reference, and three characters for the leg.
const messageIDBytes = len("SWD") + translate.ReferenceBytes + 3

// parsePaymentID reads a payment's number, its transaction id, or the MsgId of a
// message of the switch about it.
func parsePaymentID(s string) (payment.ID, bool) {
	if id, ok := translate.ParseSwitchID([]byte(s)); ok {
		return id, true
	}
	if len(s) == messageIDBytes && strings.HasPrefix(s, "SWD") {
		id, _, ok := translate.ParseReference([]byte(s[len("SWD"):][:translate.ReferenceBytes]))
		return id, ok && id > 0
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return payment.ID(n), err == nil && n > 0
}
