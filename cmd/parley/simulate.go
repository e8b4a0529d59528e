package main

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"parley"
	"parley/ingest/simulate"
)

// simulateCmd sends traffic to any server that takes WhatsApp webhooks.
type simulateCmd struct {
	URL         string  `required:"" placeholder:"URL" help:"Server to send to, http://host:port."`
	Secret      string  `required:"" env:"PARLEY_WHATSAPP_APP_SECRET" placeholder:"S" help:"App secret that signs the bodies."`
	App         string  `placeholder:"NAME" help:"App in the path, /webhooks/whatsapp/NAME."`
	Messages    int64   `default:"1000" placeholder:"N" help:"Different messages to send; 0 for no end."`
	Rate        float64 `placeholder:"R" help:"Messages per second; 0 (default) for as fast as answers come."`
	Seed        uint64  `placeholder:"S" help:"Same seed, same traffic; 0 (default) draws one."`
	Batch       int     `placeholder:"N" help:"Items in a body, 1 to 1000; 0 (default) for a realistic mix."`
	Duplicates  float64 `default:"0.02" placeholder:"P" help:"Part of the items that are sent again."`
	Disorder    float64 `default:"0.02" placeholder:"P" help:"Part of the items that come after newer ones."`
	Late        float64 `default:"0.01" placeholder:"P" help:"Part of the people whose messages come hours or days late."`
	Connections int     `placeholder:"N" help:"Connections, each with one request at a time (default 16)."`
	Corpus      string  `type:"existingfile" placeholder:"FILE" help:"Say what these dialogues say (JSON lines)."`
	Ledger      string  `placeholder:"FILE" help:"Write the identity of everything that was acknowledged (JSON lines)."`
	Quiet       bool    `short:"q" help:"No progress line."`
}

func (s *simulateCmd) Run(e *environment) (err error) {
	generator, err := s.generator()
	if err != nil {
		return err
	}
	config := simulate.SenderConfig{URL: s.URL, Rate: s.Rate, Connections: s.Connections, Now: time.Now, Seed: s.Seed}
	if s.Ledger != "" {
		f, err := os.Create(s.Ledger)
		if err != nil {
			return parley.Errorf(parley.Invalid, "cannot write ledger: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		config.Ledger = simulate.NewLedgerWriter(f)
	}
	if !s.Quiet {
		config.Progress = func(p simulate.Progress) {
			fmt.Fprintf(e.stderr, "\r%8d messages  %8d receipts  %7.0f/s  %d retries ", p.Messages, p.Statuses, p.PerSecond, p.Retries)
		}
	}
	sender, err := simulate.NewSender(config, generator)
	if err != nil {
		return err
	}
	result, err := sender.Run(e.ctx)
	if !s.Quiet {
		fmt.Fprintln(e.stderr)
	}
	if config.Ledger != nil && err == nil {
		err = config.Ledger.Flush()
	}
	if writeErr := writeJSON(e.stdout, result); err == nil {
		err = writeErr
	}
	return err
}

func (s *simulateCmd) generator() (*simulate.Generator, error) {
	if s.Seed == 0 {
		s.Seed = randomSeed()
	}
	config := simulate.Defaults(s.Seed, s.Secret, s.Messages, time.Now)
	config.Batch, config.Duplicate, config.Disorder, config.Late = s.Batch, s.Duplicates, s.Disorder, s.Late
	config.Identities = s.Ledger != ""
	if s.App != "" {
		config.Apps = []simulate.App{{ID: parley.AppID(s.App), Secret: s.Secret}}
		for i := range config.Numbers {
			config.Numbers[i].App = parley.AppID(s.App)
		}
	}
	if s.Corpus != "" {
		f, err := os.Open(s.Corpus)
		if err != nil {
			return nil, parley.Errorf(parley.Invalid, "cannot read corpus: %w", err)
		}
		defer f.Close()
		if config.Dialogues, err = simulate.LoadCorpus(f); err != nil {
			return nil, err
		}
	}
	return simulate.New(config)
}

// randomSeed draws a seed, so that two runs against one server do not send the same messages.
func randomSeed() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])>>1 | 1
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
