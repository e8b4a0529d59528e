package nlp

import (
	"context"

	"parley"
)

// Enrich analyses a message and gives the row for the warehouse. Whether the message is to be enriched at
// all, Message.Enrichable says. The hint is Input.Lang. TimeSpent is left to the caller, who has the clock.
func (a *Analyzer) Enrich(ctx context.Context, m *parley.Message, hint string) parley.Enrichment {
	res := a.Analyze(ctx, Input{Text: m.Body.Text, Lang: hint, Now: m.SentAt})
	return parley.Enrichment{
		Tenant:             m.Tenant,
		ID:                 m.ID,
		SentAt:             m.SentAt,
		ReceivedAt:         m.ReceivedAt,
		Conversation:       m.Conversation,
		Version:            Version,
		Language:           res.Language,
		LanguageConfidence: res.LanguageConfidence,
		Sentiment:          res.Sentiment,
		SentimentScore:     res.SentimentScore,
		Priority:           res.Priority,
		PriorityReasons:    res.Reasons,
		Items:              "[]",
		Entities:           "[]",
	}
}
