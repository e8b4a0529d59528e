// Package arrival reads again what arrived in a stretch of time: from the log as long as that still holds
// all of it, else from the table raw_events, which was made from the log.
//
// It promises that a body comes back whole and under the number its changes had: the changes of one body
// are put together again where they lie in raw_events one by one. What cannot be put together (a change in
// the middle is gone, by a tenant's retention for example) comes one change at a time, each under a raw id
// made from the old one, because a change under a wrong number would replace the evidence of another.
//
// Start reading at Source.Choose, then Source.Frames and Source.Bodies.
package arrival
