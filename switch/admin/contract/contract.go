package contract

import (
	"bytes"
	_ "embed" // the schema of documents
	"fmt"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed openapi-3.1.json
var ofDocuments []byte

// Contract is an OpenAPI document. It is not safe for concurrent use.
type Contract struct {
	document map[string]any
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// at is where the document stands for the compiler.
const at = "document.json"

// New reads a document, and refuses what is none of OpenAPI 3.1.
func New(document []byte) (*Contract, error) {
	meta, err := jsonschema.UnmarshalJSON(bytes.NewReader(ofDocuments))
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("the document is no JSON: %w", err)
	}
	c := &Contract{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	if err := c.compiler.AddResource("openapi.json", meta); err != nil {
		return nil, err
	}
	is, err := c.compiler.Compile("openapi.json")
	if err != nil {
		return nil, err
	}
	if err := is.Validate(doc); err != nil {
		return nil, fmt.Errorf("the document is not one of OpenAPI 3.1: %w", err)
	}
	c.document = doc.(map[string]any)
	seal(c.document["components"])
	seal(c.document["paths"])
	return c, c.compiler.AddResource(at, doc)
}

// seal has schemas of objects take no properties that they do not name: who answers must
// not say more than the document, while who reads an answer has to live with more.
func seal(v any) {
	switch v := v.(type) {
	case map[string]any:
		_, named := v["properties"].(map[string]any)
		if _, more := v["additionalProperties"]; named && !more {
			v["additionalProperties"] = false
		}
		for _, each := range v {
			seal(each)
		}
	case []any:
		for _, each := range v {
			seal(each)
		}
	}
}

// Paths are the operations of the document: "GET /api/v1/me".
func (c *Contract) Paths() (all []string) {
	paths, _ := c.document["paths"].(map[string]any)
	for path, of := range paths {
		operations, _ := of.(map[string]any)
		for method := range operations {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	return all
}

// Check says what the JSON of an answer has that the document does not have, or has not
// what it has. path is as the document has it, with names in braces.
func (c *Contract) Check(method, path string, status int, body []byte) error {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	place := "/paths/" + escape.Replace(path) + "/" + strings.ToLower(method) + "/responses/"
	const content = "/content/application~1json/schema"
	is, err := c.schema(place + strconv.Itoa(status) + content)
	if err != nil && status != 200 {
		is, err = c.schema(place + "default" + content)
	}
	if err != nil {
		return fmt.Errorf("%s %s: no schema of an answer with status %d: %w", method, path, status, err)
	}
	answer, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s %s: the answer is no JSON: %w", method, path, err)
	}
	if err := is.Validate(answer); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func (c *Contract) schema(place string) (*jsonschema.Schema, error) {
	if is := c.compiled[place]; is != nil {
		return is, nil
	}
	is, err := c.compiler.Compile(at + "#" + strings.ReplaceAll(strings.ReplaceAll(place, "{", "%7B"), "}", "%7D"))
	if err != nil {
		return nil, err
	}
	c.compiled[place] = is
	return is, nil
}
