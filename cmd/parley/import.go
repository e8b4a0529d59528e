package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/schollz/progressbar/v3"

	"parley"
	"parley/ingest/chatexport"
	"parley/pipeline"
	"parley/pipeline/queue"
)

// importCmd reads an exported chat. It works while the server runs and when it does not; importing a file
// twice changes nothing.
type importCmd struct {
	File   string `arg:"" type:"existingfile" help:"The .txt or .zip that \"Export chat\" wrote."`
	Tenant string `placeholder:"ID" help:"Tenant that the chat belongs to (default: the only one configured, else unassigned)."`
	Self   string `placeholder:"NAME" help:"Your name in the chat: your messages are outbound. Guessed where the file tells."`
	Title  string `placeholder:"NAME" help:"Name of the chat, where the file's name does not tell it."`
	Zone   string `placeholder:"ZONE" help:"Time zone that the phone had, Europe/Berlin (default: this machine's)."`
	Order  string `default:"auto" enum:"auto,dmy,mdy,ymd" help:"Order of day, month and year: auto (default), dmy, mdy or ymd."`
	DryRun bool   `help:"Only say what would be imported."`
	JSON   bool   `name:"json" help:"Print the summary as JSON."`
}

// importNumber stands for the side of the person who exported a chat: an export names no business number.
const importNumber parley.PhoneNumberID = "import"

// importChunk and importBytes are how many messages, and bytes of text, travel in one record of the log.
const (
	importChunk = 500
	importBytes = 512 << 10
)

// importSummary is what an import did.
type importSummary struct {
	Chat         string    `json:"chat"`
	Tenant       string    `json:"tenant"`
	Participants []string  `json:"participants"`
	Self         string    `json:"self"`
	Order        string    `json:"date_order"`
	Confidence   string    `json:"date_order_confidence"`
	Why          string    `json:"date_order_reason"`
	First        time.Time `json:"first"`
	Last         time.Time `json:"last"`
	Messages     int       `json:"messages"`
	New          int       `json:"new"`
	Stored       int       `json:"stored_before"`
}

func (i *importCmd) Run(e *environment) error {
	c, log, err := e.config(true)
	if err != nil {
		return err
	}
	chat, zone, err := i.open()
	if err != nil {
		return err
	}
	defer chat.Close()
	if i.Tenant == "" {
		i.Tenant = string(parley.Unassigned)
		if len(c.Tenants) == 1 {
			i.Tenant = string(c.Tenants[0].ID)
		}
	}
	summary := importSummary{
		Chat: chat.Title, Tenant: i.Tenant, Participants: chat.Participants, Self: chat.Self, Order: chat.Order.Words(),
		Confidence: string(chat.Confidence), Why: chat.Why, First: chat.First, Last: chat.Last, Messages: chat.Count,
	}
	if !i.JSON {
		i.introduce(e, chat, zone)
	}
	if !i.DryRun {
		err = withLog(e, c, log, func(n *node) error { return i.run(e, n, chat, &summary) })
	}
	if err != nil {
		return err
	}
	if i.JSON {
		return writeJSON(e.stdout, summary)
	}
	if i.DryRun {
		fmt.Fprintf(e.stdout, "%d messages would be imported.\n", chat.Count)
		return nil
	}
	fmt.Fprintf(e.stdout, "Imported %d messages into tenant %s; %d were there already.\n", summary.New, i.Tenant, summary.Stored)
	return nil
}

func (i *importCmd) open() (*chatexport.Chat, *time.Location, error) {
	zone := time.Local
	if i.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(i.Zone); err != nil {
			return nil, nil, parley.Errorf(parley.Invalid, "cannot use time zone %q: %w", i.Zone, err)
		}
	}
	order, _ := chatexport.ParseDateOrder(i.Order) // kong has checked it
	chat, err := chatexport.Open(i.File, chatexport.Options{Order: order, Zone: zone, Self: i.Self, Title: i.Title, Now: time.Now()})
	return chat, zone, err
}

// introduce says what was understood of the file, and how to correct it.
func (i *importCmd) introduce(e *environment, chat *chatexport.Chat, zone *time.Location) {
	kind := "chat"
	if chat.Group {
		kind = "group"
	}
	fmt.Fprintf(e.stdout, "%s %q: %d messages of %d people, %s to %s (%s)\n", kind, chat.Title, chat.Count, len(chat.Participants),
		chat.First.Format("2006-01-02"), chat.Last.Format("2006-01-02"), zone)
	fmt.Fprintf(e.stdout, "dates are read as %s (%s: %s)\n", chat.Order.Words(), chat.Confidence, chat.Why)
	if chat.Confidence != "certain" && chat.Confidence != "given" {
		fmt.Fprintln(e.stdout, "if that is wrong, say --order=dmy, mdy or ymd")
	}
	switch chat.SelfBy {
	case chatexport.SelfUnknown:
		fmt.Fprintf(e.stdout, "the file does not tell who exported it: all messages count as inbound; say --self=NAME, one of: %s\n", strings.Join(firstN(chat.Participants, 8), ", "))
	case chatexport.SelfAbsent:
		fmt.Fprintf(e.stdout, "nobody of the name given with --self writes here; the people are: %s\n", strings.Join(firstN(chat.Participants, 8), ", "))
	default:
		fmt.Fprintf(e.stdout, "messages of %s are outbound\n", chat.Self)
	}
}

func firstN(s []string, n int) []string { return s[:min(n, len(s))] }

// run puts the messages that are not stored yet on the log and waits until they are.
func (i *importCmd) run(e *environment, n *node, chat *chatexport.Chat, summary *importSummary) error {
	bar := progressbar.NewOptions(chat.Count, progressbar.OptionSetWriter(e.stderr), progressbar.OptionSetDescription("importing"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetVisibility(!i.JSON))
	body := pipeline.ImportBody{Tenant: parley.TenantID(i.Tenant), Number: importNumber, Chat: chat.Title}
	if chat.Group {
		body.Group = parley.GroupID("import:" + chat.Title)
	}
	peer, size := importPeer(chat), 0
	flush := func() error {
		size = 0
		total := len(body.Messages)
		if err := i.append(e.ctx, n, &body); err != nil {
			return err
		}
		summary.New += len(body.Messages)
		summary.Stored += total - len(body.Messages)
		body.Messages = body.Messages[:0]
		return bar.Add(total)
	}
	for m, err := range chat.Messages() {
		if err != nil {
			return err
		}
		body.Messages, size = append(body.Messages, importMessage(chat, body.Tenant, peer, m)), size+len(m.Text)
		if len(body.Messages) == importChunk || size >= importBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	usage, err := n.queue.Usage(e.ctx)
	if err != nil {
		return err
	}
	bar.Describe("writing")
	if err := pipeline.WaitDone(e.ctx, n.queue, usage.Last); err != nil {
		return err
	}
	return bar.Finish()
}

// append leaves out what is stored and puts the rest on the log as one record.
func (i *importCmd) append(ctx context.Context, n *node, body *pipeline.ImportBody) error {
	if len(body.Messages) == 0 {
		return nil
	}
	ids := make([]parley.WAMID, len(body.Messages))
	first, last := body.Messages[0].SentAt, body.Messages[0].SentAt
	for j, m := range body.Messages {
		ids[j], first, last = m.ID, min(first, m.SentAt), max(last, m.SentAt)
	}
	stored, err := n.warehouse.ExistingMessages(ctx, body.Tenant, body.Number, ids, time.Unix(first, 0), time.Unix(last, 0))
	if err != nil {
		return err
	}
	fresh := body.Messages[:0]
	for _, m := range body.Messages {
		if !stored[m.ID] {
			fresh = append(fresh, m)
		}
	}
	if body.Messages = fresh; len(fresh) == 0 {
		return nil
	}
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return n.queue.Append(ctx, queue.Record{Kind: queue.Import, Raw: parley.RawID(id), ReceivedAt: time.Now().UTC(), Body: content})
}

// importPeer is the other side of a chat of two.
func importPeer(chat *chatexport.Chat) string {
	if chat.Group {
		return ""
	}
	for _, name := range chat.Participants {
		if name != chat.Self {
			return name
		}
	}
	return chat.Title
}

func importMessage(chat *chatexport.Chat, tenant parley.TenantID, peer string, m chatexport.Message) pipeline.ImportMessage {
	return pipeline.ImportMessage{
		ID: chat.ID(tenant, m), SentAt: m.At.Unix(), Sender: m.Sender, Peer: peer,
		Self: chat.Direction(m) == parley.Outbound, Type: importType(m), Text: m.Text, File: m.File,
	}
}

// importType names a message of an export as the Cloud API would, where it has a name for it.
func importType(m chatexport.Message) string {
	switch m.Kind {
	case chatexport.KindMedia:
		return "media_placeholder"
	case chatexport.KindContact:
		return "contacts"
	case chatexport.KindAttachment:
		if t, ok := attachmentTypes[strings.ToLower(filepath.Ext(m.File))]; ok {
			return t
		}
		return "document"
	}
	return string(m.Kind)
}

var attachmentTypes = map[string]string{
	".jpg": "image", ".jpeg": "image", ".png": "image", ".gif": "image", ".heic": "image", ".webp": "sticker",
	".mp4": "video", ".mov": "video", ".3gp": "video", ".opus": "audio", ".ogg": "audio", ".m4a": "audio", ".mp3": "audio", ".aac": "audio",
}
