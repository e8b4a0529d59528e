package cloudapi

// APIError is an error as the Cloud API writes it, in messages, statuses and values. It is data, not a
// Go error.
type APIError struct {
	Extra
	Code    Number
	Title   string
	Message string
	Details string // error_data.details, or details in older payloads
	Href    string
	Type    string
	Subcode Number
}

func (e *APIError) member(p *parser, name string) bool {
	switch name {
	case "code":
		e.Code = Number(p.scalar())
	case "title":
		e.Title = p.scalar()
	case "message":
		e.Message = p.scalar()
	case "details":
		e.Details = p.scalar()
	case "href":
		e.Href = p.scalar()
	case "type":
		e.Type = p.scalar()
	case "error_subcode":
		e.Subcode = Number(p.scalar())
	case "error_data":
		data := read[errorData](p)
		if data != nil {
			e.Details = data.details
			e.Unknown = append(e.Unknown, data.Unknown...)
		}
	default:
		return false
	}
	return true
}

type errorData struct {
	Extra
	details string
}

func (d *errorData) member(p *parser, name string) bool {
	if name != "details" {
		return false
	}
	d.details = p.scalar()
	return true
}

// firstCode is the code of the first error, 0 for none or for one that does not fit.
func firstCode(errors []APIError) int32 {
	if len(errors) == 0 {
		return 0
	}
	n, ok := errors[0].Code.Int64()
	if !ok || int64(int32(n)) != n {
		return 0
	}
	return int32(n)
}

// Text is the content of a text message.
type Text struct {
	Extra
	Body       string
	PreviewURL bool // echoes only
}

func (t *Text) member(p *parser, name string) bool {
	switch name {
	case "body":
		t.Body = p.scalar()
	case "preview_url":
		t.PreviewURL = p.boolean()
	default:
		return false
	}
	return true
}

// Media is the content of an image, audio, video, document or sticker message.
type Media struct {
	Extra
	ID       string
	MIMEType string
	SHA256   string // as received: base64 of the digest, hex in history
	URL      string // needs the access token; good for minutes
	Caption  string
	Filename string
	Voice    bool // recorded in the chat, not forwarded from elsewhere
	Animated bool // of a sticker
}

func (m *Media) member(p *parser, name string) bool {
	switch name {
	case "id":
		m.ID = p.scalar()
	case "mime_type":
		m.MIMEType = p.scalar()
	case "sha256":
		m.SHA256 = p.scalar()
	case "url", "link":
		m.URL = p.scalar()
	case "caption":
		m.Caption = p.scalar()
	case "filename":
		m.Filename = p.scalar()
	case "voice":
		m.Voice = p.boolean()
	case "animated":
		m.Animated = p.boolean()
	default:
		return false
	}
	return true
}

// Location is a place. Name, Address and URL are there only where the sender picked a place.
type Location struct {
	Extra
	Latitude  Number
	Longitude Number
	Name      string
	Address   string
	URL       string
}

func (l *Location) member(p *parser, name string) bool {
	switch name {
	case "latitude":
		l.Latitude = Number(p.scalar())
	case "longitude":
		l.Longitude = Number(p.scalar())
	case "name":
		l.Name = p.scalar()
	case "address":
		l.Address = p.scalar()
	case "url":
		l.URL = p.scalar()
	default:
		return false
	}
	return true
}

// Button is the quick reply of a template.
type Button struct {
	Extra
	Payload string
	Text    string
}

func (b *Button) member(p *parser, name string) bool {
	switch name {
	case "payload":
		b.Payload = p.scalar()
	case "text":
		b.Text = p.scalar()
	default:
		return false
	}
	return true
}

// Reaction is an emoji put on a message. An empty Emoji takes the reaction back.
type Reaction struct {
	Extra
	MessageID string
	Emoji     string
}

func (r *Reaction) member(p *parser, name string) bool {
	switch name {
	case "message_id":
		r.MessageID = p.scalar()
	case "emoji":
		r.Emoji = p.scalar()
	default:
		return false
	}
	return true
}

// Order is a cart sent from a catalogue.
type Order struct {
	Extra
	CatalogID string
	Text      string
	Items     []OrderItem
}

func (o *Order) member(p *parser, name string) bool {
	switch name {
	case "catalog_id":
		o.CatalogID = p.scalar()
	case "text":
		o.Text = p.scalar()
	case "product_items":
		o.Items = list[OrderItem](p)
	default:
		return false
	}
	return true
}

// OrderItem is one line of an order. Price is per piece.
type OrderItem struct {
	Extra
	ProductRetailerID string
	Quantity          Number
	Price             Number
	Currency          string
}

func (o *OrderItem) member(p *parser, name string) bool {
	switch name {
	case "product_retailer_id":
		o.ProductRetailerID = p.scalar()
	case "quantity":
		o.Quantity = Number(p.scalar())
	case "item_price":
		o.Price = Number(p.scalar())
	case "currency":
		o.Currency = p.scalar()
	default:
		return false
	}
	return true
}

// System tells that a customer's number or identity changed.
type System struct {
	Extra
	Type         string // user_changed_number, user_changed_user_id, customer_identity_changed, ...
	Body         string
	Identity     string
	NewPhone     string // wa_id, or new_wa_id in old payloads
	OldPhone     string // customer, in old payloads; else the message's From
	UserID       string
	ParentUserID string
}

func (s *System) member(p *parser, name string) bool {
	switch name {
	case "type":
		s.Type = p.scalar()
	case "body":
		s.Body = p.scalar()
	case "identity":
		s.Identity = p.scalar()
	case "wa_id", "new_wa_id":
		s.NewPhone = p.scalar()
	case "customer":
		s.OldPhone = p.scalar()
	case "user_id":
		s.UserID = p.scalar()
	case "parent_user_id":
		s.ParentUserID = p.scalar()
	default:
		return false
	}
	return true
}

// Identity tells which state of a customer's identity a message was sent from.
type Identity struct {
	Extra
	Acknowledged bool
	CreatedAt    Timestamp
	Hash         string
}

func (i *Identity) member(p *parser, name string) bool {
	switch name {
	case "acknowledged":
		i.Acknowledged = p.boolean()
	case "created_timestamp":
		i.CreatedAt = Timestamp(p.scalar())
	case "hash":
		i.Hash = p.scalar()
	default:
		return false
	}
	return true
}

// Referral is the ad or post from which the customer started the chat.
type Referral struct {
	Extra
	SourceID     string
	SourceType   string
	SourceURL    string
	Headline     string
	Body         string
	MediaType    string
	ImageURL     string
	VideoURL     string
	ThumbnailURL string
	ClickID      string // ctwa_clid
	Welcome      string // welcome_message.text
}

func (r *Referral) member(p *parser, name string) bool {
	switch name {
	case "source_id":
		r.SourceID = p.scalar()
	case "source_type":
		r.SourceType = p.scalar()
	case "source_url":
		r.SourceURL = p.scalar()
	case "headline":
		r.Headline = p.scalar()
	case "body":
		r.Body = p.scalar()
	case "media_type":
		r.MediaType = p.scalar()
	case "image_url":
		r.ImageURL = p.scalar()
	case "video_url":
		r.VideoURL = p.scalar()
	case "thumbnail_url":
		r.ThumbnailURL = p.scalar()
	case "ctwa_clid":
		r.ClickID = p.scalar()
	case "welcome_message":
		if welcome := read[Button](p); welcome != nil {
			r.Welcome = welcome.Text
			r.Unknown = append(r.Unknown, welcome.Unknown...)
		}
	default:
		return false
	}
	return true
}

// Context says what a message refers to. ID may name a message never seen here.
type Context struct {
	Extra
	ID                  string
	From                string
	FromUserID          string
	Forwarded           bool
	FrequentlyForwarded bool // more than five times
	CatalogID           string
	ProductRetailerID   string
}

func (c *Context) member(p *parser, name string) bool {
	switch name {
	case "id", "message_id":
		c.ID = p.scalar()
	case "from":
		c.From = p.scalar()
	case "from_user_id":
		c.FromUserID = p.scalar()
	case "forwarded":
		c.Forwarded = p.boolean()
	case "frequently_forwarded":
		c.FrequentlyForwarded = p.boolean()
	case "referred_product":
		if product := read[referredProduct](p); product != nil {
			c.CatalogID, c.ProductRetailerID = product.catalog, product.retailer
			c.Unknown = append(c.Unknown, product.Unknown...)
		}
	default:
		return false
	}
	return true
}

type referredProduct struct {
	Extra
	catalog, retailer string
}

func (r *referredProduct) member(p *parser, name string) bool {
	switch name {
	case "catalog_id":
		r.catalog = p.scalar()
	case "product_retailer_id":
		r.retailer = p.scalar()
	default:
		return false
	}
	return true
}
