package nlp

import "parley/nlp/token"

// maxReasons is how many reasons a result names; more would say nothing new.
const maxReasons = 4

// reach is how many words a negator may stand away from what it negates, with only fillers between.
const reach = 4

// level is how pressing a rule makes a message, 0 for not at all.
func (k ruleKind) level() int {
	switch k {
	case urgent, deadlineToday:
		return 2
	case high, deadline, farewell:
		return 1
	}
	return 0
}

// priority applies the rules. Urgent words count unless negated or taken back ("no rush"); deadlines count
// unless negated. The strongest wins and its reasons come first.
func (r *reader) priority() (string, []string) {
	var found [2 * maxReasons]rule
	n, calmed := 0, false
	ids := r.s.ids
	for i := 0; i < len(ids); {
		if ids[i] == 0 {
			i++
			continue
		}
		m, words := longest(&r.lx.rules, ids[i:], r.pickRule)
		if words == 0 {
			i++
			continue
		}
		switch {
		case m.kind == calm:
			calmed = true
		case m.kind == ignored, r.negated(i, i+words, m.lang):
		case m.kind == farewell && r.alone(i, i+words):
		case n < len(found):
			found[n] = m
			n++
		case m.kind.level() == 2: // a wall of weak reasons must not hide a strong one
			found[n-1] = m
		}
		i += words
	}
	return decide(found[:n], calmed)
}

// decide sums the rules up.
func decide(found []rule, calmed bool) (string, []string) {
	top := 0
	for i := range found {
		if calmed && (found[i].kind == urgent || found[i].kind == high) {
			found[i].kind = ignored
		}
		top = max(top, found[i].kind.level())
	}
	if top == 0 {
		return Normal, nil
	}
	reasons := make([]string, 0, min(len(found), maxReasons))
	for level := top; level > 0; level-- {
		for _, f := range found {
			if f.kind.level() == level && len(reasons) < maxReasons && !contains(reasons, f.reason) {
				reasons = append(reasons, f.reason)
			}
		}
	}
	if top == 2 {
		return Urgent, reasons
	}
	return High, reasons
}

// pickRule chooses the meaning of a phrase: that of the message's language, else any that counts everywhere.
func (r *reader) pickRule(meanings []rule) (best rule, ok bool) {
	for _, m := range meanings {
		if int(m.lang) == r.lang {
			return m, true
		}
		if !ok && (!m.own || !r.sure) {
			best, ok = m, true
		}
	}
	return best, ok
}

// negated says whether the phrase of tokens [from, to) is negated, in its own language or the message's.
func (r *reader) negated(from, to int, lang uint8) bool {
	mask := uint16(1) << lang
	if r.lang < unknownLanguage {
		mask |= 1 << r.lang
	}
	if lang == 0 { // words of all languages take the negators of all where the language is not known
		if r.lang == unknownLanguage || !r.sure {
			mask = ^uint16(0)
		}
	}
	ids := r.s.ids
	for i := from - 1; i >= 0 && i >= from-reach && ids[i] != 0; i-- {
		w := r.lx.words[ids[i]]
		if w.negator&mask != 0 {
			return true
		}
		if w.filler&mask == 0 {
			break
		}
	}
	for i := to; i < len(ids) && i < to+reach && ids[i] != 0; i++ {
		w := r.lx.words[ids[i]]
		if w.negatorAfter&mask != 0 {
			return true
		}
		if w.filler&mask == 0 {
			break
		}
	}
	return false
}

// alone says whether a clause holds nothing but the phrase: "ok, bis morgen!" is a goodbye.
func (r *reader) alone(from, to int) bool {
	tokens := r.s.text.Tokens
	return (from == 0 || tokens[from-1].Kind == token.Break) && (to == len(tokens) || tokens[to].Kind != token.Word)
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
