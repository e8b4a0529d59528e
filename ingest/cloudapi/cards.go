package cloudapi

// Card is a contact that somebody shared in a message: a vCard, or what the contact picker gave.
type Card struct {
	Extra
	Name      CardName
	Org       CardOrg
	Birthday  string
	Origin    string // contact_request (no vCard) or other
	VCard     string
	Phones    []CardPhone
	Emails    []CardLine
	URLs      []CardLine
	Addresses []CardAddress
}

func (c *Card) member(p *parser, name string) bool {
	switch name {
	case "name":
		if n := read[CardName](p); n != nil {
			c.Name = *n
		}
	case "org":
		if o := read[CardOrg](p); o != nil {
			c.Org = *o
		}
	case "birthday":
		c.Birthday = p.scalar()
	case "origin":
		c.Origin = p.scalar()
	case "vcard":
		c.VCard = p.scalar()
	case "phones":
		c.Phones = list[CardPhone](p)
	case "emails":
		c.Emails = list[CardLine](p)
	case "urls":
		c.URLs = list[CardLine](p)
	case "addresses":
		c.Addresses = list[CardAddress](p)
	default:
		return false
	}
	return true
}

// Label is what a person calls the card: its name, else its company, else its first phone number.
func (c *Card) Label() string {
	name := joinWords(" ", c.Name.First, c.Name.Middle, c.Name.Last)
	for _, s := range []string{c.Name.Formatted, name, c.Org.Company} {
		if s != "" {
			return s
		}
	}
	if len(c.Phones) > 0 {
		return c.Phones[0].Phone
	}
	return ""
}

// CardName is the name on a card.
type CardName struct {
	Extra
	Formatted, First, Middle, Last, Prefix, Suffix string
}

func (n *CardName) member(p *parser, name string) bool {
	switch name {
	case "formatted_name":
		n.Formatted = p.scalar()
	case "first_name":
		n.First = p.scalar()
	case "middle_name":
		n.Middle = p.scalar()
	case "last_name":
		n.Last = p.scalar()
	case "prefix":
		n.Prefix = p.scalar()
	case "suffix":
		n.Suffix = p.scalar()
	default:
		return false
	}
	return true
}

// CardOrg is where the person on a card works.
type CardOrg struct {
	Extra
	Company, Department, Title string
}

func (o *CardOrg) member(p *parser, name string) bool {
	switch name {
	case "company":
		o.Company = p.scalar()
	case "department":
		o.Department = p.scalar()
	case "title":
		o.Title = p.scalar()
	default:
		return false
	}
	return true
}

// CardPhone is a phone number on a card. WaID is set where the number is on WhatsApp.
type CardPhone struct {
	Extra
	Phone, WaID, UserID, Type string
}

func (c *CardPhone) member(p *parser, name string) bool {
	switch name {
	case "phone":
		c.Phone = p.scalar()
	case "wa_id":
		c.WaID = p.scalar()
	case "user_id":
		c.UserID = p.scalar()
	case "type":
		c.Type = p.scalar()
	default:
		return false
	}
	return true
}

// CardLine is an e-mail address or a URL on a card.
type CardLine struct {
	Extra
	Value, Type string
}

func (c *CardLine) member(p *parser, name string) bool {
	switch name {
	case "email", "url":
		c.Value = p.scalar()
	case "type":
		c.Type = p.scalar()
	default:
		return false
	}
	return true
}

// CardAddress is a postal address on a card.
type CardAddress struct {
	Extra
	Street, City, State, Zip, Country, CountryCode, Type string
}

func (c *CardAddress) member(p *parser, name string) bool {
	switch name {
	case "street":
		c.Street = p.scalar()
	case "city":
		c.City = p.scalar()
	case "state":
		c.State = p.scalar()
	case "zip":
		c.Zip = p.scalar()
	case "country":
		c.Country = p.scalar()
	case "country_code":
		c.CountryCode = p.scalar()
	case "type":
		c.Type = p.scalar()
	default:
		return false
	}
	return true
}
