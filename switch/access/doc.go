// Package access says who may look at a switch and who may order what: the roles of
// operators, the file of users, and how a token or a certificate becomes a caller.
//
// It promises that a caller who cannot be known is nobody, that comparing a token tells
// nothing about it by its time, and that no token is kept or shown: the file has hashes.
// switch/admin asks it for each request, switch/desk for each order. It opens no socket.
//
// Example:
//
//	users, err := access.Load("admin.users")
//	caller, known := users.ByToken(token)
//	if known && caller.Roles.Any(access.Operator|access.SecurityOfficer) {
package access
