package engine

import (
	"errors"
	"strconv"
	"strings"
)

// ClickHouse's numbers for the errors that are raised here and not by the engine.
const (
	codeBadArguments   = 36
	codeSyntaxError    = 62
	codeUnknownSetting = 115
	codeTooManyQueries = 202
	codeNotImplemented = 48
	codeOutfile        = 358
	codeCancelled      = 394
	codeAuthentication = 516
	codeLogicalError   = 49
	codeTooLarge       = 307 // TOO_MANY_BYTES
	codeNetworkFailed  = 210 // NETWORK_ERROR
)

// exceptionCode reads the number from "Code: 62. DB::Exception: ...".
func exceptionCode(message string) int {
	rest, ok := strings.CutPrefix(message, "Code: ")
	if !ok {
		return codeLogicalError
	}
	digits, _, ok := strings.Cut(rest, ".")
	code, err := strconv.Atoi(digits)
	if !ok || err != nil || code <= 0 {
		return codeLogicalError
	}
	return code
}

// exception words an error of our own the way the engine words its own.
func exception(code int, name, message string) *engineError {
	return &engineError{"Code: " + strconv.Itoa(code) + ". DB::Exception: " + message + " (" + name + ")"}
}

// asException gives every error the engine's form.
func asException(err error) *engineError {
	var e *engineError
	if errors.As(err, &e) {
		if strings.HasPrefix(e.message, "Code: ") {
			return e
		}
		return exception(codeLogicalError, "LOGICAL_ERROR", e.message)
	}
	return exception(codeLogicalError, "LOGICAL_ERROR", err.Error())
}

// isNotStreamable recognises the engine's refusal to stream a statement, which it gives before it runs it.
func isNotStreamable(message string) bool {
	return strings.HasPrefix(message, "Code: 36. DB::Exception: Streaming query is not supported")
}
