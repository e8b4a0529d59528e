package simulate

import "strconv"

// account events that are made now and then
const (
	eventTemplateStatus = iota
	eventTemplateQuality
	eventTemplateCategory
	eventAlert
	eventPreference
	eventPhoneQuality
	eventCount
)

var eventFields = [eventCount]string{
	"message_template_status_update", "message_template_quality_update", "template_category_update",
	"account_alerts", "user_preferences", "phone_number_quality_update",
}

// event writes an account event: an entry of its own. Each is different from every other in content, so
// that a hash of it tells them apart.
func (g *Generator) event(l *lane, it *item) {
	number := l.numbers[g.rng.IntN(len(l.numbers))]
	it.reset(itemEvent, number)
	at := g.now.Unix()
	which := g.rng.IntN(eventCount)
	if which == eventPhoneQuality && g.qualities[number] == len(phoneQualities) {
		which = eventTemplateStatus // what a number can be told was told
	}
	serial := g.ids.serial()
	b := append(it.json, `{"id":"`...)
	b = append(b, g.cfg.Numbers[number].WABA...)
	if which == eventPreference { // belongs to a number, and has its own time
		b = append(b, `","changes":[{"value":`...)
		b = g.appendPreference(b, number, serial, at)
	} else {
		b = append(b, `","time":`...)
		b = strconv.AppendInt(b, at, 10)
		b = append(b, `,"changes":[{"value":{`...)
		b = g.appendAccountEvent(b, which, number, serial)
		b = append(b, '}')
	}
	b = append(b, `,"field":"`...)
	b = append(b, eventFields[which]...)
	it.json = append(b, `"}]}`...)
	if g.cfg.Identities {
		g.identify(it, "", at)
		it.identity.Type = eventFields[which]
	}
}

var templateNames = [...]string{"order_confirmation", "appointment_reminder", "payment_due", "abandoned_cart", "delivery_update"}

// phoneQualities is what a number is told in the course of a run, in this order. Nothing tells two equal
// ones apart but their time, so each is told once.
var phoneQualities = [...]string{
	`","event":"ONBOARDING","current_limit":"TIER_250"`,
	`","event":"UPGRADE","current_limit":"TIER_2K"`,
	`","event":"UPGRADE","current_limit":"TIER_10K"`,
	`","event":"FLAGGED","current_limit":"TIER_10K"`,
	`","event":"DOWNGRADE","current_limit":"TIER_2K"`,
	`","event":"UNFLAGGED","current_limit":"TIER_2K"`,
	`","event":"UPGRADE","current_limit":"TIER_100K"`,
	`","event":"UPGRADE","current_limit":"TIER_UNLIMITED"`,
	`","event":"THROUGHPUT_UPGRADE","current_limit":"TIER_UNLIMITED"`,
}

func (g *Generator) appendAccountEvent(b []byte, which, number int, serial uint64) []byte {
	switch which {
	case eventTemplateStatus:
		b = append(b, `"event":"`...)
		reason := "NONE"
		switch g.rng.IntN(4) {
		case 0:
			b, reason = append(b, "REJECTED"...), "INVALID_FORMAT"
		case 1:
			b = append(b, "PAUSED"...)
		default:
			b = append(b, "APPROVED"...)
		}
		b = append(b, `",`...)
		b = g.appendTemplate(b, serial)
		b = append(b, `,"reason":"`...)
		b = append(b, reason...)
		return append(b, `","message_template_category":"UTILITY"`...)
	case eventTemplateQuality:
		b = append(b, `"previous_quality_score":"GREEN","new_quality_score":"YELLOW",`...)
		return g.appendTemplate(b, serial)
	case eventTemplateCategory:
		b = append(b, `"previous_category":"UTILITY","new_category":"MARKETING",`...)
		return g.appendTemplate(b, serial)
	case eventAlert:
		b = append(b, `"entity_type":"BUSINESS","entity_id":"`...)
		b = strconv.AppendUint(b, serial, 10)
		return append(b, `","alert_info":{"alert_severity":"WARNING","alert_status":"ACTIVE","alert_type":"INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED","alert_description":"Limits cannot be raised yet."}`...)
	default:
		b = append(b, `"display_phone_number":"`...)
		b = append(b, g.display[number]...)
		b = append(b, phoneQualities[g.qualities[number]]...)
		g.qualities[number]++
		return b
	}
}

func (g *Generator) appendTemplate(b []byte, serial uint64) []byte {
	b = append(b, `"message_template_id":`...)
	b = strconv.AppendUint(b, serial, 10)
	b = append(b, `,"message_template_name":"`...)
	b = append(b, templateNames[serial%uint64(len(templateNames))]...)
	return append(b, `","message_template_language":"en_US"`...)
}

func (g *Generator) appendPreference(b []byte, number int, serial uint64, at int64) []byte {
	lane := g.laneOf(number)
	count := (g.people.count - lane.index + g.people.lanes - 1) / g.people.lanes
	p := g.person(g.rng.IntN(count), lane)
	b = append(b, g.heads[number]...)
	b = append(b, `"contacts":[`...)
	b = p.appendContact(b, true)
	b = append(b, `],"user_preferences":[{`...)
	b = p.appendParty(b, "wa_id", "user_id")
	b = append(b, `"detail":"User signed up via signup link","category":"marketing_messages","value":"signup","signup_id":"`...)
	b = strconv.AppendUint(b, serial, 10)
	b = append(b, `","timestamp":`...)
	b = strconv.AppendInt(b, at, 10)
	return append(b, `}]}`...)
}
