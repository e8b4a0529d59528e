package chatexport

import (
	"bufio"
	"bytes"
	"io"
)

// lineReader gives one line after the other. A line ends with LF or CR LF; Unicode's own line separators
// occur inside messages and end nothing. A line over limit is cut, its rest skipped.
type lineReader struct {
	r     *bufio.Reader
	limit int
	long  []byte // holds a line that does not fit the reader's buffer
	count int
}

func newLineReader(r io.Reader, limit int) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10), limit: limit}
}

// next returns the next line without its end; it is valid until the following call. At the end of the
// text the error is io.EOF.
func (l *lineReader) next() (line []byte, cut bool, err error) {
	line, err = l.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line, cut, err = l.nextLong(line)
	}
	if err != nil && (err != io.EOF || len(line) == 0) {
		if err != io.EOF {
			err = readError(err)
		}
		return nil, false, err
	}
	l.count++
	for _, end := range [...]byte{'\n', '\r'} {
		if n := len(line); n > 0 && line[n-1] == end {
			line = line[:n-1]
		}
	}
	if l.count == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if len(line) > l.limit {
		line, cut = line[:l.limit], true
	}
	return line, cut, nil
}

func (l *lineReader) nextLong(start []byte) (line []byte, cut bool, err error) {
	l.long = append(l.long[:0], start...)
	for err = bufio.ErrBufferFull; err == bufio.ErrBufferFull; {
		var part []byte
		part, err = l.r.ReadSlice('\n')
		if room := l.limit + 2 - len(l.long); len(part) > room { // 2: the line's end is no part of the limit
			part, cut = part[:max(room, 0)], true
		}
		l.long = append(l.long, part...)
	}
	return l.long, cut, err
}
