package explain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/output"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

// Options of one explanation.
type Options struct {
	Kind string
	Name string
	// Program is how virtctl goes by, for the commands that are advised.
	Program string
	Output  output.Flag
	Out     io.Writer
}

// Validate refuses what cannot be explained.
func (o *Options) Validate() error {
	if target.KindOf(o.Kind) != "vm" {
		return fmt.Errorf("%s: only a virtual machine is explained: `virtctl explain vm NAME`", o.Kind)
	}
	return o.Output.Check()
}

// Run asks the server and prints what it says.
func Run(ctx context.Context, c client.Sender, o Options) error {
	answer, err := c.Send(ctx, http.MethodGet, client.MachineResource, o.Name, "explain", nil, nil, "")
	if err != nil {
		return fmt.Errorf("explaining virtual machine %s: %w", o.Name, err)
	}
	var explanation subresourcesv1.VirtualMachineExplanation
	if err := json.Unmarshal(answer, &explanation); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if o.Output.Format != "" {
		return o.Output.Value(o.Out, &explanation)
	}
	_, err = io.WriteString(o.Out, text(o.Name, o.Program, &explanation))
	return err
}

// questions as a person asks them.
var questions = map[subresourcesv1.Question]string{
	subresourcesv1.QuestionNotRunning:    "Why is it not running?",
	subresourcesv1.QuestionNotReady:      "Why is it not ready?",
	subresourcesv1.QuestionNotMigratable: "Why can it not migrate?",
}

// text is the explanation for people: a block for each cause, and then for each note.
func text(name, program string, e *subresourcesv1.VirtualMachineExplanation) string {
	var b strings.Builder
	if e.Healthy {
		fmt.Fprintf(&b, "Nothing is wrong with VM %s.\n", name)
	}
	for i := range e.Causes {
		block(&b, program, questions[e.Causes[i].Question], &e.Causes[i])
	}
	for i := range e.Notes {
		block(&b, program, "Note", &e.Notes[i])
	}
	return b.String()
}

func block(b *strings.Builder, program, heading string, c *subresourcesv1.Cause) {
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "%s (%s)\n  %s\n", heading, plain(c.Reason), plain(c.Message))
	for _, e := range c.Evidence {
		fmt.Fprintf(b, "  Seen in: %s\n", plain(fmt.Sprintf("%s %s, %s: %s", e.Kind, e.Name, e.Field, e.Text)))
	}
	fmt.Fprintf(b, "  What to do: %s\n", strings.ReplaceAll(plain(c.Remedy), "virtctl ", program+" "))
}

// plain takes from a text what a terminal would obey: some of it is from events and
// conditions that anybody may have written.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
