package hsm

import "context"

// Prompt is a Module that does some kinds of calls itself, by nothing but the processor
// of who asks: it waits for no other machine, no disk and no other call, and has answered
// after microseconds. Once it is closed it refuses what comes, so that nobody has to count
// who is inside. A hop to a worker would cost such a call several times what it takes.
type Prompt interface {
	Module
	// Prompt says it of a kind of call, and always says the same.
	Prompt(op Op) bool
}

// promptOf is what a module does promptly.
func promptOf(m Module) (prompt [opCount]bool) {
	if quick, ok := m.(Prompt); ok {
		for op := range opCount {
			prompt[op] = quick.Prompt(op)
		}
	}
	return prompt
}

// Prompt says that the module does all of these kinds of calls promptly: who asks may do
// so by Here, on an event loop too. It does not change. Safe for concurrent use.
func (p *Pool) Prompt(ops ...Op) bool {
	for _, op := range ops {
		if !p.prompt[op] {
			return false
		}
	}
	return true
}

// Here gives the module for calls of kinds that it does promptly, to be made where the
// caller is, one after the other: there is no worker, no queue and no deadline to need
// one. The calls are counted, and are no requests to the pool. When the pool has ended it
// is a Fault of which nothing was done, as for Call. Safe for concurrent use.
func (p *Pool) Here(op Op) (context.Context, Module, error) {
	if p.base.Err() != nil {
		return nil, nil, p.refuse(op, leftStopped, "the pool has stopped")
	}
	return p.base, p.module, nil
}
