package cloudapi

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// samples reads the vendor's published webhook examples, which are kept outside of this repository.
func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	shared := os.Getenv("PARLEY_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", "whatsapp", "webhooks", "*.json"))
	require.NoError(tb, err)
	if len(files) == 0 {
		tb.Skip("no webhook samples: set PARLEY_SHARED to the folder that holds data/whatsapp/webhooks")
	}
	bodies := map[string][]byte{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(tb, err)
		bodies[strings.TrimSuffix(filepath.Base(file), ".json")] = body
	}
	return bodies
}

// expected counts, with no knowledge of the model, what a body must yield: the elements of every array
// of a value that holds objects and is not its contacts, threads' messages for history, else the value.
func expected(t *testing.T, body []byte) (items int, wamids map[string]bool) {
	t.Helper()
	var top map[string]any
	require.NoError(t, json.Unmarshal(body, &top))
	wamids = map[string]bool{}
	for _, entry := range top["entry"].([]any) {
		for _, change := range entry.(map[string]any)["changes"].([]any) {
			c := change.(map[string]any)
			value := c["value"].(map[string]any)
			found := 0
			if _, ofNumber := value["metadata"]; ofNumber {
				for name, member := range value {
					elements, isArray := member.([]any)
					switch {
					case !isArray || name == "contacts":
					case name == "history":
						for _, chunk := range elements {
							for _, thread := range chunk.(map[string]any)["threads"].([]any) {
								messages := thread.(map[string]any)["messages"].([]any)
								found += len(messages)
								collect(messages, wamids)
							}
						}
					default:
						found += len(elements)
						collect(elements, wamids)
					}
				}
			}
			items += max(found, 1)
		}
	}
	return items, wamids
}

func collect(elements []any, wamids map[string]bool) {
	for _, e := range elements {
		if id, _ := e.(map[string]any)["id"].(string); strings.HasPrefix(id, "wamid.") {
			wamids[id] = true
		}
	}
}

func TestSamplesLoseNothing(t *testing.T) {
	t.Parallel()
	for name, body := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Decode(body)
			require.NoError(t, err)
			wantItems, wamids := expected(t, body)
			items := 0
			for i := range p.Changes {
				c := &p.Changes[i]
				require.True(t, c.Known(), "field %q", c.Field)
				require.NotEmpty(t, c.WABA)
				items += len(c.Items)
				for j := range c.Items {
					it := &c.Items[j]
					require.NoError(t, it.Err, it.Path())
					checkSampleItem(t, c, it, wamids)
				}
			}
			require.Equal(t, wantItems, items)
			require.Empty(t, wamids, "messages that were not found")
			requireRoundTrip(t, p)
			t.Log(listing(p))
		})
	}
}

func checkSampleItem(t *testing.T, c *Change, it *Item, wamids map[string]bool) {
	t.Helper()
	switch {
	case it.Message != nil:
		delete(wamids, it.Message.ID)
		_, err := it.Message.SentAt()
		require.NoError(t, err)
		require.NotEmpty(t, c.Number)
		require.False(t, c.Customer(it).IsZero())
		require.Empty(t, it.Message.Unknown, "the model lacks a documented member")
	case it.Status != nil:
		delete(wamids, it.Status.ID)
		_, err := it.Status.At()
		require.NoError(t, err)
		require.False(t, c.Customer(it).IsZero() && it.Status.Group() == "", "a receipt of nobody")
		require.Empty(t, it.Status.Unknown, "the model lacks a documented member")
	default:
		require.NotNil(t, it.Event)
		delete(wamids, it.Event.Subject)
		require.True(t, json.Valid(it.Event.Raw))
	}
}
