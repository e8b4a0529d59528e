package engine

import "encoding/binary"

// helloQuery is what clickhouse-go asks first, on every connection. It decodes that one answer at its own
// protocol revision and every later block at the revision it finds in the answer.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// hello answers helloQuery in ClickHouse's Native format as of protocol revision 54454 and later: block
// info in front, one "custom serialization" byte behind every column's type. It reports revision 0, at
// which the engine writes its blocks.
func hello(name, version, timezone string) []byte {
	b := []byte{1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0} // block info: is_overflows=0, bucket_num=-1, end
	b = append(b, 4, 1)                             // columns, rows
	b = appendColumn(b, "displayName()", "String")
	b = appendString(b, name)
	b = appendColumn(b, "version()", "String")
	b = appendString(b, version)
	b = appendColumn(b, "revision()", "UInt32")
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = appendColumn(b, "timezone()", "String")
	return appendString(b, timezone)
}

func appendColumn(b []byte, name, typ string) []byte {
	return append(appendString(appendString(b, name), typ), 0)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
