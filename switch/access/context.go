package access

import "context"

type callerKey struct{}

// With is a context that knows who asks, for handlers behind the login.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From is who asks; nobody where nobody was named.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
