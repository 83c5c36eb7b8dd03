// Package contract holds the admin API to its own OpenAPI document.
//
// It promises that a document is one of OpenAPI 3.1, and that an answer has all that the
// document says and nothing else. Tests call it, with the document and the answers of a
// running switch; the switch itself never does.
//
// openapi-3.1.json is the schema of the OpenAPI Initiative (https://spec.openapis.org,
// Apache License 2.0), unchanged.
//
// Example:
//
//	c, err := contract.New(document)
//	...
//	err = c.Check("GET", "/api/v1/participants/{id}", 200, body)
package contract
