package queue_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"parley"
	"parley/pipeline/queue"
)

func TestManyCallersOnALogOfSmallRecords(t *testing.T) {
	t.Parallel()
	config := queue.Defaults(t.TempDir())
	config.MaxRecord, config.MaxPending = 64<<10, 16<<20
	l := start(t, config)
	const callers, each = 64, 10
	body := string(make([]byte, 60<<10))
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				require.NoError(t, l.Append(context.Background(), record(body)), "a frame must fit what the server takes")
			}
		})
	}
	wg.Wait()
	records, _ := read(t, l, 1, callers*each)
	require.Len(t, records, callers*each)
}

func TestPasswordOfAnAddressIsNotShown(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"nats://ada:ti%zzger@127.0.0.1:1", "nats://ada:tiger@127.0.0.1:1,nats://ada:tiger@127.0.0.1:2"} {
		config := queue.Defaults(t.TempDir())
		config.URL = address
		l := queue.New(config, quiet(), nil)
		err := l.Start(t.Context())
		require.Equal(t, parley.Transient, parley.KindOf(err))
		require.NotContains(t, err.Error(), "ger", "neither password")
	}
}
