package token

// Script is a writing system, as far as it helps to tell languages apart.
type Script uint8

// The scripts that are told apart.
const (
	Latin Script = iota
	Arabic
	Devanagari
	Cyrillic
	Greek
	Hebrew
	Han
	Kana
	Hangul
	Georgian
	Armenian
	Thai
	Bengali
	Tamil
	Telugu
	Gujarati
	Other
	numScripts
)

// blocks are ranges of letters, in order of their first character.
var blocks = [...]struct {
	lo, hi rune
	script Script
}{
	{0x00AA, 0x024F, Latin}, {0x0370, 0x03FF, Greek}, {0x0400, 0x052F, Cyrillic}, {0x0531, 0x058F, Armenian},
	{0x0590, 0x05FF, Hebrew}, {0x0600, 0x077F, Arabic}, {0x08A0, 0x08FF, Arabic}, {0x0900, 0x097F, Devanagari},
	{0x0980, 0x09FF, Bengali}, {0x0A80, 0x0AFF, Gujarati}, {0x0B80, 0x0BFF, Tamil}, {0x0C00, 0x0C7F, Telugu},
	{0x0E00, 0x0E7F, Thai}, {0x10A0, 0x10FF, Georgian}, {0x1100, 0x11FF, Hangul}, {0x1E00, 0x1EFF, Latin},
	{0x1F00, 0x1FFF, Greek}, {0x3040, 0x30FF, Kana}, {0x3400, 0x9FFF, Han}, {0xAC00, 0xD7AF, Hangul},
	{0xFB50, 0xFDFF, Arabic}, {0xFE70, 0xFEFF, Arabic}, {0xFF21, 0xFF5A, Latin},
}

// scriptOf gives the script of a letter.
func scriptOf(r rune) Script {
	if r < 0x80 {
		return Latin
	}
	for i := range blocks {
		if r < blocks[i].lo {
			return Other
		}
		if r <= blocks[i].hi {
			return blocks[i].script
		}
	}
	return Other
}
