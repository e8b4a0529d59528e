package ingest

import (
	"errors"
	"time"

	"parley"
)

// App is one Meta app that posts here.
type App struct {
	// Name is the last element of /webhooks/whatsapp/{app}. Empty: the bare path /webhooks/whatsapp.
	Name parley.AppID `koanf:"name"`
	// Secrets are the app secrets that sign its bodies. Two are valid at once while one is being rotated.
	Secrets []string `koanf:"secrets"`
	// VerifyTokens are accepted as hub.verify_token when the endpoint is registered.
	VerifyTokens []string `koanf:"verify_tokens"`
}

// Config of the receiver.
type Config struct {
	Apps []App `koanf:"apps"`
	// MaxBody is the largest body in bytes; Meta sends at most about 3 MB. Larger ones are answered 413.
	MaxBody int64 `koanf:"max_body"`
	// MaxInFlight bounds the bodies that are being received at once; more are answered 503.
	MaxInFlight int `koanf:"max_in_flight"`
	// MaxInFlightBytes bounds the memory of these bodies together; beyond it more are answered 503. A body
	// whose length is not announced counts as MaxBody.
	MaxInFlightBytes int64 `koanf:"max_in_flight_bytes"`
	// BodyTimeout bounds how long a request may take to arrive; it becomes the HTTP server's ReadTimeout.
	BodyTimeout time.Duration `koanf:"body_timeout"`
}

// Defaults of a receiver: no app, so nothing is accepted until a secret is set.
func Defaults() Config {
	return Config{MaxBody: 4 << 20, MaxInFlight: 1024, MaxInFlightBytes: 128 << 20, BodyTimeout: 10 * time.Second}
}

// maxSecrets is one current and one previous secret.
const maxSecrets = 2

// Validate reports everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, parley.Errorf(parley.Invalid, format, args...))
		}
	}
	seen := map[parley.AppID]bool{}
	for i, app := range c.Apps {
		check(validAppName(app.Name), "whatsapp.apps[%d].name: %q must be at most 64 letters, digits, - and _", i, app.Name)
		check(!seen[app.Name], "whatsapp.apps[%d].name: %q is there twice", i, app.Name)
		seen[app.Name] = true
		check(len(app.Secrets) <= maxSecrets, "whatsapp.apps[%d].secrets: %d given, at most %d can be valid at once", i, len(app.Secrets), maxSecrets)
		for j, s := range app.Secrets {
			check(s != "", "whatsapp.apps[%d].secrets[%d]: must not be empty", i, j)
		}
		for j, s := range app.VerifyTokens {
			check(s != "", "whatsapp.apps[%d].verify_tokens[%d]: must not be empty", i, j)
		}
	}
	check(c.MaxBody >= 1<<10 && c.MaxBody <= 32<<20, "whatsapp.max_body: %d must be from 1 KiB to 32 MiB", c.MaxBody)
	check(c.MaxInFlight >= 1 && c.MaxInFlight <= 1<<16, "whatsapp.max_in_flight: %d must be from 1 to 65536", c.MaxInFlight)
	check(c.MaxInFlightBytes >= c.MaxBody, "whatsapp.max_in_flight_bytes: %d must be at least whatsapp.max_body (%d)", c.MaxInFlightBytes, c.MaxBody)
	check(c.BodyTimeout >= time.Second, "whatsapp.body_timeout: %v must be at least 1s", c.BodyTimeout)
	return errors.Join(errs...)
}

func validAppName(name parley.AppID) bool {
	for _, r := range name {
		ok := r == '-' || r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		if !ok {
			return false
		}
	}
	return len(name) <= 64
}
