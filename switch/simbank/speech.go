package simbank

// speech is a protocol as the bank's behaviour needs it: it reads what the switch
// writes into heard, and writes what the bank has decided. It decides nothing,
// keeps nothing but running numbers, and is safe for concurrent use. Names of
// fields and elements stop here.
type speech interface {
	// hear reads the body of a frame, which is the caller's again afterwards.
	hear(body []byte) heard

	// ask asks for network management under a number, confirm answers it.
	ask(e event, number string) ([]byte, error)
	confirm(h *heard) ([]byte, error)

	// answer answers a request; refuse answers what is not right (h.bad). Both
	// give nil where the protocol has no answer.
	answer(h *heard, r *reply) ([]byte, error)
	refuse(h *heard) ([]byte, error)

	// order writes an own payment for the first time and notes in it by what
	// its answer will be known; again makes its repeat of the bytes of the first.
	order(own *payment, o Order) ([]byte, error)
	again(body []byte) []byte

	// seal makes of a message what goes on the wire: proven as agreed, or on
	// purpose not.
	seal(body []byte, how proof) ([]byte, error)

	// enquire asks the switch what became of a payment; nil: it cannot be asked.
	enquire(s *subject) ([]byte, error)
}

// proof is whether a message proves that it is ours, where messages are to do that.
type proof uint8

const (
	agreed proof = iota
	forged       // its code or signature is wrong
	bare         // it has none
)

// act is what a message of the switch does.
type act uint8

const (
	noise       act = iota // an answer to nothing, or nothing that can be read
	eventAsked             // network management asked of us
	eventDone              // network management that we asked for
	request                // something to do, see duty
	result                 // what became of an own payment
	ruling                 // what became of a credit that we asked about
	opposed                // the switch could not read a message of ours
	receiptOnly            // about nothing that is kept here, to be acknowledged
)

// event is a kind of network management.
type event uint8

const (
	eventUnknown event = iota
	signOn
	signOff
	echo
	cutOver
)

// heard is what one message says, in no protocol's words. Which fields are set
// depends on act.
type heard struct {
	act act
	bad *fault // what is not right with it
	why string // the code for that

	unproven bool // what is wrong is its code or signature

	event  event
	number string // of the event
	ok     bool   // an event that was answered well

	duty    duty
	leg     Leg
	pin     Code // of a debit at a bank with PINs: Approved, or what is wrong with its PIN
	address string
	final   ending // of dutyConfirm and ruling
	subject *subject

	told told
	raw  any // the message, for the answer
}

// ending is what the switch says about a payment that is over, or not yet.
type ending uint8

const (
	endOpen ending = iota
	endDone
	endFailed
)

// told is what the switch says to the payer's side about an own payment.
type told struct {
	id    string // by which the payment is known
	later bool   // a second message, sent when the first was not the last word
	// echoes holds an answer against its request: a PSP finds its payment by these.
	echoes  func(request any) bool
	content []byte // what must be the same in each answer
	outcome string // success, declined, deemed
	code    string
	upi     string
	txnID   string
	in      string // id of the message that says so, in ISO 20022
}

// reply is what a bank says to a request.
type reply struct {
	Answer
	holder *holder // who stands behind an address; nil: nobody
}

// holder is the owner of an account.
type holder struct {
	address, name, account, branch string
}

// subject names a payment to ask the switch about.
type subject struct {
	msgID, msgName, created string // the message that it was ordered by
	instruction, endToEnd   string
	txnID, uetr, rrn        string
}

func newSpeech(o Options) (speech, error) {
	if !o.ISO20022 {
		return newFields(o)
	}
	s := newMessages(o)
	var err error
	if o.Signing.Kind != "" {
		s.signing, err = newSigning(o.Signing, o.Clock)
	}
	return s, err
}
