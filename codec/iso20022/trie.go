package iso20022

// tree tells the scanner which elements of one message a profile names. It is
// laid over the schema: a node has one child for each element of its complex
// type, by index, so that following it costs one look-up.
//
// A profile makes one for each of its messages (AppHdr included) and never
// changes it afterwards. nodes[0] is the zero node, under which nothing is of
// interest; nodes[1] stands for the root element (Document or AppHdr).
type tree struct {
	nodes []node
	next  []uint16 // children of all nodes; 0: nothing of interest there
}

// node is one element that is of interest or has such elements below it.
type node struct {
	// first is where its children begin in tree.next, as many as its complex type
	// has elements. It counts only if inner is set.
	first uint32
	inner bool
	// again is the node of the element's next occurrence, if that is named on its
	// own ("[2]"); 0: later occurrences are of no interest.
	again uint16
	// value is the field that stands in the content of the element, attribute the
	// one in its attribute (Ccy is the only one in all schemas); 0: none. The
	// content of an element with children is all between its tags.
	value, attribute Field
}

// rootNode is the node of the root element in every tree.
const rootNode = 1

// child is the node of element k of the complex type that n stands on.
func (t *tree) child(n uint16, k int) uint16 {
	if n == 0 || !t.nodes[n].inner {
		return 0
	}
	return t.next[int(t.nodes[n].first)+k]
}
