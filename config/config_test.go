package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
	"parley/config"
	"parley/ingest"
)

func write(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "parley.yaml")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

func TestNothingNeedsToBeSet(t *testing.T) {
	t.Parallel()
	c, err := config.Load(write(t, ""), nil)
	require.NoError(t, err)
	require.Equal(t, config.Default(), c)
	require.Equal(t, "127.0.0.1:8080", c.Listen)
	require.Empty(t, c.WhatsApp.Receiver().Apps)
}

func TestSampleFileSaysTheDefaults(t *testing.T) {
	t.Parallel()
	c, err := config.Load("parley.sample.yaml", nil)
	require.NoError(t, err)
	want := config.Default()
	c.WhatsApp.Apps, c.Tenants = nil, nil // empty lists in the file
	require.Equal(t, want, c)
}

func TestEnvironmentWinsOverFile(t *testing.T) {
	t.Parallel()
	file := write(t, "listen: 127.0.0.1:1\npipeline: {batch_wait: 100ms}\nlog: {max_bytes: 33554432}\n")
	c, err := config.Load(file, []string{"PARLEY_LISTEN=127.0.0.1:2", "PARLEY_LOG_MAX_BYTES=67108864", "HOME=/x",
		"PARLEY_WHATSAPP_APP_SECRET=s", "PARLEY_WHATSAPP_VERIFY_TOKEN=t", "PARLEY_LOGGING_LEVEL=debug", "PARLEY_WAREHOUSE=clickhouse://h:9000"})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:2", c.Listen)
	require.Equal(t, 100*time.Millisecond, c.Pipeline.BatchWait)
	require.Equal(t, int64(64<<20), c.Log.MaxBytes)
	require.Equal(t, "DEBUG", c.Logging.Level.String())
	require.Equal(t, "clickhouse://h:9000", c.Warehouse.Address)
	require.Equal(t, []ingest.App{{Secrets: []string{"s"}, VerifyTokens: []string{"t"}}}, c.WhatsApp.Receiver().Apps)
}

func TestFoldersFollowDataDir(t *testing.T) {
	t.Parallel()
	f := func(file string, env ...string) {
		t.Helper()
		c, err := config.Load(write(t, file), env)
		require.NoError(t, err)
		require.Equal(t, "elsewhere", c.DataDir)
		require.Equal(t, filepath.Join("elsewhere", "log"), c.Log.Dir)
		require.Equal(t, filepath.Join("elsewhere", "seen"), c.Pipeline.SeenDir)
	}
	f("data_dir: elsewhere")
	f("", "PARLEY_DATA_DIR=elsewhere")
	f("data_dir: other", "PARLEY_DATA_DIR=elsewhere")
}

func TestTenantsAndApps(t *testing.T) {
	t.Parallel()
	c, err := config.Load(write(t, `
whatsapp:
  apps:
    - {name: shop, secrets: [a, b], verify_tokens: [t]}
tenants:
  - {id: acme, phone_number_ids: ["1", "2"], waba_ids: ["3"], retain_messages_days: 30}
`), nil)
	require.NoError(t, err)
	require.Equal(t, parley.AppID("shop"), c.WhatsApp.Receiver().Apps[0].Name)
	require.Equal(t, []parley.PhoneNumberID{"1", "2"}, c.Tenants[0].Numbers)
	require.Equal(t, uint16(30), c.Tenants[0].RetainMessages)
}

func TestMistakesAreRefusedByName(t *testing.T) {
	t.Parallel()
	f := func(file string, env []string, parts ...string) {
		t.Helper()
		_, err := config.Load(write(t, file), env)
		require.Equal(t, parley.Invalid, parley.KindOf(err))
		for _, part := range parts {
			require.ErrorContains(t, err, part)
		}
	}
	f("listne: x", nil, "listne")
	f("pipeline: {batch_size: 1}", nil, "batch_size")
	f("", []string{"PARLEY_LISTENER=x"}, "PARLEY_LISTENER")
	f("listen: [", nil, "cannot read configuration")
	f("listen: ''\nlog: {replicas: 2}\npipeline: {batch_rows: 0}\nverify: {at: noon}\nidentity: {key: zz}", nil,
		"listen:", "log.replicas", "pipeline.batch_rows", "verify.at", "identity.key")
	f("log: {url: 'nats://h:4222'}", nil, "identity.key: must be set with log.url")
	f("tenants: [{id: a, phone_number_ids: ['1']}, {id: b, phone_number_ids: ['1']}]", nil, `"1" belongs to "a" already`)
	f("tenants: [{id: 'A b'}]", nil, "tenants[0].id")
}

func TestMissingNamedFileIsAnError(t *testing.T) {
	t.Parallel()
	_, err := config.Load(filepath.Join(t.TempDir(), "no.yaml"), nil)
	require.Equal(t, parley.Invalid, parley.KindOf(err))
}
