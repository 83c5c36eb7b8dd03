package iso20022

import (
	"strings"
	"testing"
)

// TestOnce: a second transaction, which nobody would look at, is refused.
func TestOnce(t *testing.T) {
	start, end := strings.Index(received, "<p:CdtTrfTxInf>"), strings.Index(received, "</p:FIToFICstmrCdtTrf>")
	checkEdits(t, mustProfile(t, "ips-base"), received, []edit{
		{received[start:end], received[start:end] + received[start:end], ReasonRepeated, pacs008Path + "CdtTrfTxInf"},
	})
}
