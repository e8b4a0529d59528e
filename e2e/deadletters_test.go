package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// letter is a line of `parley deadletters list --format=jsonl`.
type letter struct {
	Tenant string `json:"tenant_id"`
	ID     string `json:"dead_letter_id"`
	Stage  string `json:"stage"`
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
}

// letters lists the dead letters.
func (s *server) letters(args ...string) (all []letter) {
	s.t.Helper()
	r := s.run(append([]string{"deadletters", "list", "--format=jsonl"}, args...)...)
	require.Zero(s.t, r.code, r.stderr)
	for line := range strings.Lines(r.stdout) {
		var l letter
		require.NoError(s.t, json.Unmarshal([]byte(line), &l), line)
		all = append(all, l)
	}
	return all
}

// TestDeadLetterIsShownAndReplayed follows a message that is refused for its time: it is listed, shown with
// its body, and becomes a fact when it is replayed under a configuration that accepts it.
func TestDeadLetterIsShownAndReplayed(t *testing.T) {
	t.Parallel()
	s := startServer(t, "PARLEY_PIPELINE_MAX_FUTURE=1h")
	good := message("1", "wamid.LETTER", "too early")
	early := strings.Replace(good, `"timestamp":"1`, `"timestamp":"2`, 1) // some 30 years ahead
	require.NotEqual(t, good, early)
	s.taken(early)
	s.awaitWorked()
	all := s.letters()
	require.Len(t, all, 1)
	require.Equal(t, []string{"unassigned", "decode", "invalid"}, []string{all[0].Tenant, all[0].Stage, all[0].Kind})
	require.Contains(t, all[0].Reason, "timestamp")

	shown := s.run("deadletters", "show", all[0].Tenant, all[0].ID)
	require.Zero(t, shown.code, shown.stderr)
	require.Contains(t, shown.stdout, all[0].Reason)
	_, body, found := strings.Cut(shown.stdout, "\n\n")
	require.True(t, found)
	require.JSONEq(t, early, body, "the letter holds what arrived")

	// As it is configured nothing has changed: it fails again and keeps its id.
	r := s.run("deadletters", "replay", "--tenant="+all[0].Tenant, all[0].ID)
	require.Contains(t, r.stdout, "1 failed again", r.stderr)
	require.Equal(t, all, s.letters())

	require.Zero(t, s.stop())
	s.env = append(s.env, "PARLEY_PIPELINE_MAX_FUTURE=876000h")
	s.start()
	s.awaitReady()
	r = s.run("deadletters", "replay", "--tenant="+all[0].Tenant, all[0].ID)
	require.Zero(t, r.code, "%s%s", r.stdout, r.stderr)
	require.Contains(t, r.stdout, "1 have become facts")
	require.EqualValues(t, 1, s.number(s.conn(), "SELECT count() FROM messages FINAL WHERE wamid = 'wamid.LETTER'"))
	require.Empty(t, s.letters(), "it is not open any more")
	require.Len(t, s.letters("--replayed"), 1)
	verified(t, s)
	require.Zero(t, s.stop())
}
