package sim

// agenda is what is still to happen, by time and then by the order of adding:
// nothing else decides what comes first, so that a seed always gives one run.
type agenda struct {
	items   []item
	order   uint64
	waiting int // items that are not background
}

// item is one thing to come. A background item, such as a link's upkeep, does not
// keep a run from ending.
type item struct {
	at         int64
	order      uint64
	do         func()
	background bool
}

func (a *agenda) add(at int64, do func()) {
	a.waiting++
	a.push(item{at: at, do: do})
}

func (a *agenda) addBackground(at int64, do func()) { a.push(item{at: at, do: do, background: true}) }

func (a *agenda) push(x item) {
	a.order++
	x.order = a.order
	a.items = append(a.items, x)
	for i := len(a.items) - 1; i > 0; {
		parent := (i - 1) / 2
		if !a.before(i, parent) {
			return
		}
		a.items[i], a.items[parent] = a.items[parent], a.items[i]
		i = parent
	}
}

// take removes the earliest item.
func (a *agenda) take() item {
	first, last := a.items[0], len(a.items)-1
	a.items[0], a.items[last] = a.items[last], item{}
	a.items = a.items[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && a.before(child+1, child) {
			child++
		}
		if !a.before(child, i) {
			break
		}
		a.items[i], a.items[child] = a.items[child], a.items[i]
		i = child
	}
	if !first.background {
		a.waiting--
	}
	return first
}

func (a *agenda) before(i, j int) bool {
	x, y := &a.items[i], &a.items[j]
	if x.at != y.at {
		return x.at < y.at
	}
	return x.order < y.order
}
