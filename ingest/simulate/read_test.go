package simulate

import (
	"encoding/json"
	"strconv"

	"parley"
)

// update is one item as a reader of its own sees it: encoding/json and nothing of the generator.
type update struct {
	field    string // "event" for everything that is no message, echo or status
	number   parley.PhoneNumberID
	message  *wireMessage
	status   *wireStatus
	contacts []wireContact
	raw      string
}

type wireMessage struct {
	ID         parley.WAMID
	From       string
	FromUserID string `json:"from_user_id"`
	To         string
	ToUserID   string `json:"to_user_id"`
	GroupID    string `json:"group_id"`
	Timestamp  string
	Type       string
	Text       *struct{ Body string }
	Context    *struct {
		ID        string
		Forwarded bool
	}
	Edit *struct {
		OriginalMessageID string `json:"original_message_id"`
	}
	Revoke *struct {
		OriginalMessageID string `json:"original_message_id"`
	}
	System *struct {
		Type string
		WaID string `json:"wa_id"`
	}
	Reaction *struct {
		MessageID string `json:"message_id"`
		Emoji     *string
	}
}

type wireStatus struct {
	ID                string
	Status            string
	Timestamp         string
	RecipientID       string `json:"recipient_id"`
	RecipientUserID   string `json:"recipient_user_id"`
	Participant       string `json:"recipient_participant_id"`
	ParticipantUserID string `json:"recipient_participant_user_id"`
	Errors            []struct{ Code int }
	Pricing           *struct{ Category string }
}

type wireContact struct {
	WaID   string `json:"wa_id"`
	UserID string `json:"user_id"`
}

func (s *wireStatus) key() StatusKey {
	either := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	return StatusKey{parley.WAMID(s.ID), s.Status, either(s.RecipientID, s.RecipientUserID), either(s.Participant, s.ParticipantUserID)}
}

func (u *update) at() int64 {
	text := ""
	if u.message != nil {
		text = u.message.Timestamp
	} else if u.status != nil {
		text = u.status.Timestamp
	}
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// readUpdates reads a body; nil if it is not a webhook.
func readUpdates(body []byte) []update {
	var hook struct {
		Object string
		Entry  []struct {
			ID      string
			Changes []struct {
				Field string
				Value json.RawMessage
			}
		}
	}
	if json.Unmarshal(body, &hook) != nil || hook.Object != "whatsapp_business_account" {
		return nil
	}
	var all []update
	for _, e := range hook.Entry {
		for _, c := range e.Changes {
			all = append(all, readChange(c.Field, c.Value)...)
		}
	}
	return all
}

func readChange(field string, value json.RawMessage) []update {
	var v struct {
		Metadata struct {
			PhoneNumberID parley.PhoneNumberID `json:"phone_number_id"`
		}
		Contacts []wireContact
		Messages []json.RawMessage
		Echoes   []json.RawMessage `json:"message_echoes"`
		Statuses []json.RawMessage
	}
	if field != "messages" && field != "smb_message_echoes" {
		return []update{{field: "event", raw: string(value)}}
	}
	if json.Unmarshal(value, &v) != nil {
		return nil
	}
	var all []update
	for _, raw := range append(v.Messages, v.Echoes...) {
		u := update{field: field, number: v.Metadata.PhoneNumberID, contacts: v.Contacts, raw: string(raw), message: new(wireMessage)}
		if json.Unmarshal(raw, u.message) != nil {
			return nil
		}
		all = append(all, u)
	}
	for _, raw := range v.Statuses {
		u := update{field: field, number: v.Metadata.PhoneNumberID, contacts: v.Contacts, raw: string(raw), status: new(wireStatus)}
		if json.Unmarshal(raw, u.status) != nil {
			return nil
		}
		all = append(all, u)
	}
	return all
}
