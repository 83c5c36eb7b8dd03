package iso20022

// appendEscaped appends text as the content of an element or of an attribute in
// double quotes. Only what would end the text is replaced: '>' too, because "]]>"
// must not stand in content. The caller has checked that the text is UTF-8.
func appendEscaped(dst, text []byte) []byte {
	from := 0
	for i, c := range text {
		if c > '>' {
			continue
		}
		var entity string
		switch c {
		case '&':
			entity = "&amp;"
		case '<':
			entity = "&lt;"
		case '>':
			entity = "&gt;"
		case '"':
			entity = "&quot;"
		default:
			continue
		}
		dst = append(append(dst, text[from:i]...), entity...)
		from = i + 1
	}
	return append(dst, text[from:]...)
}
