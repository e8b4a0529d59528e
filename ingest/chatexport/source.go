package chatexport

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"path"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"parley"
)

const (
	directoryBytes = 16 << 20 // of a zip: its list of files. archive/zip holds it in memory whole
	ratioFreeBytes = 16 << 20 // a zip may shrink this much text by any factor
)

// source is the chat's text, readable from its start as often as needed.
type source struct {
	name   string // of the file that holds the text, without folders
	outer  string // of the zip; "" for a text file
	limits Limits
	open   func() (io.ReadCloser, error)
	closer io.Closer
}

func newSource(r io.ReaderAt, size int64, name string, limits Limits) (*source, error) {
	src := &source{name: baseName(name), limits: limits}
	var magic [4]byte
	n, err := r.ReadAt(magic[:min(4, max(size, 0))], 0)
	if err != nil && err != io.EOF {
		return nil, parley.Errorf(parley.Transient, "cannot read chat export: %w", err)
	}
	if n == 4 && (bytes.Equal(magic[:], []byte("PK\x03\x04")) || bytes.Equal(magic[:], []byte("PK\x05\x06"))) {
		return src, src.openZip(r, size)
	}
	if size > limits.TextBytes {
		return nil, parley.Errorf(parley.TooLarge, "cannot read chat export: %d bytes of text, at most %d are read", size, limits.TextBytes)
	}
	src.open = func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(r, 0, size)), nil }
	return src, nil
}

// openZip finds the chat's text in a zip and checks what it would unpack to.
func (s *source) openZip(r io.ReaderAt, size int64) error {
	budget := &budgetReaderAt{r: r, left: directoryBytes}
	z, err := zip.NewReader(budget, size)
	if errors.Is(err, errBudget) || err == nil && len(z.File) > s.limits.Entries {
		return parley.Errorf(parley.TooLarge, "cannot read chat export: the zip lists more files than the %d that are read", s.limits.Entries)
	}
	if err != nil {
		return parley.Errorf(parley.Invalid, "cannot read chat export: not a readable zip: %w", err)
	}
	budget.left = -1 // the directory is read: from here on TextBytes bounds what is unpacked
	f, err := chatEntry(z.File)
	if err != nil {
		return err
	}
	packed, unpacked := int64(f.CompressedSize64), int64(f.UncompressedSize64)
	switch {
	case f.Flags&1 != 0:
		return parley.Errorf(parley.Invalid, "cannot read chat export: the zip is encrypted")
	case unpacked < 0 || unpacked > s.limits.TextBytes:
		return parley.Errorf(parley.TooLarge, "cannot read chat export: the zip holds more text than the %d bytes that are read", s.limits.TextBytes)
	case unpacked > ratioFreeBytes && unpacked/max(packed, 1) > s.limits.Ratio:
		return parley.Errorf(parley.TooLarge, "cannot read chat export: the zip shrinks its text more than %d times, no chat does", s.limits.Ratio)
	}
	// The sizes above are only claims, so what really comes out is bounded again.
	bound := min(s.limits.TextBytes, max(ratioFreeBytes, packed*s.limits.Ratio))
	s.outer, s.name = s.name, baseName(f.Name)
	s.open = func() (io.ReadCloser, error) {
		rc, err := f.Open()
		if err != nil {
			return nil, parley.Errorf(parley.Invalid, "cannot unpack chat export: %w", err)
		}
		return &boundedReader{ReadCloser: rc, left: bound}, nil
	}
	return nil
}

// chatEntry chooses the chat's text among the files of a zip: `_chat.txt` (iPhone), else the text file
// that is named as Android names a chat, else the only text file. Attachments can be text files too.
func chatEntry(files []*zip.File) (*zip.File, error) {
	var named, texts []*zip.File
	for _, f := range files {
		base := baseName(f.Name)
		if f.FileInfo().IsDir() || !strings.HasSuffix(strings.ToLower(base), ".txt") || strings.HasPrefix(base, "._") {
			continue
		}
		if base == "_chat.txt" {
			return f, nil
		}
		texts = append(texts, f)
		if _, ok := titleOf(base); ok {
			named = append(named, f)
		}
	}
	for _, found := range [][]*zip.File{named, texts} {
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return nil, parley.Errorf(parley.Invalid,
		"cannot read chat export: the zip should hold one chat, _chat.txt or \"WhatsApp Chat with ....txt\"; it holds %d text files", len(texts))
}

// baseName is the last element of a name that may come from any system.
func baseName(name string) string { return path.Base(strings.ReplaceAll(name, `\`, "/")) }

// reader gives the text from its start as UTF-8. A UTF-16 file is known by its byte order mark.
func (s *source) reader() (io.Reader, io.Closer, error) {
	rc, err := s.open()
	if err != nil {
		return nil, nil, err
	}
	var mark [2]byte
	n, err := io.ReadFull(rc, mark[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		rc.Close()
		return nil, nil, readError(err)
	}
	all := io.MultiReader(bytes.NewReader(mark[:n]), rc)
	if n == 2 && (mark == [2]byte{0xff, 0xfe} || mark == [2]byte{0xfe, 0xff}) {
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(all), rc, nil
	}
	return all, rc, nil
}

// readError gives an error that has no kind yet the one it has for a caller: a file that cannot be
// unpacked is invalid.
func readError(err error) error {
	var known *parley.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrAlgorithm) ||
		errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "flate:") {
		return parley.Errorf(parley.Invalid, "cannot unpack chat export: %w", err)
	}
	return parley.Errorf(parley.Transient, "cannot read chat export: %w", err)
}

var errBudget = errors.New("read budget used up")

// budgetReaderAt reads at most left bytes; a negative left is no bound.
type budgetReaderAt struct {
	r    io.ReaderAt
	left int64
}

func (b *budgetReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if b.left < 0 {
		return b.r.ReadAt(p, off)
	}
	if int64(len(p)) > b.left {
		return 0, errBudget
	}
	b.left -= int64(len(p))
	return b.r.ReadAt(p, off)
}

// boundedReader fails, instead of ending early, when more comes than was allowed.
type boundedReader struct {
	io.ReadCloser
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, parley.Errorf(parley.TooLarge, "cannot unpack chat export: more text comes out than is read")
	}
	return n, err
}
