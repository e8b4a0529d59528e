package queue_test

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"parley"
	"parley/pipeline/queue"
)

// freePorts gives ports that nothing listens on at the moment.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// cluster starts real NATS servers that replicate among each other, as an operator would run them.
func cluster(t *testing.T, size int, maxPayload int32) (servers []*server.Server, address string) {
	t.Helper()
	ports := freePorts(t, size)
	var routes []*url.URL
	for _, port := range ports {
		route, err := url.Parse(fmt.Sprintf("nats://127.0.0.1:%d", port))
		require.NoError(t, err)
		routes = append(routes, route)
	}
	var addresses []string
	for i := range size {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("node%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, MaxPayload: maxPayload, MaxPending: 64 << 20,
			Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: ports[i]}, Routes: routes,
		})
		require.NoError(t, err)
		go s.Start() // ends with Shutdown
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		servers = append(servers, s)
	}
	for _, s := range servers {
		require.True(t, s.ReadyForConnections(30*time.Second))
		addresses = append(addresses, s.ClientURL())
	}
	require.Eventually(t, func() bool {
		for _, s := range servers {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == size {
				return true
			}
		}
		return false
	}, 60*time.Second, 20*time.Millisecond, "the cluster has a leader")
	return servers, strings.Join(addresses, ",")
}

func TestReplicatedLogOutlivesAServer(t *testing.T) {
	t.Parallel()
	servers, address := cluster(t, 3, 8<<20)
	config := queue.Defaults(t.TempDir())
	config.URL, config.Replicas, config.MaxBytes = address, 3, 64<<20
	l := start(t, config)
	require.False(t, l.Exclusive())
	const each = 50
	for i := range each {
		require.NoError(t, l.Append(t.Context(), record(fmt.Sprintf("before %d", i))))
	}
	_, err := l.SetState(t.Context(), "pipeline", []byte("state"), 0)
	require.NoError(t, err)

	servers[0].Shutdown()
	servers[0].WaitForShutdown()
	accepted := 0
	require.Eventually(t, func() bool { // while the others elect a leader the outcome is unknown and a sender comes again
		err := l.Append(t.Context(), record(fmt.Sprintf("after %d", accepted)))
		if err == nil {
			accepted++
		} else {
			require.True(t, parley.KindOf(err).Retriable(), "%v", err)
		}
		return accepted == each
	}, 60*time.Second, time.Millisecond)

	records, _ := read(t, l, 1, 2*each)
	seen := map[string]bool{}
	for _, r := range records {
		seen[string(r.Body)] = true
	}
	for i := range each {
		require.True(t, seen[fmt.Sprintf("before %d", i)])
	}
	value, revision, err := l.State(t.Context(), "pipeline")
	require.NoError(t, err)
	require.Equal(t, "state", string(value))
	_, err = l.SetState(t.Context(), "pipeline", []byte("other"), revision-1)
	require.Equal(t, parley.Conflict, parley.KindOf(err), "%v", err)
}

func TestServerWithSmallPayloadIsRefused(t *testing.T) {
	t.Parallel()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir()})
	require.NoError(t, err)
	go s.Start() // ends with Shutdown
	defer s.WaitForShutdown()
	defer s.Shutdown()
	require.True(t, s.ReadyForConnections(30*time.Second))
	config := queue.Defaults(t.TempDir())
	config.URL = s.ClientURL()
	err = queue.New(config, quiet(), time.Now).Start(t.Context())
	require.Equal(t, parley.Invalid, parley.KindOf(err))
	require.ErrorContains(t, err, "max_payload")
}
