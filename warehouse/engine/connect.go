package engine

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"parley"
)

// Time limits of connections. A query may run for long before its first byte: the engine's own limits
// (max_execution_time) and the caller's context bound it.
const (
	dialTimeout  = 30 * time.Second
	queryTimeout = time.Hour
	connLifetime = time.Hour
)

// user is the engine's only user.
const user = "default"

// host stands for the engine in URLs. It is a loopback address so that no HTTP proxy is ever asked.
const host = "127.0.0.1:8123"

// dial connects to where the engine answers.
func (a address) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, a.Network, a.Address)
	if err != nil {
		return nil, parley.Errorf(parley.Transient, "cannot reach the warehouse engine: %w", err)
	}
	return conn, nil
}

// options are what every connection to the engine needs; find tells where it answers at the moment.
func options(database, secret string, queries int, find func(context.Context) (address, error)) *clickhouse.Options {
	return &clickhouse.Options{
		Protocol: clickhouse.HTTP,
		Addr:     []string{host},
		Auth:     clickhouse.Auth{Database: database, Username: user, Password: secret},
		DialContext: func(ctx context.Context, _ string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			a, err := find(ctx)
			if err != nil {
				return nil, err
			}
			return a.dial(ctx)
		},
		DialTimeout:     dialTimeout,
		ReadTimeout:     queryTimeout,
		ConnMaxLifetime: connLifetime,
		MaxOpenConns:    2 * queries,
		MaxIdleConns:    2 * queries,
		Compression:     &clickhouse.Compression{Method: clickhouse.CompressionNone},
	}
}

// check asks /ping and a first query, which also proves the secret.
func (a address) check(ctx context.Context, secret string) error {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return a.dial(ctx) }}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	if answer, err := ask(ctx, client, http.MethodGet, "/ping", "", ""); err != nil || answer != "Ok.\n" {
		return fmt.Errorf("it does not answer a ping: %q %w", answer, err)
	}
	if answer, err := ask(ctx, client, http.MethodPost, "/", "SELECT 1", secret); err != nil || answer != "1\n" {
		return fmt.Errorf("it does not answer a query: %q %w", answer, err)
	}
	return nil
}

func ask(ctx context.Context, client *http.Client, method, path, body, secret string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+host+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	if secret != "" {
		r.SetBasicAuth(user, secret)
	}
	response, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxErrorText))
	return string(answer), err
}
