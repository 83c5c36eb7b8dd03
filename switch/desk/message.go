package desk

import (
	"fmt"
	"strings"

	codec20022 "switchd/codec/iso20022"
	codec8583 "switchd/codec/iso8583"
	"switchd/switch/access"
	"switchd/switch/mask"
	"switchd/switch/payment"
	"switchd/switch/translate"
	message20022 "switchd/switch/translate/iso20022"
	message8583 "switchd/switch/translate/iso8583"
	"switchd/switch/view"
)

// kinds8583 are the fields of ISO 8583 whose values may be shown as they are, or masked
// in their own way. What is not here is text in which anything may stand.
var kinds8583 = func() map[string]fieldKind {
	all := map[string]fieldKind{
		"2": fieldAccount, "102": fieldAccount, "103": fieldAccount,
		"120.003": fieldAddress, "120.004": fieldAddress, "120.005": fieldPerson, "120.006": fieldPerson,
	}
	for _, secret := range []string{"14", "35", "36", "45", "52", "53", "55", "64", "96", "128"} {
		all[secret] = fieldSecret
	}
	for _, plain := range strings.Fields("0 1 3 4 5 6 7 11 12 13 15 17 18 22 24 25 32 33 37 38 39 41 42 44 49 50 51 70 90 100 " +
		"120.001 120.002 120.007 120.008 120.010 120.011 120.012 120.013 120.014 120.016 120.017") {
		all[plain] = fieldPlain
	}
	return all
}()

// kinds20022 are the fields of ISO 20022 that tell of persons, or are nobody's business.
var kinds20022 = func() map[codec20022.Field]fieldKind {
	all := map[codec20022.Field]fieldKind{}
	for kind, fields := range map[fieldKind][]codec20022.Field{
		fieldAccount: {
			codec20022.DebtorIBAN, codec20022.DebtorAccount, codec20022.CreditorIBAN, codec20022.CreditorAccount,
			codec20022.PartyIBAN, codec20022.PartyAccount, codec20022.UpdatedIBAN, codec20022.UpdatedAccount, codec20022.AccountIBAN, codec20022.Account,
		},
		fieldAddress: {codec20022.DebtorProxy, codec20022.CreditorProxy, codec20022.PartyAddress},
		fieldPerson:  {codec20022.DebtorName, codec20022.CreditorName, codec20022.InitiatingParty, codec20022.PartyName, codec20022.UpdatedName},
		fieldText:    {codec20022.Remittance, codec20022.EventDescription, codec20022.RejectDescription},
		fieldSecret:  {codec20022.BizSignature, codec20022.Supplementary, codec20022.OriginalTransaction, codec20022.RejectData},
	} {
		for _, f := range fields {
			all[f] = kind
		}
	}
	return all
}()

// messages makes messages out of what the journal keeps, for one caller. It belongs to one
// goroutine.
type messages struct {
	d     *Desk
	roles access.Roles
}

// composed is the message of an effect, as its participant's dialect writes it; nil: it
// cannot be made, because the participant is not configured any more or its dialect has
// changed meanwhile.
func (w *messages) composed(ef *payment.Effect) *view.Message {
	dialect := w.d.o.Dialect(ef.To)
	if dialect == nil {
		return nil
	}
	body, err := dialect.Open().Compose(nil, ef)
	if err != nil {
		return nil
	}
	v := veilOf(&ef.Payment.Text, w.roles)
	switch t := dialect.(type) {
	case *message8583.Dialect:
		return v.message8583(t.Spec, body)
	case *message20022.Dialect:
		return v.message20022(t.Profile(), body)
	}
	return nil
}

func (v *veil) message8583(spec *codec8583.Spec, body []byte) *view.Message {
	var m codec8583.Message
	if m.Parse(spec, body) != nil {
		return nil
	}
	out := &view.Message{Name: m.MTI().String(), Dialect: spec.Name(), Rebuilt: true, Fields: []view.Field{}}
	fields := m.Fields()
	for i := range fields {
		mask.Inherit(&fields[i], codec8583.MaskNone)
	}
	mask.HideAccounts(fields)
	v.fields8583(out, fields)
	return out
}

func (v *veil) fields8583(out *view.Message, fields []codec8583.Field) {
	for i := range fields {
		f := &fields[i]
		if len(f.Fields) > 0 {
			v.fields8583(out, f.Fields)
			continue
		}
		if f.Path == "1" {
			continue // the bitmap says what the list says
		}
		kind, known := kinds8583[f.Path]
		if !known {
			kind = fieldText
		}
		out.Fields = append(out.Fields, view.Field{
			Path: padded(f.Path), Name: f.Description, Value: v.show(kind, []byte(f.Clear()), f.Mask), Means: means(f.Path, f.Clear()),
		})
	}
}

// padded gives the number of an element three digits, by which it sorts.
func padded(path string) string {
	element, rest, _ := strings.Cut(path, ".")
	if rest != "" {
		rest = "." + rest
	}
	return strings.Repeat("0", max(0, 3-len(element))) + element + rest
}

// means says what a result code stands for.
func means(path, value string) string {
	if path != "39" {
		return ""
	}
	return codeWords[value]
}

// codeWords are the result codes with the first of their outcomes.
var codeWords = func() map[string]string {
	all := map[string]string{}
	for _, o := range payment.Outcomes() {
		if code := translate.ResultOf(o).Code; code != "" && all[code] == "" {
			all[code] = outcomeWords(o.String())
		}
	}
	return all
}()

func (v *veil) message20022(p *codec20022.Profile, body []byte) *view.Message {
	var m codec20022.Message
	if m.Parse(p, body) != nil || m.Definition() == nil {
		return nil
	}
	out := &view.Message{Name: m.Definition().Name, Dialect: p.Name(), Rebuilt: true, Fields: []view.Field{}}
	for _, def := range []*codec20022.Definition{p.Header(), m.Definition()} {
		for _, place := range p.Places(def) {
			if !m.Has(place.Field) {
				continue
			}
			kind := kinds20022[place.Field]
			if mask.HiddenPlace(place.Path) {
				kind = fieldSecret
			}
			text := m.Text(place.Field)
			out.Fields = append(out.Fields, view.Field{
				Path: place.Path, Name: place.Field.String(), Value: v.show(kind, text, mask.Document(place.Path, text, v.accounts)),
			})
		}
	}
	return out
}

// received is what a participant has sent, as far as the journal's event has it: the
// bytes themselves are not kept.
func (w *messages) received(e *payment.Event) *view.Message {
	dialect := w.d.o.Dialect(e.From)
	if dialect == nil {
		return nil
	}
	l := listed{veil: veilOf(&e.Text, w.roles), out: &view.Message{Rebuilt: true, Fields: []view.Field{}}}
	_, l.iso8583 = dialect.(*message8583.Dialect)
	switch t := dialect.(type) {
	case *message8583.Dialect:
		l.out.Dialect = t.Spec.Name()
	case *message20022.Dialect:
		l.out.Dialect = t.Profile().Name()
	}
	switch e.Kind {
	case payment.RequestArrived, payment.EnquiryArrived:
		l.request(e)
	case payment.AnswerArrived:
		l.answer(&e.Answer)
	default:
		return nil
	}
	return l.out
}

// listed is a message that is told field by field, without its bytes.
type listed struct {
	*veil
	out     *view.Message
	iso8583 bool
}

// add lists a value by the paths of the two formats; an empty path: the format has none.
func (l *listed) add(path8583, path20022, name string, kind fieldKind, value string) {
	path := path20022
	if l.iso8583 {
		path = path8583
	}
	if path == "" || value == "" {
		return
	}
	l.out.Fields = append(l.out.Fields, view.Field{Path: path, Name: name, Value: l.show(kind, []byte(value), codec8583.MaskNone), Means: means(strings.TrimLeft(path, "0"), value)})
}

// textPlaces are where the texts of a request stand.
var textPlaces = [...]struct {
	field               payment.TextField
	path8583, path20022 string
	name                string
	kind                fieldKind
}{
	{payment.MsgID, "", "GrpHdr/MsgId", "message id", fieldPlain},
	{payment.InstructionID, "", "PmtId/InstrId", "instruction id", fieldPlain},
	{payment.EndToEndID, "120.010", "PmtId/EndToEndId", "end-to-end id", fieldPlain},
	{payment.TransactionID, "", "PmtId/TxId", "transaction id", fieldPlain},
	{payment.UETR, "120.011", "PmtId/UETR", "UETR", fieldPlain},
	{payment.RequestCreatedAt, "", "GrpHdr/CreDtTm", "made at", fieldPlain},
	{payment.Purpose, "120.008", "Purp/Cd", "purpose", fieldPlain},
	{payment.PayerAccount, "102", "DbtrAcct/Id", "payer's account", fieldAccount},
	{payment.PayeeAccount, "103", "CdtrAcct/Id", "payee's account", fieldAccount},
	{payment.PayerVPA, "120.003", "DbtrAcct/Prxy/Id", "payer's address", fieldAddress},
	{payment.PayeeVPA, "120.004", "CdtrAcct/Prxy/Id", "payee's address", fieldAddress},
	{payment.PayerName, "120.005", "Dbtr/Nm", "payer's name", fieldPerson},
	{payment.PayeeName, "120.006", "Cdtr/Nm", "payee's name", fieldPerson},
	{payment.PayerIFSC, "120.016", "DbtrAgt/FinInstnId", "payer's branch", fieldPlain},
	{payment.PayeeIFSC, "120.017", "CdtrAgt/FinInstnId", "payee's branch", fieldPlain},
	{payment.Note, "120.018", "RmtInf/Ustrd", "note", fieldText},
}

func (l *listed) request(e *payment.Event) {
	q := &e.Request
	enquiry := e.Kind == payment.EnquiryArrived
	switch {
	case !l.iso8583:
		if l.out.Name = text(&e.Text, payment.RequestType); l.out.Name == "" {
			l.out.Name = map[bool]string{true: "pacs.028", false: "request"}[enquiry]
		}
	case enquiry:
		l.out.Name = "0100"
	case q.Repeat:
		l.out.Name = "0201"
	default:
		l.out.Name = "0200"
	}
	if !enquiry {
		l.add("004", "IntrBkSttlmAmt", "amount, minor units", fieldPlain, fmt.Sprint(q.Amount.Minor))
		l.add("049", "IntrBkSttlmAmt/@Ccy", "currency", fieldPlain, fmt.Sprintf("%03d", q.Amount.Currency))
	}
	l.trace(q.Echo.Transmitted, q.Echo.STAN)
	l.add("037", "", "RRN", fieldPlain, mask.Trimmed(q.Echo.RRN[:]))
	for _, place := range textPlaces {
		l.add(place.path8583, place.path20022, place.name, place.kind, text(&e.Text, place.field))
	}
}

func (l *listed) trace(transmitted, stan uint32) {
	if transmitted != 0 || stan != 0 {
		l.add("007", "", "transmitted, MMDDhhmmss", fieldPlain, fmt.Sprintf("%010d", transmitted))
		l.add("011", "", "trace number", fieldPlain, fmt.Sprintf("%06d", stan))
	}
}

// answerNames are the messages by which legs are answered, of both formats.
var answerNames = [...][2]string{
	payment.LegRequest: {"0210", "admi.007"}, payment.LegResolve: {"0110", "acmt.024"}, payment.LegDebit: {"0210", "pacs.002"},
	payment.LegCredit: {"0210", "pacs.002"}, payment.LegReversal: {"0430", "pacs.002"}, payment.LegAdvice: {"0230", "pacs.002"},
	payment.LegStatus: {"0110", "pacs.002"}, payment.LegFence: {"0430", "camt.029"}, payment.LegConfirm: {"0230", "admi.007"},
	payment.LegUpdate: {"0230", "admi.007"}, payment.LegEnquiry: {"0110", "admi.007"},
}

func (l *listed) answer(a *payment.Answer) {
	name := answerNames[a.Leg]
	if l.out.Name = name[1]; l.iso8583 {
		l.out.Name = name[0]
	}
	if a.Minor >= 0 {
		l.add("004", "OrgnlTxRef/IntrBkSttlmAmt", "amount, minor units", fieldPlain, fmt.Sprint(a.Minor))
	}
	l.trace(a.Transmitted, a.STAN)
	if a.Payment != 0 {
		ref := translate.Reference(a.Payment, a.Leg)
		l.add("037", "OrgnlGrpInf/OrgnlMsgId", "reference", fieldPlain, string(ref[:]))
	}
	l.add("038", "AcctSvcrRef", "approval", fieldPlain, mask.Trimmed(a.Approval[:]))
	l.add("039", "StsRsnInf/Rsn", "result", fieldPlain, a.Code.String())
	if a.Outcome != payment.NoOutcome && len(l.out.Fields) > 0 {
		l.out.Fields[len(l.out.Fields)-1].Means = words(a.Outcome.String())
	}
}
