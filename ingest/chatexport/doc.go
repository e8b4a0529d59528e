// Package chatexport reads the files that WhatsApp's own "Export chat" writes, a text file or a zip
// with one inside, so that anybody can try Parley on a chat of their own.
//
// An export is made for reading, not for machines. Its dated lines are formatted by the phone: digits,
// order, separators and the words for morning and afternoon follow the phone's language and its 12 or 24
// hour clock. Nothing in the file says which. So a file is read three times, each time as a stream, with
// memory that does not grow with the file:
//
//  1. stamps: every line that begins like a dated line is counted by its shape. The shape seen most often
//     is the file's own; every other line is part of a message, even when it begins with a date. The
//     order of day, month and year is inferred from all stamps of that shape (see infer in order.go);
//  2. survey: who writes, what the chat is called, which of the people exported it, first and last time;
//  3. Messages: the messages themselves, each time it is called.
//
// # What it promises
//
// Every line of the file belongs to exactly one message or to the preamble before the first. No input
// makes it panic or use unbounded memory. A message has the same id whenever it is imported (see
// [Chat.ID]). No error carries the text of a message.
//
// # What it does not do
//
// An export has no message ids, no replies, no reactions, no receipts and no time zone; its times are
// what the phone's clock shows, mostly to the minute. The first of the two passes through an hour that a
// change to winter time repeats is assumed. Dates with months in letters (exports before 2016) and the
// Persian and Hijri calendars are not read; Buddhist and Japanese era years are. Media is named, never
// unpacked: a name inside a zip is not used as a path.
//
// A person can paste part of an export into a message. Such lines stay in the message when they have
// another shape, when their date is impossible, or when the message begins with one (which is how an
// iPhone pastes copied messages); otherwise they are read as messages.
//
// # Where to start reading
//
// chat.go (what a caller sees), stamp.go (a dated line), order.go (the inference), scan.go (lines become
// messages), classify.go with phrases.go (what kind of message it is).
package chatexport
