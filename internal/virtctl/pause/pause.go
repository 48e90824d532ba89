package pause

import (
	"context"
	"fmt"
	"io"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

// verb is one of the two.
type verb struct {
	name, doing, done string
	options           func(dryRun []string) any
}

var (
	pause = verb{"pause", "pausing", "paused", func(dryRun []string) any {
		return subresourcesv1.PauseOptions{DryRun: dryRun}
	}}
	unpause = verb{"unpause", "unpausing", "unpaused", func(dryRun []string) any {
		return subresourcesv1.UnpauseOptions{DryRun: dryRun}
	}}
)

// Options of one request.
type Options struct {
	// Kind is what Name is the name of: vm or vmi.
	Kind   string
	Name   string
	DryRun bool
	Out    io.Writer

	verb verb
}

// Validate refuses kinds that have no guest, and spells the others as vm or vmi.
func (o *Options) Validate() error {
	kind := target.KindOf(o.Kind)
	if kind != "vm" && kind != "vmi" {
		return fmt.Errorf("%q has no guest: name a vm or a vmi", o.Kind)
	}
	o.Kind = kind
	return nil
}

// Run asks for the request, which is done when it returns. A machine's instance has
// the machine's name.
func Run(ctx context.Context, c client.Verber, o Options) error {
	err := c.Verb(ctx, client.InstanceResource, o.Name, o.verb.name, o.verb.options(client.DryRun(o.DryRun)))
	if err != nil {
		return fmt.Errorf("%s %s %s: %w", o.verb.doing, o.Kind, o.Name, err)
	}
	_, err = fmt.Fprintf(o.Out, "%s %s was %s%s\n", o.Kind, o.Name, o.verb.done, client.DryRunNote(o.DryRun))
	return err
}
