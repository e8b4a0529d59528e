package bench

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parley"
	"parley/config"
	"parley/ingest/simulate"
)

// TestServerConfig: the server must be an ordinary one, or its figures mean nothing.
func TestServerConfig(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	file := filepath.Join(t.TempDir(), "parley.yaml")
	require.NoError(t, os.WriteFile(file, serverConfig(dir, "a secret"), 0o600))
	got, err := config.Load(file, nil)
	require.NoError(t, err)
	want, err := config.Load(os.DevNull, []string{"PARLEY_DATA_DIR=" + dir})
	require.NoError(t, err)
	require.Equal(t, want.Pipeline, got.Pipeline)
	require.Equal(t, want.Log, got.Log)
	require.Equal(t, want.Engine, got.Engine)
	require.Equal(t, "a secret", got.WhatsApp.AppSecret)
	require.Len(t, got.Tenants, 1)
	require.Len(t, got.Tenants[0].Numbers, len(simulate.DemoNumbers()))
}

func TestServerEnvironment(t *testing.T) {
	t.Parallel()
	got := serverEnvironment([]string{"HOME=/home/x", "PARLEY_LISTEN=:80", "PARLEY_ENGINE_LIB=lib.so", "PARLEY_WHATSAPP_APP_SECRET=s"})
	require.Equal(t, []string{"HOME=/home/x", "PARLEY_ENGINE_LIB=lib.so"}, got)
}

func TestServeBare(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- ServeBare(ctx, write) }()
	found := make(chan string, 1)
	c := &child{ended: make(chan struct{})}
	go c.read(read, found)
	url := <-found
	res, err := http.Post(url+"/webhooks/whatsapp", "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 200, res.StatusCode)
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, write.Close())
	<-c.ended
}

func TestStartChildSaysWhyItEnded(t *testing.T) {
	t.Parallel()
	_, err := startChild(t.Context(), "/bin/sh", []string{"-c", "echo the disk is full >&2; exit 3"}, nil)
	require.ErrorContains(t, err, "the disk is full")
}

func TestIngestRefusesAnUnknownFigure(t *testing.T) {
	t.Parallel()
	_, err := Ingest(t.Context(), Config{Figures: []string{"speed"}})
	require.Equal(t, parley.Invalid, parley.KindOf(err))
}
