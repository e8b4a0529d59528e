package e2e

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestCommands runs the scripts of testdata: each is a session at the command line, in a folder of its own
// whose data folder is ./data. Beside the usual commands of testscript there are
//
//	parley ARGS...        run the program; it must exit with 0
//	exits CODE ARGS...    run the program; it must exit with CODE
//	serve [NAME=VALUE...] start a server on ./data with these settings and set $URL
//	post CODE FILE        post a signed webhook to it; it must answer CODE
//	worked                wait until everything that was received is in the tables
//	stop                  end the server; it must exit with 0
func TestCommands(t *testing.T) {
	lib := library(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PARLEY_DATA_DIR", filepath.Join(env.WorkDir, "data"))
			env.Setenv("PARLEY_ENGINE_LIB", lib)
			env.Setenv("PARLEY_IDENTITY_KEY", identityKey)
			env.Setenv("BINARY", binary)
			env.Setenv("SECRET", appSecret)
			env.Setenv("TZ", "UTC")
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Values[serverKey{}] = &session{t: env.T().(testing.TB)}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"parley": func(ts *testscript.TestScript, neg bool, args []string) { exits(ts, neg, 0, args) },
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				code, err := strconv.Atoi(args[0])
				ts.Check(err)
				exits(ts, neg, code, args[1:])
			},
			"serve": serve, "post": post, "worked": worked, "stop": stop,
		},
	})
}

// session is what a script has running.
type session struct {
	t      testing.TB
	server *server
}

type serverKey struct{}

func running(ts *testscript.TestScript, neg bool) *server {
	s := ts.Value(serverKey{}).(*session).server
	if s == nil || neg {
		ts.Fatalf("no server was started, or ! where it means nothing")
	}
	return s
}

func exits(ts *testscript.TestScript, neg bool, want int, args []string) {
	if neg {
		ts.Fatalf("say which exit code is expected: exits CODE ...")
	}
	err := ts.Exec(binary, args...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

func serve(ts *testscript.TestScript, _ bool, settings []string) {
	session := ts.Value(serverKey{}).(*session)
	s := newServer(session.t, append([]string{"PARLEY_DATA_DIR=" + ts.Getenv("PARLEY_DATA_DIR")}, settings...)...)
	s.dir = ts.Getenv("PARLEY_DATA_DIR")
	s.start()
	s.awaitReady()
	session.server = s
	ts.Setenv("URL", s.url)
}

func post(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts, neg)
	res, err := s.send("", []byte(ts.ReadFile(args[1])), appSecret)
	ts.Check(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	ts.Check(err)
	if strconv.Itoa(res.StatusCode) != args[0] {
		ts.Fatalf("the server answered %d %s", res.StatusCode, strings.TrimSpace(string(text)))
	}
}

func worked(ts *testscript.TestScript, neg bool, _ []string) { running(ts, neg).awaitWorked() }

func stop(ts *testscript.TestScript, neg bool, _ []string) {
	if code := running(ts, neg).stop(); code != 0 {
		ts.Fatalf("the server exited with %d", code)
	}
}

// send posts a body to an app, signed with a secret; without one it is not signed.
func (s *server) send(app string, body []byte, secret string) (*http.Response, error) {
	path := "/webhooks/whatsapp"
	if app != "" {
		path += "/" + app
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	if secret != "" {
		req.Header.Set("X-Hub-Signature-256", sign(secret, body))
	}
	return client.Do(req)
}
