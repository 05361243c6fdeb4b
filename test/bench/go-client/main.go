// A login by the job's ID token, reads, and the end of the token, by Vault's own client library for Go: what a Go program
// would take that did nothing else. It is measured beside civault (make bench).
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/vault/api"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Each mapping is NAME=PATH#FIELD, as for civault env.
func run(mappings []string) error {
	// VAULT_ADDR and VAULT_CACERT are read by the library.
	client, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		return err
	}
	login, err := client.Logical().Write("auth/jwt/login", map[string]any{
		"role": "nexus-ci",
		"jwt":  os.Getenv("VAULT_ID_TOKEN"),
	})
	if err != nil {
		return err
	}
	client.SetToken(login.Auth.ClientToken)
	defer client.Auth().Token().RevokeSelf("")
	known := map[string]map[string]any{}
	for _, mapping := range mappings {
		name, reference, _ := strings.Cut(mapping, "=")
		path, field, _ := strings.Cut(reference, "#")
		if known[path] == nil {
			secret, err := client.Logical().Read(path)
			if err != nil {
				return err
			}
			known[path] = secret.Data["data"].(map[string]any)
		}
		value := strings.ReplaceAll(known[path][field].(string), "'", `'\''`)
		fmt.Printf("export %s='%s'\n", name, value)
	}
	return nil
}
