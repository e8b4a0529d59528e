package warehouse

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files and docs/dictionary.md anew")

func TestDictionary(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	got, err := Dictionary(context.Background(), w.Conn())
	require.NoError(t, err)
	path := filepath.Join("..", "docs", "dictionary.md")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "docs/dictionary.md is out of date: run this test with -update")
	for _, name := range append(append([]string{}, factTables...), analystViews...) {
		require.Contains(t, got, "\n### "+name+"\n")
	}
	require.False(t, strings.Contains(got, "|  |"), "a column has no comment")
	require.Zero(t, number(t, w, "SELECT count() FROM system.columns WHERE database = currentDatabase() AND table != 'statuses_to_deliveries' AND comment = ''"))
	require.Zero(t, number(t, w, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND comment = ''"))
}
