package simbank

// saying is a bank's word in the codes of ISO 20022.
type saying struct {
	status string // TxSts
	cd     string // reason of the code list
	own    string // or a reason of the scheme's own, with its text
	text   string
}

func (s saying) reason() *reason {
	switch {
	case s.own != "":
		return &reason{Rsn: &codeOrText{Prtry: s.own}, AddtlInf: []string{s.text}}
	case s.cd != "":
		return &reason{Rsn: &codeOrText{Cd: s.cd}}
	}
	return nil
}

// reasons is the table of result codes, from DE39: to a debit, to a credit.
var reasons = map[Code][2]string{
	CodeOf("05"): {"MS03", "MS03"}, InvalidAmount: {"AM12", "AM12"}, CodeOf("14"): {"BE23", "BE23"}, NotFound: {"AG09", "AG09"},
	NoFunds: {"AM04", "AM04"}, CodeOf("57"): {"AG01", "AG01"}, AboveLimit: {"AM14", "AM14"}, CodeOf("62"): {"AC06", "AC06"},
	InvalidPayee: {"AC03", "AC03"}, InvalidPayer: {"AC02", "AC02"}, CodeOf("91"): {"AB07", "AB08"}, DuplicateOther: {"AM05", "AM05"},
	Malfunction: {"AB10", "AB09"},
}

func refusal(c Code, d duty) saying {
	column := 1
	if d == dutyDebit || d == dutyReversal {
		column = 0
	}
	if row, known := reasons[c]; known {
		return saying{status: "RJCT", cd: row[column]}
	}
	return saying{status: "RJCT", cd: "MS03"}
}

// said puts a reply to a request about a payment into status and reason.
func (s *messages) said(d duty, r *reply) saying {
	switch {
	case d == dutyStatus:
		return s.stands(r)
	case d == dutyReversal && r.Code == NothingDone:
		return saying{status: "RJCT", own: "NOTD", text: "NOT_DONE"}
	case d == dutyDebit && r.Code == CodeOf("91"):
		return saying{status: "PDNG", cd: "AB07"} // ambiguous
	case d == dutyDebit && r.Code == Malfunction:
		return saying{status: "ACWP", cd: "AB10"} // ambiguous
	case r.Code != Approved:
		return refusal(r.Code, d)
	case d == dutyCredit && s.onConfirm:
		return saying{status: "ACTC"}
	case d == dutyCredit, d == dutyAdvice:
		return saying{status: "ACCC"}
	}
	return saying{status: "ACSC"}
}

// stands is the answer to a status check of a credit.
func (s *messages) stands(r *reply) saying {
	switch r.State {
	case Posted:
		return saying{status: "ACCC"}
	case Held:
		return saying{status: "ACTC"}
	case Dropped:
		return saying{status: "RJCT", cd: "AB05"}
	}
	return refusal(r.Code, dutyCredit)
}
