package cloudapi

// Fields of changes that the decoder treats specially. All known fields are in FieldMeaning.
const (
	FieldMessages = "messages"
	FieldCalls    = "calls"
	FieldHistory  = "history"
)

// fields says what each known field tells.
var fields = map[string]string{
	FieldMessages: "messages of customers and receipts of messages sent",
	FieldCalls:    "calls: ringing, accepted, connected, ended",
	FieldHistory:  "the chats of a coexistence number before it joined",

	"account_alerts":                      "a limit, profile or official account changed or was refused",
	"account_review_update":               "the account was reviewed against policy",
	"account_settings_update":             "settings of a number changed, such as calling",
	"account_update":                      "the account changed: verification, violation, restriction, partner, deletion",
	"automatic_events":                    "a lead or purchase that WhatsApp recognised in a chat",
	"business_capability_update":          "limits of the account or portfolio changed",
	"business_status_update":              "the business was disabled, reinstated or flagged",
	"business_username_update":            "the username of a business number changed",
	"flows":                               "a flow changed status or its endpoint misbehaves",
	"group_lifecycle_update":              "a group was created or deleted",
	"group_participants_update":           "people joined, asked to join or left a group",
	"group_settings_update":               "subject, description or picture of a group changed",
	"group_status_update":                 "a group was suspended or restored",
	"message_echoes":                      "messages that another app sent from the number",
	"message_template_components_update":  "the text or buttons of a template changed",
	"message_template_quality_update":     "the quality score of a template changed",
	"message_template_status_update":      "a template was approved, rejected, paused or disabled",
	"messaging_handovers":                 "control over a chat went to another app",
	"partner_solutions":                   "a multi-partner solution changed",
	"payment_configuration_update":        "a payment configuration changed",
	"phone_number_name_update":            "the display name of a number was reviewed",
	"phone_number_quality_update":         "limit or throughput of a number changed",
	"security":                            "two-step verification of a number changed",
	"smb_app_state_sync":                  "the address book of the phone app changed",
	"smb_message_echoes":                  "messages sent from the phone app",
	"standby":                             "messages and receipts while another app has control",
	"template_category_update":            "the category of a template changed or will change",
	"template_correct_category_detection": "a template seems to be in the wrong category",
	"tracking_events":                     "clicks and conversions of marketing messages",
	"user_id_update":                      "a user's business-scoped id changed",
	"user_preferences":                    "a user stopped or resumed marketing messages",
}

// FieldMeaning says what changes of a field tell, and whether this version knows the field.
func FieldMeaning(field string) (string, bool) {
	meaning, ok := fields[field]
	return meaning, ok
}

// Known reports whether this version knows the field of the change.
func (c *Change) Known() bool {
	_, ok := fields[c.Field]
	return ok
}

// isItemArray reports whether a member of a value holds items: one of the known arrays, or a member that
// has the name of the field (as most of the known ones have, so new ones will).
func isItemArray(name, field string) bool {
	switch name {
	case "messages", "message_echoes", "statuses", "errors", "calls", "groups", "history", "state_sync",
		"user_preferences", "user_id_update", "automatic_events", "tracking_events", "messaging_handovers":
		return true
	case "", "metadata", "contacts", "display_phone_number", "phone_number_id":
		return false
	}
	return name == field
}
