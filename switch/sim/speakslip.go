package sim

import (
	"encoding/json"

	"switchd/switch/translate"
)

// speakerSlips speaks a dialect, and slips about collects.
type speakerSlips struct{ speaker }

// slipKinds are what slips of the switch are to a participant.
var slipKinds = map[slipKind]kind{slipTold: reply, slipUpdate: update, slipApprove: approve}

func (s *speakerSlips) read(body []byte, m *message) bool {
	if !isSlip(body) {
		return s.speaker.read(body, m)
	}
	var in slip
	if err := json.Unmarshal(body, &in); err != nil || slipKinds[in.What] == unknown {
		return false
	}
	*m = message{
		body: body, slip: in, kind: slipKinds[in.What], stan: in.STAN, transmitted: in.Transmitted, minor: in.Minor, repeat: in.Repeat,
		payer: in.VPA, result: in.Code, upi: in.UPI, named: in.Ref != "",
	}
	copy(m.ref[:], in.Ref)
	m.echo = m.ref
	if m.kind == update {
		m.original = in.Original
	}
	return true
}

func (s *speakerSlips) answer(dst []byte, m *message, v *verdict) ([]byte, error) {
	if m.slip.What == "" {
		return s.speaker.answer(dst, m, v)
	}
	out := slip{
		What: slipAnswer, Ref: m.slip.Ref, Leg: m.slip.Leg, STAN: m.stan, Transmitted: m.transmitted, Minor: v.minor,
		Code: v.result, Account: v.account, IFSC: v.ifsc, Garbled: v.garbled,
	}
	return out.append(dst)
}

func (s *speakerSlips) request(dst []byte, o *order) ([]byte, error) {
	if !o.collect {
		return s.speaker.request(dst, o)
	}
	out := slip{
		What: slipCollect, STAN: o.stan, Transmitted: o.transmitted, RRN: string(o.rrn[:]), Repeat: o.repeat, Minor: o.minor,
		VPA: o.vpa, Account: o.payee, IFSC: ifscOf(o.to), Purpose: o.purpose, Expires: o.expires,
	}
	return out.append(dst)
}

// switchID is how a dialect names a payment of the switch.
func switchID(ref reference) string {
	id, _, _ := translate.ParseReference(ref[:])
	name := translate.SwitchID(id)
	return string(name[:])
}
