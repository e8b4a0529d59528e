package simulate

import (
	"math"
	"strconv"
	"time"
)

const phoneDigits = 11

// people derives everybody who writes from their index, so that a hundred thousand of them take no room
// and the same person is met again in the next run.
type people struct {
	count     int
	lanes     int // a person belongs to one app, and to one number of it
	late      float64
	langs     []words
	repertory *repertoire

	// changed counts the times a person changed their phone number: the one thing that must be remembered.
	changed []uint8
}

// maxChanges is how many phone numbers a person has at most: 900,000 people times 8 numbers fill the
// range below.
const maxChanges = 7

// firstPhone begins a range in the area code 555, which is not assigned.
const firstPhone = 15552000000

// person is somebody who writes to one business number.
type person struct {
	index    uint32
	version  uint8 // how often the number changed
	lang     int
	number   int // index of the business number
	late     time.Duration
	hidden   bool // has a username: WhatsApp tells no phone number
	phone    [phoneDigits]byte
	user     [24]byte // business-scoped user id
	userLen  int
	first    []byte
	last     []byte
	username [20]byte
	nameLen  int
}

// key tells people apart, also from themselves before a change of number: they have other ids then.
func (p *person) key() uint32 { return p.index*(maxChanges+1) + uint32(p.version) + 1 }

func (p *person) userID() []byte { return p.user[:p.userLen] }

// get derives a person of a lane.
func (s *people) get(index uint32, l *lane) person {
	h := mix(uint64(index) + 0x51ed2701)
	p := person{index: index, number: l.numbers[h%uint64(len(l.numbers))]}
	h = mix(h)
	p.lang = s.repertory.language(h)
	w := &s.langs[p.lang]
	h = mix(h)
	p.first = w.first[h%uint64(len(w.first))]
	p.last = w.last[h>>20%uint64(len(w.last))]
	p.hidden = h>>40%100 < hiddenPercent
	h = mix(h)
	if float64(h>>11)/(1<<53) < s.late {
		p.late = lateness(mix(h))
	}
	p.version = s.changed[index]
	strconv.AppendUint(p.phone[:0], firstPhone+uint64(index)*(maxChanges+1)+uint64(p.version), 10)
	user := append(p.user[:0], w.country...)
	user = append(user, '.')
	user = strconv.AppendUint(user, 1_000_000_000_000_000_000+mix(h+uint64(p.version))%8_000_000_000_000_000_000, 10)
	p.userLen = len(user)
	if p.hidden {
		name := append(p.username[:0], "@user."...)
		p.nameLen = len(strconv.AppendUint(name, uint64(index), 36))
	}
	return p
}

// hiddenPercent is the part of the people whose phone number stays hidden.
const hiddenPercent = 6

// lateness is between an hour and MaxLateness, evenly spread over its logarithm: mostly hours, now and
// then days. It belongs to the person, so that what they say stays in order.
func lateness(h uint64) time.Duration {
	span := math.Log(float64(MaxLateness) / float64(time.Hour))
	return min(MaxLateness, time.Duration(float64(time.Hour)*math.Exp(span*float64(h>>11)/(1<<53)))).Truncate(time.Second)
}

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// appendContact appends the person as an element of `contacts`. A receipt that says "sent" names no user
// name.
func (p *person) appendContact(dst []byte, username bool) []byte {
	dst = append(dst, `{"profile":{"name":"`...)
	dst = append(dst, p.first...)
	dst = append(dst, ' ')
	dst = append(dst, p.last...)
	if p.hidden && username {
		dst = append(dst, `","username":"`...)
		dst = append(dst, p.username[:p.nameLen]...)
	}
	dst = append(dst, `"}`...)
	if !p.hidden {
		dst = append(dst, `,"wa_id":"`...)
		dst = append(dst, p.phone[:]...)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"user_id":"`...)
	dst = append(dst, p.userID()...)
	return append(dst, `"}`...)
}

// appendParty appends the members that name the person, without and with a user id: from and
// from_user_id, to and to_user_id, recipient_id and recipient_user_id.
func (p *person) appendParty(dst []byte, phoneKey, userKey string) []byte {
	if !p.hidden {
		dst = append(dst, '"')
		dst = append(dst, phoneKey...)
		dst = append(dst, `":"`...)
		dst = append(dst, p.phone[:]...)
		dst = append(dst, `",`...)
	}
	dst = append(dst, '"')
	dst = append(dst, userKey...)
	dst = append(dst, `":"`...)
	dst = append(dst, p.userID()...)
	return append(dst, `",`...)
}

// shownPhone is the phone number where WhatsApp tells it, else nothing.
func (p *person) shownPhone() []byte {
	if p.hidden {
		return nil
	}
	return p.phone[:]
}

// id names the person in an Identity, as a receipt does: by phone number where it is told.
func (p *person) id() string {
	if p.hidden {
		return string(p.userID())
	}
	return string(p.phone[:])
}
