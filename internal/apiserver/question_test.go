package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
	"kubevirt.io/kubevirt/internal/turns"
)

// answerer is a virt-handler whose guests say what a test has them say.
type answerer struct {
	says  func(question protocol.Question, options []byte) (string, error)
	asked []*protocol.GuestRequest
	left  time.Duration
	// dialled and closed count connections to it.
	dialled, closed int
}

func (a *answerer) interview(_ context.Context, node string) (interviewer, error) {
	if node != "node01" {
		return nil, errNoHandler
	}
	a.dialled++
	return a, nil
}

func (a *answerer) Close() error {
	a.closed++
	return nil
}

func (a *answerer) ask(ctx context.Context, request *protocol.GuestRequest) ([]byte, error) {
	if request.GetNamespace() != "ns" || request.GetName() != "myvm" || request.GetUid() != "one" {
		return nil, errors.New("asked for somebody else")
	}
	a.asked = append(a.asked, request)
	deadline, _ := ctx.Deadline()
	a.left = time.Until(deadline)
	answer, err := a.says(request.GetQuestion(), request.GetOptions())
	return []byte(answer), err
}

func saying(answer string, err error) *answerer {
	return &answerer{says: func(protocol.Question, []byte) (string, error) { return answer, err }}
}

func drawing(t *testing.T) string {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 3))); err != nil {
		t.Fatal(err)
	}
	return picture.String()
}

func refusing(code codes.Code, message string) *answerer {
	return saying("", status.Error(code, message))
}

// question is a request that asks a guest, and what becomes of it.
type question struct {
	method, subresource, query, body string
	vmi                              *v1.VirtualMachineInstance
	node                             *answerer
	code                             int
	says                             string
	// options that the node is asked with; "none" is for no question at all.
	options string
}

// TestGuestQuestions goes from the request to the node and back.
func TestGuestQuestions(t *testing.T) {
	const kind, ls = `"apiVersion":"subresources.kubevirt.io/v1"`, `{"command":["ls"]}`
	picture := drawing(t)
	for name, c := range map[string]question{
		"os info": {"GET", "guestosinfo", "", "", guest(agent),
			saying(`{"hostname":"h","kind":"Pod","extra":"<b>","fsInfo":{}}`, nil), 200,
			`{"kind":"VirtualMachineInstanceGuestAgentInfo",` + kind + `,"hostname":"h","os":{},"fsInfo":{"disks":[]}}`, ""},
		"users":          {"GET", "userlist", "", "", guest(agent), saying(`{"items":[{"userName":"root"}]}`, nil), 200, kind + `,"metadata":{},"items":[{"userName":"root"}]}`, ""},
		"no users":       {"GET", "userlist", "", "", guest(agent), saying(`{}`, nil), 200, `"items":[]`, ""},
		"filesystems":    {"GET", "filesystemlist", "", "", guest(agent), saying(`{"items":null}`, nil), 200, `"items":[]`, ""},
		"not a document": {"GET", "userlist", "", "", guest(agent), saying(`<html>`, nil), 500, "something else", ""},
		"another type":   {"GET", "userlist", "", "", guest(agent), saying(`{"items":7}`, nil), 500, "something else", ""},
		"no guest":       {"GET", "guestosinfo", "", "", nil, saying("", nil), 500, "not found", "none"},
		"no agent":       {"GET", "guestosinfo", "", "", guest(), saying("", nil), 500, "agent is not connected", "none"},
		"not running":    {"GET", "guestosinfo", "", "", guest(agent, in(v1.VMIPhaseSucceeded)), saying("", nil), 500, "start it first", "none"},
		"paused":         {"GET", "userlist", "", "", guest(agent, paused), saying("", nil), 500, "paused", "none"},
		"agent left":     {"GET", "userlist", "", "", guest(agent), refusing(codes.FailedPrecondition, "no agent"), 500, "no agent", ""},
		"endless list":   {"GET", "userlist", "", "", guest(agent), saying(`{"items":[`+strings.Repeat("null,", maxList)+`null]}`, nil), 500, "more than 256", ""},
		"nested list":    {"GET", "filesystemlist", "", "", guest(agent), saying(`{"items":[{"disk":[`+strings.Repeat("{},", maxList)+`{}]}]}`, nil), 500, "more than 256", ""},
		"longest list":   {"GET", "userlist", "", "", guest(agent), saying(`{"items":[`+strings.Repeat("{},", maxList-1)+`{}]}`, nil), 200, `"items":[{`, ""},
		"asked too much": {"GET", "userlist", "", "", guest(agent), refusing(codes.ResourceExhausted, "try again"), 429, "try again", ""},

		"screenshot":            {"GET", "vnc/screenshot", "", "", guest(), saying(picture, nil), 200, picture, `{}`},
		"screenshot, awake":     {"GET", "vnc/screenshot", "moveCursor=true", "", guest(paused), saying(picture, nil), 200, picture, `{"moveCursor":true}`},
		"screenshot, moving it": {"GET", "vnc/screenshot", "moveCursor=up", "", guest(), saying(picture, nil), 500, "moveCursor", "none"},
		"no picture":            {"GET", "vnc/screenshot", "", "", guest(), saying("<script>", nil), 500, "PNG", `{}`},
		"no display":            {"GET", "vnc/screenshot", "", "", guest(headless), saying(picture, nil), 500, "autoattachGraphicsDevice", "none"},
		"display off":           {"GET", "vnc/screenshot", "", "", guest(in(v1.VMIPhaseFailed)), saying(picture, nil), 500, "start it first", "none"},
		"display of nobody":     {"GET", "vnc/screenshot", "", "", nil, saying(picture, nil), 500, "not found", "none"},

		"exec": {"POST", "exec", "", ls, guest(agent), saying(`{"exitCode":0,"stdout":"YQ=="}`, nil), 200,
			`{"kind":"GuestExecResult",` + kind + `,"exitCode":0,"stdout":"YQ=="}`, `{"command":["ls"],"timeoutSeconds":30}`},
		"exec, everything": {"POST", "exec", "", `{"command":["cat","-"],"env":["A=b=c"],"stdin":"YQ==","timeoutSeconds":3600}`, guest(agent),
			saying(`{"signal":9,"truncated":true}`, nil), 200, `"signal":9,"truncated":true}`,
			`{"command":["cat","-"],"env":["A=b=c"],"stdin":"YQ==","timeoutSeconds":3600}`},
		"exec without a program": {"POST", "exec", "", ``, guest(agent), saying("", nil), 400, "command", "none"},
		"exec of nothing":        {"POST", "exec", "", `{"command":[""]}`, guest(agent), saying("", nil), 400, "command", "none"},
		"exec with a NUL":        {"POST", "exec", "", `{"command":["a\u0000b"]}`, guest(agent), saying("", nil), 400, "NUL", "none"},
		"exec, no variable":      {"POST", "exec", "", `{"command":["a"],"env":["A"]}`, guest(agent), saying("", nil), 400, "env[0]", "none"},
		"exec for no time":       {"POST", "exec", "", `{"command":["a"],"timeoutSeconds":0}`, guest(agent), saying("", nil), 400, "timeoutSeconds", "none"},
		"exec for too long":      {"POST", "exec", "", `{"command":["a"],"timeoutSeconds":3601}`, guest(agent), saying("", nil), 400, "timeoutSeconds", "none"},
		"exec of no object":      {"POST", "exec", "", `[`, guest(agent), saying("", nil), 400, "neither JSON nor YAML", "none"},
		"exec in nobody":         {"POST", "exec", "", ls, nil, saying("", nil), 404, "not found", "none"},
		"exec too early":         {"POST", "exec", "", ls, guest(agent, in(v1.VMIPhaseScheduled)), saying("", nil), 409, "wait until", "none"},
		"exec without an agent":  {"POST", "exec", "", ls, guest(), saying("", nil), 409, "agent is not connected", "none"},
		"exec, agent left":       {"POST", "exec", "", ls, guest(agent), refusing(codes.FailedPrecondition, "no agent"), 409, "no agent", ""},
		"exec, out of time":      {"POST", "exec", "", ls, guest(agent), saying("", protocol.StillRunning("").Err()), 504, "runs on", ""},
		"exec, no word":          {"POST", "exec", "", ls, guest(agent), refusing(codes.DeadlineExceeded, ""), 504, "did not answer in time; whether", ""},
		"exec, asked too much":   {"POST", "exec", "", ls, guest(agent), refusing(codes.ResourceExhausted, "try again"), 429, "try again", ""},
		"exec of too much":       {"POST", "exec", "", `{"command":["` + strings.Repeat("x", subresourcesv1.MaxExecCommand) + `"]}`, guest(agent), saying("", nil), 400, "command and env", "none"},
		"exec, failed":           {"POST", "exec", "", ls, guest(agent), refusing(codes.Internal, "no such program"), 500, "no such program", ""},
		"exec, former handler":   {"POST", "exec", "", ls, guest(agent), refusing(codes.Unimplemented, ""), 500, "earlier version", ""},
	} {
		c.check(t, name)
	}
}

func (c *question) check(t *testing.T, name string) {
	t.Helper()
	s := &server{client: cluster{vmi: c.vmi}, questions: c.node, log: logr.Discard()}
	answer := httptest.NewRecorder()
	request := httptest.NewRequest(c.method, "/?"+c.query, strings.NewReader(c.body))
	findRoute(c.method, instances, c.subresource).handle(s, answer, request, target{namespace: "ns", name: "myvm"})
	if answer.Code != c.code || !strings.Contains(answer.Body.String(), c.says) {
		t.Errorf("%s: %d %s, want %d with %s", name, answer.Code, answer.Body, c.code, c.says)
	}
	if c.code != 200 && !strings.Contains(answer.Body.String(), `"kind":"Status"`) {
		t.Errorf("%s: no status: %s", name, answer.Body)
	}
	if c.code == 200 && strings.Contains(answer.Body.String(), "extra") {
		t.Errorf("%s: passed on blindly: %s", name, answer.Body)
	}
	if (len(c.node.asked) == 0) != (c.options == "none") {
		t.Errorf("%s: the node was asked %v", name, c.node.asked)
	}
	if strings.HasPrefix(c.options, "{") && !sameJSON(c.options, string(c.node.asked[0].GetOptions())) {
		t.Errorf("%s: options %s, want %s", name, c.node.asked[0].GetOptions(), c.options)
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	one, _ := json.Marshal(x)
	other, _ := json.Marshal(y)
	return bytes.Equal(one, other)
}

func TestScreenshotIsAnImage(t *testing.T) {
	s := &server{client: cluster{vmi: guest()}, questions: saying(drawing(t), nil), log: logr.Discard()}
	answer := httptest.NewRecorder()
	s.screenshot(answer, httptest.NewRequest(http.MethodGet, "/", nil), target{namespace: "ns", name: "myvm"})
	if got := answer.Header().Get("Content-Type"); got != "image/png" {
		t.Errorf("content type %q", got)
	}
}

func TestExecIsBounded(t *testing.T) {
	exec := func(node *answerer, options subresourcesv1.GuestExecOptions) (int, subresourcesv1.GuestExecResult) {
		body, _ := json.Marshal(options)
		s := &server{client: cluster{vmi: guest(agent)}, questions: node, log: logr.Discard()}
		answer := httptest.NewRecorder()
		s.guestExec(answer, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body)), target{namespace: "ns", name: "myvm"})
		var result subresourcesv1.GuestExecResult
		_ = json.Unmarshal(answer.Body.Bytes(), &result)
		return answer.Code, result
	}
	command := []string{"cat"}
	much, _ := json.Marshal(subresourcesv1.GuestExecResult{Stdout: make([]byte, subresourcesv1.MaxExecOutput+1), Stderr: make([]byte, subresourcesv1.MaxExecOutput)})
	code, result := exec(saying(string(much), nil), subresourcesv1.GuestExecOptions{Command: command, Stdin: make([]byte, subresourcesv1.MaxExecStdin)})
	if code != 200 || len(result.Stdout) != subresourcesv1.MaxExecOutput || len(result.Stderr) != subresourcesv1.MaxExecOutput || !result.Truncated {
		t.Errorf("%d: %d and %d bytes, truncated is %v", code, len(result.Stdout), len(result.Stderr), result.Truncated)
	}
	if code, _ := exec(saying("{}", nil), subresourcesv1.GuestExecOptions{Command: command, Stdin: make([]byte, subresourcesv1.MaxExecStdin+1)}); code != 400 {
		t.Errorf("too much standard input: %d", code)
	}
	if code, _ := exec(saying("{}", nil), subresourcesv1.GuestExecOptions{Command: []string{strings.Repeat("x", maxExecBody)}}); code != 413 {
		t.Errorf("too much of everything: %d", code)
	}
	node := saying("{}", nil)
	if exec(node, subresourcesv1.GuestExecOptions{Command: command, TimeoutSeconds: ptr(int64(600))}); node.left < 10*time.Minute || node.left > 11*time.Minute {
		t.Errorf("waited for %v", node.left)
	}
}

// disk is a guest with one file, as its agent reads and writes it.
type disk struct {
	content []byte
	// broken is what every piece from an offset on fails with.
	broken   error
	brokenAt int64
}

func (d *disk) answer(question protocol.Question, raw []byte) (string, error) {
	var options subresourcesv1.GuestFileOptions
	if err := json.Unmarshal(raw, &options); err != nil {
		return "", err
	}
	if options.Path != "/tmp/a b" {
		return "", status.Error(codes.Internal, "failed to open file '"+options.Path+"' (mode: 'r'): No such file or directory")
	}
	if d.broken != nil && options.Offset >= d.brokenAt {
		return "", d.broken
	}
	if question == protocol.Question_QUESTION_WRITE_FILE {
		if options.Offset == 0 {
			d.content = []byte{}
		}
		if options.Offset != int64(len(d.content)) {
			return "", status.Error(codes.Internal, "not at the end")
		}
		d.content = append(d.content, options.Data...)
		return "", nil
	}
	rest := d.content[min(options.Offset, int64(len(d.content))):]
	piece := rest[:min(options.Length, int64(len(rest)))]
	answer, err := json.Marshal(subresourcesv1.GuestFileChunk{Data: piece, EOF: len(piece) < int(options.Length)})
	return string(answer), err
}

// serveFile serves file of a guest.
func serveFile(t *testing.T, vmi *v1.VirtualMachineInstance, node *answerer) string {
	t.Helper()
	s := &server{client: cluster{vmi: vmi}, questions: node, log: logr.Discard()}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		findRoute(r.Method, instances, "file").handle(s, w, r, target{namespace: "ns", name: "myvm"})
	}))
	t.Cleanup(web.Close)
	return web.URL
}

func send(t *testing.T, method, url string, body io.Reader) (code int, content []byte, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err = io.ReadAll(response.Body)
	return response.StatusCode, content, err
}

func TestGuestFile(t *testing.T) {
	for name, size := range map[string]int{
		"empty": 0, "small": 5, "one piece": filePiece, "one piece and a byte": filePiece + 1, "three pieces": 3 * filePiece, "more": 3*filePiece + 77,
	} {
		d := &disk{}
		node := &answerer{says: d.answer}
		url := serveFile(t, guest(agent), node) + "?path=/tmp/a%20b"
		content := bytes.Repeat([]byte("0123456789abcde"), size/15+1)[:size]
		if code, says, _ := send(t, http.MethodPut, url, bytes.NewReader(content)); code != 200 || !bytes.Equal(d.content, content) {
			t.Fatalf("%s: written %d bytes, %d %s", name, len(d.content), code, says)
		}
		if most := size/filePiece + 1; len(node.asked) > most {
			t.Errorf("%s: written in %d pieces", name, len(node.asked))
		}
		if code, got, err := send(t, http.MethodGet, url, nil); code != 200 || err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: read %d bytes, %d, %v", name, len(got), code, err)
		}
		if node.dialled != 2 || node.closed != 2 {
			t.Errorf("%s: %d connections for two requests, %d of them closed", name, node.dialled, node.closed)
		}
		if size < filePiece {
			continue
		}
		if code, got, err := send(t, http.MethodGet, url+"&offset=1000000", nil); code != 200 || err != nil || !bytes.Equal(got, content[1000000:]) {
			t.Errorf("%s: read %d bytes from an offset, %d, %v", name, len(got), code, err)
		}
		d.content = d.content[:1000000]
		if code, says, _ := send(t, http.MethodPut, url+"&offset=1000000", bytes.NewReader(content[1000000:])); code != 200 || !bytes.Equal(d.content, content) {
			t.Errorf("%s: written on to %d bytes, %d %s", name, len(d.content), code, says)
		}
	}
}

func TestGuestFileFailures(t *testing.T) {
	full := status.Error(codes.Internal, "no space left on device")
	for name, c := range map[string]struct {
		method, query string
		vmi           *v1.VirtualMachineInstance
		broken        error
		code          int
		says          string
	}{
		"no such file":      {"GET", "path=/nope", guest(agent), nil, 404, `file in the guest \"/nope\" not found`},
		"no such directory": {"PUT", "path=/nope/a", guest(agent), nil, 404, "not found"},
		"disk full":         {"PUT", "path=/tmp/a%20b", guest(agent), full, 500, "no space left"},
		"relative path":     {"GET", "path=tmp/a", guest(agent), nil, 400, "path"},
		"no path":           {"PUT", "", guest(agent), nil, 400, "path"},
		"NUL in the path":   {"PUT", "path=/a%00b", guest(agent), nil, 400, "path"},
		"endless path":      {"GET", "path=/" + strings.Repeat("x", subresourcesv1.MaxFilePath), guest(agent), nil, 400, "path"},
		"Windows path":      {"GET", `path=C:%5Ca`, guest(agent), nil, 404, `C:\\\\a`},
		"offset":            {"GET", "path=/tmp/a%20b&offset=-1", guest(agent), nil, 400, "offset"},
		"no offset":         {"PUT", "path=/tmp/a%20b&offset=", guest(agent), nil, 400, "offset"},
		"nobody":            {"GET", "path=/a", nil, nil, 404, "not found"},
		"no agent":          {"PUT", "path=/a", guest(), nil, 409, "agent is not connected"},
		"too early":         {"GET", "path=/a", guest(agent, in(v1.VMIPhasePending)), nil, 409, "wait until"},
	} {
		d := &disk{content: []byte("content"), broken: c.broken}
		url := serveFile(t, c.vmi, &answerer{says: d.answer}) + "?" + c.query
		code, says, _ := send(t, c.method, url, strings.NewReader("new content"))
		if code != c.code || !strings.Contains(string(says), c.says) || !strings.Contains(string(says), `"kind":"Status"`) {
			t.Errorf("%s: %d %s, want %d with %s", name, code, says, c.code, c.says)
		}
		if string(d.content) != "content" {
			t.Errorf("%s: the file is %q", name, d.content)
		}
	}
}

// A file that could not be read to its end must not look like one that was.
func TestGuestFileFailsInMidStream(t *testing.T) {
	for name, broken := range map[string]error{
		"agent gone": status.Error(codes.FailedPrecondition, "no agent"), "file gone": status.Error(codes.Internal, "No such file or directory"),
	} {
		d := &disk{content: make([]byte, 3*filePiece), broken: broken, brokenAt: 2 * filePiece}
		code, got, err := send(t, http.MethodGet, serveFile(t, guest(agent), &answerer{says: d.answer})+"?path=/tmp/a%20b", nil)
		if code != 200 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %d, %d bytes, %v", name, code, len(got), err)
		}
	}
}

// A launcher that breaks its promises neither fills the memory nor keeps a request forever.
func TestGuestFileDistrustsTheLauncher(t *testing.T) {
	large, _ := json.Marshal(subresourcesv1.GuestFileChunk{Data: make([]byte, filePiece+1)})
	for name, says := range map[string]string{"too much": string(large), "nothing": `{}`, "no answer": "", "no JSON": "<html>"} {
		node := saying(says, nil)
		code, _, _ := send(t, http.MethodGet, serveFile(t, guest(agent), node)+"?path=/a", nil)
		if code != 500 || len(node.asked) != 1 {
			t.Errorf("%s: %d after %d questions", name, code, len(node.asked))
		}
	}
}

// A guest that is asked much at this moment refuses a copy, but does not end one.
func TestGuestFileTakesItsTime(t *testing.T) {
	busy := status.Error(codes.ResourceExhausted, "try again")
	for name, c := range map[string]struct {
		refusedAt int64
		code      int
	}{"at once": {0, 429}, "later": {filePiece, 200}} {
		d := &disk{content: make([]byte, 2*filePiece)}
		refused := false
		node := &answerer{says: func(question protocol.Question, raw []byte) (string, error) {
			var options subresourcesv1.GuestFileOptions
			_ = json.Unmarshal(raw, &options)
			if options.Offset == c.refusedAt && !refused {
				refused = true
				return "", busy
			}
			return d.answer(question, raw)
		}}
		code, got, err := send(t, http.MethodGet, serveFile(t, guest(agent), node)+"?path=/tmp/a%20b", nil)
		if code != c.code || code == 200 && (err != nil || !bytes.Equal(got, d.content)) {
			t.Errorf("%s: %d, %d bytes, %v", name, code, len(got), err)
		}
	}
}

// What guests may answer at a time is bounded, and that of one namespace more so. Who
// waits for programs waits beside the others.
func TestQuestionsAreAskedInTurn(t *testing.T) {
	s := &server{client: cluster{vmi: guest(agent)}, questions: saying(`{}`, nil), log: logr.Discard(), asked: turns.New(20, 17), awaited: turns.New(4, 4)}
	ask := func(method, subresource, namespace string) (int, string) {
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(method, "/?path=/a", strings.NewReader(`{"command":["ls"]}`))
		findRoute(method, instances, subresource).handle(s, answer, request, target{namespace: namespace, name: "myvm"})
		return answer.Code, answer.Body.String()
	}
	leave, err := s.takeTurn("ns", protocol.Question_QUESTION_SCREENSHOT)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range [][2]string{{"GET", "userlist"}, {"GET", "guestosinfo"}, {"GET", "filesystemlist"}, {"GET", "vnc/screenshot"}, {"GET", "file"}, {"PUT", "file"}} {
		if code, says := ask(at[0], at[1], "ns"); code != 429 || !strings.Contains(says, "try again") {
			t.Errorf("%s %s: %d %s", at[0], at[1], code, says)
		}
	}
	if code, says := ask("GET", "userlist", "other"); code == 429 {
		t.Errorf("in another namespace: %s", says)
	}
	for range 3 { // each leaves its turn to the next
		if code, says := ask("POST", "exec", "ns"); code != 200 {
			t.Errorf("a program: %d %s", code, says)
		}
	}
	leave()
	if code, says := ask("GET", "userlist", "ns"); code != 200 {
		t.Errorf("afterwards: %d %s", code, says)
	}
}

// Half an upload is not written as if it were the whole of a piece.
func TestGuestFileUploadCutShort(t *testing.T) {
	d := &disk{content: []byte("content")}
	s := &server{client: cluster{vmi: guest(agent)}, questions: &answerer{says: d.answer}, log: logr.Discard()}
	answer := httptest.NewRecorder()
	body := io.MultiReader(strings.NewReader("half a f"), brokenBody{})
	request := httptest.NewRequest(http.MethodPut, "/?path=/tmp/a%20b", body)
	s.writeFile(answer, request, target{namespace: "ns", name: "myvm"})
	if answer.Code != 400 || string(d.content) != "content" {
		t.Errorf("%d %s, the file is %q", answer.Code, answer.Body, d.content)
	}
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
