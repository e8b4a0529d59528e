package nlp

import (
	"math"

	"parley/nlp/token"
)

// The arithmetic of the lexicon method, after Hutto and Gilbert (2014): weights are added, modified by
// what stands around them, and the sum is squeezed into -1 to 1. Constants were set by judgement; the threshold
// between neutral and the rest was chosen among five values on dev parts, so figures on those flatter it.
const (
	squash       = 12   // a sum of sqrt(squash) scores 0.71
	negation     = -0.6 // "not good" is less bad than "bad"
	window       = 3    // words before a weighted one in which a negator or modifier counts
	shout        = 1.2  // one word in capitals in a message that is not
	stretch      = 1.15 // "sooo", "goooood"
	bang         = 0.25 // each exclamation mark, of at most maxBangs, in the direction of the sum
	maxBangs     = 3
	beforeBut    = 0.5
	afterBut     = 1.3
	maxEmoji     = 5   // a row of hearts says no more than this sum
	threshold    = 0.3 // over one word of weight 1: a bare "thanks" or "sorry" is politeness, not a mood
	sharedWeight = 0.8 // a word taken from another language than the detected one
)

func sentimentOf(score float32) string {
	switch {
	case score >= threshold:
		return Positive
	case score <= -threshold:
		return Negative
	}
	return Neutral
}

// sentiment sums the tone of a message up.
func (r *reader) sentiment() float32 {
	s := r.s
	s.modifiers = append(s.modifiers[:0], make([]float32, len(s.ids))...)
	var sum, emoji float64
	after := 1.0
	for i := 0; i < len(s.ids); {
		if s.ids[i] == 0 {
			i++
			continue
		}
		m, words := longest(&r.lx.tones, s.ids[i:], r.pickTone)
		if words == 0 {
			i++
			continue
		}
		switch {
		case m.kind == modifies:
			s.modifiers[i+words-1] = m.weight
		case m.kind == contrasts:
			sum *= beforeBut
			after = afterBut
		case s.text.Tokens[i].Kind == token.Symbol:
			emoji = max(-maxEmoji, min(maxEmoji, emoji+float64(m.weight)))
		default:
			sum += float64(r.modified(i, i+words, m.weight)) * after
		}
		i += words
	}
	sum += emoji
	bangs := bang * float64(min(s.text.Bangs, maxBangs))
	switch {
	case sum > 0.5:
		sum += bangs
	case sum < -0.5:
		sum -= bangs
	}
	return float32(sum / math.Sqrt(sum*sum+squash))
}

// modified is the weight of the phrase of tokens [from, to) with what stands around it.
func (r *reader) modified(from, to int, weight float32) float32 {
	s := r.s
	mask := ^uint16(0)
	if r.lang < unknownLanguage && r.sure {
		mask = 1<<r.lang | 1
	}
	tok := s.text.Tokens[from]
	if tok.Upper && s.text.Shouted*2 <= s.text.Words {
		weight *= shout
	}
	if tok.Elongated {
		weight *= stretch
	}
	negated := false
	for i := from - 1; i >= 0 && i >= from-window && s.text.Tokens[i].Kind != token.Break; i-- {
		if m := s.modifiers[i]; m != 0 && i >= from-2 {
			weight *= m
		}
		negated = negated || r.lx.words[s.ids[i]].negator&mask != 0
	}
	for i := to; i < len(s.ids) && i < to+2 && s.text.Tokens[i].Kind != token.Break; i++ {
		negated = negated || r.lx.words[s.ids[i]].negatorAfter&mask != 0
	}
	if negated {
		weight *= negation
	}
	return weight
}

// pickTone chooses the meaning of a phrase: that of the message's language, else the common one, else,
// where the language is not certain, the mean of all languages if they agree on the direction.
func (r *reader) pickTone(meanings []tone) (tone, bool) {
	common, sum, count, mixed := -1, float32(0), 0, false
	for i, m := range meanings {
		if int(m.lang) == r.lang {
			return m, true
		}
		if m.lang == 0 {
			common = i
		}
		if m.kind == weighs {
			mixed = mixed || sum*m.weight < 0
			sum += m.weight
			count++
		}
	}
	switch {
	case common >= 0:
		return meanings[common], true
	case r.sure || mixed || count == 0:
		return tone{}, false
	}
	return tone{kind: weighs, weight: sharedWeight * sum / float32(count)}, true
}
