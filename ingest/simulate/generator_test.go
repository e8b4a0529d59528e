package simulate

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"parley"
)

// clock ticks a little each time it is looked at.
type clock struct {
	at   time.Time
	tick time.Duration
}

func (c *clock) now() time.Time {
	c.at = c.at.Add(c.tick)
	return c.at
}

func newClock(tick time.Duration) *clock {
	return &clock{at: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC), tick: tick}
}

func testConfig(messages int64) Config {
	cfg := Defaults(7, "a secret", messages, newClock(200*time.Millisecond).now)
	cfg.Identities = true
	return cfg
}

// run makes everything and hands each request to f.
func run(t *testing.T, cfg Config, f func(Request)) Summary {
	t.Helper()
	g, err := New(cfg)
	require.NoError(t, err)
	for {
		r, ok := g.Next()
		if !ok {
			break
		}
		f(r)
	}
	_, again := g.Next()
	require.False(t, again, "the end stays the end")
	return g.Summary()
}

func TestEveryBodyIsAsMetaWritesIt(t *testing.T) {
	t.Parallel()
	run(t, testConfig(3000), func(r Request) {
		require.Equal(t, Sign("a secret", r.Body), r.Signature)
		require.True(t, json.Valid(r.Body), "%s", r.Body)
		require.True(t, strings.HasPrefix(string(r.Body), `{"object":"whatsapp_business_account","entry":[{"id":"`))
		for i, b := range r.Body { // a require for each byte would take seconds
			if b < ' ' || b >= utf8.RuneSelf {
				require.Failf(t, "not ASCII, or a control character", "byte %d", i)
			}
			if b == '/' && r.Body[i-1] != '\\' {
				require.Failf(t, "a slash that is not escaped", "byte %d", i)
			}
		}
		require.LessOrEqual(t, len(readUpdates(r.Body)), MaxBatch)
	})
}

// TestCountsAreExact reads the bodies with a reader of its own and compares with every account that the
// generator gives of them.
func TestCountsAreExact(t *testing.T) {
	t.Parallel()
	f := func(change func(*Config)) {
		t.Helper()
		cfg := testConfig(1500)
		change(&cfg)
		ledger := NewLedger()
		messages, statuses, events := map[MessageKey]int{}, map[StatusKey]int{}, map[string]int{}
		var items, repeated, bodies, bodyBytes int64
		s := run(t, cfg, func(r Request) {
			require.NoError(t, ledger.Record(r.Items))
			require.Len(t, r.Items, r.Messages+r.Statuses+r.Events)
			seen := readUpdates(r.Body)
			require.Len(t, seen, r.Messages+r.Statuses+r.Events+r.Repeated)
			require.NotEmpty(t, seen)
			if cfg.Batch > 0 && !r.Duplicate {
				require.LessOrEqual(t, len(seen), cfg.Batch)
			}
			var fresh [3]int
			for _, u := range seen {
				switch {
				case u.field == "event":
					events[u.raw]++
					fresh[2] += once(events[u.raw])
				case u.status != nil:
					statuses[u.status.key()]++
					fresh[1] += once(statuses[u.status.key()])
				default:
					key := MessageKey{u.number, u.message.ID}
					messages[key]++
					fresh[0] += once(messages[key])
				}
			}
			require.Equal(t, [3]int{r.Messages, r.Statuses, r.Events}, fresh)
			items += int64(len(seen))
			repeated += int64(r.Repeated)
			bodyBytes += int64(len(r.Body))
			bodies++
		})
		require.Len(t, messages, 1500)
		require.Equal(t, int64(1500), s.Messages)
		require.Equal(t, s.Statuses, int64(len(statuses)))
		require.Equal(t, s.Events, int64(len(events)))
		require.Equal(t, s.Items, items)
		require.Equal(t, s.Duplicates, repeated)
		require.Equal(t, s.Posts, bodies)
		require.Equal(t, s.Bytes, bodyBytes)
		requireSameKeys(t, ledger.Messages(), messages)
		requireSameKeys(t, ledger.Statuses(), statuses)
		require.Len(t, ledger.Events(), len(events))
		var kinds, receipts int64
		for _, n := range s.Kinds {
			kinds += n
		}
		for _, n := range s.Receipts {
			receipts += n
		}
		require.Equal(t, s.Messages, kinds)
		require.Equal(t, s.Statuses, receipts)
	}
	f(func(c *Config) {})
	f(func(c *Config) { c.Batch = 1 })
	f(func(c *Config) { c.Batch = MaxBatch })
	f(func(c *Config) { c.Batch = 7; c.Duplicate = 0.5; c.Disorder = 0.5; c.Event = 0.1 })
	f(func(c *Config) { c.Duplicate, c.Disorder, c.Late, c.Event = 0, 0, 0, 0 })
	f(func(c *Config) { c.Contacts, c.Active = 1, 1 })
	f(func(c *Config) { c.Numbers = c.Numbers[3:] }) // replies are known by their receipts only
	f(func(c *Config) { *c = twoApps(*c) })
}

func once(count int) int {
	if count == 1 {
		return 1
	}
	return 0
}

func twoApps(cfg Config) Config {
	cfg.Apps = []App{{"north", "secret of north"}, {"south", "secret of south"}}
	cfg.Numbers = DemoNumbers()
	for i := range cfg.Numbers {
		cfg.Numbers[i].App = cfg.Apps[i%2].ID
	}
	return cfg
}

func TestAppsDoNotMix(t *testing.T) {
	t.Parallel()
	cfg := twoApps(testConfig(2000))
	app := map[parley.PhoneNumberID]parley.AppID{}
	for _, n := range cfg.Numbers {
		app[n.ID] = n.App
	}
	bodies := map[parley.AppID]int{}
	run(t, cfg, func(r Request) {
		require.Equal(t, Sign("secret of "+string(r.App), r.Body), r.Signature)
		bodies[r.App]++
		for _, u := range readUpdates(r.Body) {
			if u.number != "" {
				require.Equal(t, r.App, app[u.number])
			}
		}
		for _, id := range r.Items {
			require.Equal(t, r.App, id.App)
		}
	})
	require.Greater(t, bodies["north"], 300)
	require.Greater(t, bodies["south"], 300)
}

func TestSameSeedAndClockSameBytes(t *testing.T) {
	t.Parallel()
	all := func(seed uint64, start time.Duration) []byte {
		cfg := testConfig(2000)
		c := newClock(200 * time.Millisecond)
		c.at = c.at.Add(start)
		cfg.Seed, cfg.Now = seed, c.now
		var b bytes.Buffer
		run(t, cfg, func(r Request) { b.Write(r.Body); b.WriteString(r.Signature) })
		return b.Bytes()
	}
	require.Equal(t, all(1, 0), all(1, 0))
	require.NotEqual(t, all(1, 0), all(2, 0))
	require.NotEqual(t, all(1, 0), all(1, time.Hour), "the clock is part of it")
}

func TestRunsDoNotShareIDs(t *testing.T) {
	t.Parallel()
	ids := map[parley.WAMID]uint64{}
	add := func(seed uint64, run32 uint32) {
		cfg := testConfig(500)
		cfg.Seed, cfg.RunID = seed, run32
		run(t, cfg, func(r Request) {
			for _, id := range r.Items {
				if id.Item == "message" || id.Item == "echo" {
					_, there := ids[id.ID]
					require.False(t, there)
					ids[id.ID] = seed
				}
			}
		})
	}
	for seed := range uint64(20) {
		add(seed, 0)
	}
	add(3, 99) // the same seed under another id of the run
	require.Len(t, ids, 21*500)

	runs := map[uint32]bool{}
	for seed := range uint64(200_000) {
		runs[runID(seed)] = true
	}
	require.Len(t, runs, 200_000, "small seeds never share a run id")
}

func TestDuplicatesAreTheSameBytes(t *testing.T) {
	t.Parallel()
	cfg := testConfig(6000)
	cfg.Duplicate = 0.1
	first := map[string]string{}
	bodies := map[string]int{}
	items, whole, same := 0, 0, 0
	s := run(t, cfg, func(r Request) {
		require.Equal(t, r.Duplicate, r.Messages+r.Statuses+r.Events == 0)
		if r.Duplicate {
			whole++
			same += once(bodies[string(r.Body)])
		}
		bodies[string(r.Body)]++
		for _, u := range readUpdates(r.Body) {
			key := u.raw
			if u.status != nil {
				k := u.status.key()
				key = strings.Join([]string{string(k.ID), k.Status, k.Recipient, k.Participant}, " ")
			} else if u.message != nil {
				key = string(u.message.ID)
			}
			if before, there := first[key]; there {
				require.Equal(t, before, u.raw)
				items++
			}
			first[key] = u.raw
		}
	})
	require.Equal(t, s.Duplicates, int64(items))
	require.Equal(t, s.DuplicatePosts, int64(whole))
	require.Positive(t, same, "whole bodies come again as they were")
	unique := s.Messages + s.Statuses + s.Events
	require.InDelta(t, 0.1, float64(s.Duplicates)/float64(unique), 0.035)
}

func TestEveryKindOccurs(t *testing.T) {
	t.Parallel()
	cfg := testConfig(20_000)
	s := run(t, cfg, func(Request) {})
	for _, name := range kindNames {
		require.Positive(t, s.Kinds[name], name)
	}
	for _, name := range []string{"text", "reply", "image", "document", "voice", "reaction", "edit", "revoke"} {
		require.Positive(t, s.Kinds["echo_"+name], name)
	}
	for _, name := range statusNames {
		require.Positive(t, s.Receipts[name], name)
	}
	var texts int64
	for _, lang := range []string{"en", "es", "pt", "de", "fr", "it", "hi", "ar", "id", "nl", "tr"} {
		require.Positive(t, s.Texts[lang], lang)
	}
	for _, n := range s.Texts {
		texts += n
	}
	require.InDelta(t, 0.82, float64(texts)/float64(s.Messages), 0.05, "text is the large majority")
	require.Positive(t, s.Events)
	require.Positive(t, s.Held)
	require.Positive(t, s.Late)
	require.InDelta(t, cfg.Duplicate, float64(s.Duplicates)/float64(s.Messages+s.Statuses), 0.012)
	require.InDelta(t, 1.0, float64(s.Statuses)/float64(s.Messages), 0.45)
}

// TestTimes reads what is said in each chat: in the order in which it was said the times never run
// backwards, and nothing is older than it may be.
func TestTimes(t *testing.T) {
	t.Parallel()
	type chat struct {
		number parley.PhoneNumberID
		with   string
	}
	f := func(disorder float64) (inversions, late int) {
		t.Helper()
		c := newClock(700 * time.Millisecond)
		cfg := testConfig(8000)
		cfg.Now, cfg.Disorder, cfg.Late, cfg.Duplicate = c.now, disorder, 0.05, 0
		last := map[chat]int64{}
		run(t, cfg, func(r Request) {
			for _, u := range readUpdates(r.Body) {
				if u.field == "event" {
					continue
				}
				age := c.at.Sub(time.Unix(u.at(), 0))
				if age < 0 || age > MaxLateness+time.Hour {
					require.Failf(t, "from the future, or too old", "%v", age)
				}
				if age > time.Hour {
					late++
				}
				if u.message == nil {
					continue
				}
				key := chat{u.number, u.message.GroupID}
				if key.with == "" {
					key.with = u.message.FromUserID + u.message.ToUserID
				}
				if u.at() < last[key] {
					inversions++
				}
				last[key] = u.at()
			}
		})
		return inversions, late
	}
	inversions, late := f(0)
	require.Zero(t, inversions)
	require.Positive(t, late)
	inversions, _ = f(0.1)
	require.Greater(t, inversions, 100, "older items arrive after newer ones")
}

func TestReceiptsComeInEveryOrder(t *testing.T) {
	t.Parallel()
	cfg := testConfig(10_000)
	cfg.Disorder, cfg.Duplicate = 0.1, 0
	seen := map[string][]string{}
	at := map[StatusKey]int64{}
	run(t, cfg, func(r Request) {
		for _, u := range readUpdates(r.Body) {
			if u.status != nil && u.status.Participant+u.status.ParticipantUserID == "" {
				seen[u.status.ID] = append(seen[u.status.ID], u.status.Status)
				at[u.status.key()] = u.at()
			}
		}
	})
	orders := map[string]int{}
	for _, order := range seen {
		orders[strings.Join(order, " ")]++
	}
	for _, order := range []string{"sent delivered read", "sent delivered", "sent read delivered", "delivered sent read", "sent read", "sent failed", "failed", "sent delivered read played"} {
		require.Positive(t, orders[order], order)
	}
	for key, read := range at {
		if key.Status == "read" {
			key.Status = "delivered"
			if delivered, there := at[key]; there {
				require.LessOrEqual(t, delivered, read, "whatever the order of arrival")
			}
		}
	}
}

// TestPeople checks what a body says of people: hidden numbers stay hidden, contacts are named once and
// always, and after a change of number the new one is used.
func TestPeople(t *testing.T) {
	t.Parallel()
	var hidden, groups, changed int
	run(t, testConfig(8000), func(r Request) {
		for _, u := range readUpdates(r.Body) {
			named := map[string]bool{}
			for _, c := range u.contacts {
				if named[c.UserID] {
					require.Fail(t, "twice in one change")
				}
				named[c.UserID] = true
			}
			switch {
			case u.status != nil && u.status.Status == "failed":
				require.True(t, u.status.RecipientID != "" || u.status.RecipientUserID != "")
			case u.message != nil && u.message.Type == "system":
				changed++
				require.NotEqual(t, u.message.From, u.message.System.WaID)
			case u.message != nil:
				who := u.message.FromUserID + u.message.ToUserID
				require.True(t, named[who])
				if u.field == "messages" && u.message.From == "" || u.field != "messages" && u.message.To == "" {
					hidden++
					require.NotContains(t, u.raw, `"15552`, "the number of somebody who hides it")
				}
				if u.message.GroupID != "" {
					groups++
				}
			}
		}
	})
	require.Positive(t, hidden)
	require.Positive(t, groups)
	require.Positive(t, changed)
}

// TestReferencesAreKnown checks that edits, revokes and reactions are about messages of the same run, and
// edits about texts.
func TestReferencesAreKnown(t *testing.T) {
	t.Parallel()
	cfg := testConfig(10_000)
	cfg.Disorder = 0
	types := map[string]string{}
	var edits, revokes, reactions int
	run(t, cfg, func(r Request) {
		for _, u := range readUpdates(r.Body) {
			m := u.message
			if m == nil {
				continue
			}
			types[string(m.ID)] = m.Type
			switch {
			case m.Edit != nil:
				edits++
				require.Equal(t, "text", types[m.Edit.OriginalMessageID])
			case m.Revoke != nil:
				revokes++
				require.Contains(t, types, m.Revoke.OriginalMessageID)
			case m.Reaction != nil:
				reactions++
				require.True(t, strings.HasPrefix(m.Reaction.MessageID, "wamid."))
			}
		}
	})
	require.Positive(t, edits)
	require.Positive(t, revokes)
	require.Positive(t, reactions)
}

func TestEndless(t *testing.T) {
	t.Parallel()
	g, err := New(Defaults(1, "s", 0, time.Now))
	require.NoError(t, err)
	for range 50_000 {
		_, ok := g.Next()
		require.True(t, ok)
	}
	for _, l := range g.lanes {
		require.Less(t, len(l.receipts.heap), 5000, "what waits does not pile up")
		require.Less(t, len(l.held.heap), 5000)
		require.LessOrEqual(t, len(l.bodies.heap), maxRedeliveries)
	}
}

func TestBodiesStayBelowMetasBound(t *testing.T) {
	t.Parallel()
	cfg := testConfig(3000)
	cfg.Batch = MaxBatch
	cfg.Dialogues = []Dialogue{{Lang: "und", Turns: []Turn{{fromCustomer, strings.Repeat("😀", maxTextRunes)}}}}
	largest := 0
	run(t, cfg, func(r Request) { largest = max(largest, len(r.Body)) })
	require.Less(t, largest, 3<<20)
	require.Greater(t, largest, 1<<20)
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	f := func(word string, change func(*Config)) {
		t.Helper()
		cfg := Defaults(1, "s", 10, time.Now)
		change(&cfg)
		_, err := New(cfg)
		require.Error(t, err)
		require.Equal(t, parley.Invalid, parley.KindOf(errOf(err)))
		require.ErrorContains(t, err, word)
	}
	f("clock", func(c *Config) { c.Now = nil })
	f("messages", func(c *Config) { c.Messages = -1 })
	f("batch", func(c *Config) { c.Batch = MaxBatch + 1 })
	f("contacts", func(c *Config) { c.Contacts = 0 })
	f("active", func(c *Config) { c.Active = 0 })
	f("duplicate", func(c *Config) { c.Duplicate = 1 })
	f("secret", func(c *Config) { c.Apps = []App{{}} })
	f("twice", func(c *Config) { c.Numbers = append(c.Numbers, c.Numbers[0]) })
	f("twice", func(c *Config) { c.Apps = append(c.Apps, c.Apps[0]) })
	f("unknown app", func(c *Config) { c.Numbers[0].App = "nobody" })
	f("has no number", func(c *Config) { c.Apps = append(c.Apps, App{"idle", "s"}) })
	f("languages", func(c *Config) { c.Languages = []string{"tlh"} })
	f("of digits", func(c *Config) { c.Numbers[0].Display = "" })
	f("of digits", func(c *Config) { c.Numbers[0].Display = "+15550100101" })
}

// errOf gives the first of joined errors.
func errOf(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()[0]
	}
	return err
}

func TestLedgerWritesWhatItReads(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	memory, stream := NewLedger(), NewLedgerWriter(&file)
	run(t, testConfig(1000), func(r Request) {
		require.NoError(t, memory.Record(r.Items))
		require.NoError(t, stream.Record(r.Items))
	})
	require.NoError(t, stream.Flush())
	read, err := ReadLedger(&file)
	require.NoError(t, err)
	require.Equal(t, memory.Messages(), read.Messages())
	require.Equal(t, memory.Statuses(), read.Statuses())
	require.Equal(t, memory.Events(), read.Events())
	_, err = ReadLedger(strings.NewReader("{"))
	require.ErrorContains(t, err, "entry 1")
}
