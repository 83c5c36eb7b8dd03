package hsm

import "context"

// watch asks the module every ProbeEvery whether it is there, beside the workers: they
// may all be inside it, which is when somebody wants to know.
func (p *Pool) watch() {
	for p.base.Err() == nil {
		p.probe()
		pause, cancel := p.o.Deadline(p.base, p.o.ProbeEvery)
		<-pause.Done()
		cancel()
	}
}

// probe asks once. A module that does not come back is down when the time of a call is
// over, and its late answer changes nothing.
func (p *Pool) probe() {
	ctx, cancel := p.o.Deadline(p.base, p.o.Timeout)
	defer cancel()
	p.probing.Store(1)
	defer p.probing.Store(0)
	inTime := context.AfterFunc(ctx, func() { p.up.Store(false) })
	_, err := p.module.Health(ctx)
	p.up.Store(inTime() && err == nil)
}
