package cloudapi

import "strings"

// Party is one end of a message: a phone number, a business-scoped user id, or both. Since 2026 the
// phone may be missing.
type Party struct {
	Phone        string // E.164 digits without plus
	UserID       string
	ParentUserID string
}

// IsZero reports whether nothing is known about the party.
func (p Party) IsZero() bool { return p == Party{} }

// newParty sorts out what was found in the members for phone and user id: a plus is dropped, and a user
// id in the place of a phone number is taken for what it is.
func newParty(phone, user, parent string) Party {
	phone = strings.TrimPrefix(phone, "+")
	if isUserID(phone) {
		if user == "" {
			user = phone
		}
		phone = ""
	}
	return Party{Phone: phone, UserID: user, ParentUserID: parent}
}

// isUserID tells a business-scoped user id ("US.1349...", "US.ENT.1181...") from a phone number.
func isUserID(s string) bool {
	return len(s) > 3 && s[2] == '.' && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

// digits keeps the digits of a phone number as people write it.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// Contact is what a webhook tells about a person. Every member may be missing, also the name.
type Contact struct {
	Extra
	Party
	Name            string // profile.name
	Username        string // profile.username, with its @
	IdentityKeyHash string
}

func (c *Contact) member(p *parser, name string) bool {
	switch name {
	case "wa_id", "phone_number":
		c.Phone = p.scalar()
	case "user_id":
		c.UserID = p.scalar()
	case "parent_user_id":
		c.ParentUserID = p.scalar()
	case "name", "full_name":
		c.Name = p.scalar()
	case "username":
		c.Username = p.scalar()
	case "identity_key_hash":
		c.IdentityKeyHash = p.scalar()
	case "profile":
		if profile := read[profile](p); profile != nil {
			c.Name, c.Username = profile.name, profile.username
			c.Unknown = append(c.Unknown, profile.Unknown...)
		}
	default:
		return false
	}
	return true
}

type profile struct {
	Extra
	name, username string
}

func (f *profile) member(p *parser, name string) bool {
	switch name {
	case "name":
		f.name = p.scalar()
	case "username":
		f.username = p.scalar()
	default:
		return false
	}
	return true
}

// tidy brings phone and user id into the form of a Party.
func (c *Contact) tidy() { c.Party = newParty(c.Phone, c.UserID, c.ParentUserID) }
