// A Vault server for the tests, from Vault's own source: the core with its token and identity stores, KV, jwt logins
// and the leased passthrough engine, without the other engines, which would take many times as long to compile.
//
// It takes the place of `vault server -config=FILE`: one TLS listener, storage in memory. It starts sealed and empty;
// sys/init and sys/unseal do the rest, as on any other server.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	config "github.com/hashicorp/vault/command/server"
	"github.com/hashicorp/vault/helper/testhelpers/corehelpers"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 || args[0] != "server" {
		return errors.New("usage: server -config=FILE")
	}
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	file := flags.String("config", "", "a configuration as `vault server` reads it")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	settings, err := config.LoadConfigFile(*file)
	if err != nil {
		return err
	}
	if len(settings.Listeners) != 1 {
		return fmt.Errorf("%s: want one listener, have %d", *file, len(settings.Listeners))
	}
	listener := settings.Listeners[0]
	core, err := newCore(settings)
	if err != nil {
		return err
	}
	server := http.Server{
		Addr:    listener.Address,
		Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core, ListenerConfig: listener}),
		// As `vault server` sets them.
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       5 * time.Minute,
	}
	return server.ListenAndServeTLS(listener.TLSCertFile, listener.TLSKeyFile)
}

// newCore makes a Vault that has not been initialised.
func newCore(settings *config.Config) (*vault.Core, error) {
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: os.Stderr})
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return nil, err
	}
	return vault.NewCore(&vault.CoreConfig{
		RawConfig:    settings,
		Physical:     storage,
		StorageType:  "inmem",
		Logger:       logger,
		DisableMlock: true,
		LogicalBackends: map[string]logical.Factory{
			"kv":        kv.Factory,
			"leased-kv": vault.LeasedPassthroughBackendFactory,
		},
		CredentialBackends: map[string]logical.Factory{"jwt": jwt.Factory},
		BuiltinRegistry:    corehelpers.NewMockBuiltinRegistry(),
	})
}
