// Package unavailable holds the commands of virtctl whose features this version
// leaves out: they are there to say so.
package unavailable

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"kubevirt.io/kubevirt/internal/unsupported"
)

// Group is the group of these commands in the help.
const Group = "unavailable"

// command is one that is left out, with its subcommands.
type command struct {
	use, short string
	feature    unsupported.Feature
	children   []string
}

var commands = []command{
	{use: "addvolume VM", short: "Attach a volume to a running guest.", feature: unsupported.AddVolume},
	{
		use: "credentials", short: "Change the access credentials of a guest.", feature: unsupported.Credentials,
		children: []string{"add-ssh-key", "remove-ssh-key", "set-password"},
	},
	{use: "evacuate-cancel (vm|vmi) NAME", short: "Keep a guest on a node that is being emptied.", feature: unsupported.EvacuateCancel},
	{use: "expand", short: "Show a virtual machine with its instance type and preference filled in.", feature: unsupported.Expand},
	{use: "guestfs PVC", short: "Open a shell with the tools of libguestfs on a claim.", feature: unsupported.Guestfs},
	{use: "image-upload (dv|pvc) NAME", short: "Upload a disk image into a claim.", feature: unsupported.ImageUpload},
	{use: "memory-dump (get|download|remove) VM", short: "Dump the memory of a guest into a claim.", feature: unsupported.MemoryDump},
	{use: "migrate VM", short: "Move a running guest to another node.", feature: unsupported.Migrate},
	{use: "migrate-cancel VM", short: "Call off the move of a guest to another node.", feature: unsupported.MigrateCancel},
	{use: "removevolume VM", short: "Detach a volume from a running guest.", feature: unsupported.RemoveVolume},
	{
		use: "template", short: "Make virtual machines from templates.", feature: unsupported.Template,
		children: []string{"convert", "create", "process"},
	},
	{use: "vmexport (create|delete|download) NAME", short: "Export the disks of a virtual machine.", feature: unsupported.Export},
}

// creating are the commands below `virtctl create`.
var creating = []command{
	{use: "clone", short: "Print the manifest of a VirtualMachineClone.", feature: unsupported.CreateClone},
	{use: "instancetype", short: "Print the manifest of an instance type.", feature: unsupported.CreateInstancetype},
	{use: "preference", short: "Print the manifest of a preference.", feature: unsupported.CreatePreference},
}

// AddTo gives the root command every command that is left out.
func AddTo(root *cobra.Command) { add(root, commands) }

// AddToCreate gives `virtctl create` its own.
func AddToCreate(create *cobra.Command) { add(create, creating) }

func add(parent *cobra.Command, commands []command) {
	parent.AddGroup(&cobra.Group{ID: Group, Title: "Not part of this version:"})
	for _, c := range commands {
		cmd := newCommand(c.use, c.short, c.feature)
		cmd.GroupID = Group
		for _, child := range c.children {
			cmd.AddCommand(newCommand(child, c.short, c.feature))
		}
		parent.AddCommand(cmd)
	}
}

// newCommand takes whatever the command would take, so that a script is told what
// is missing and not that a flag is wrong.
func newCommand(use, short string, feature unsupported.Feature) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: short + "\n\nIt only says: " + unsupported.Sentence(feature) + ".",
		Args:               cobra.ArbitraryArgs,
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE:               func(*cobra.Command, []string) error { return errors.New(unsupported.Sentence(feature)) },
	}
}

// Is tells whether a command is one of these.
func Is(cmd *cobra.Command) bool {
	return slices.ContainsFunc([]*cobra.Command{cmd, cmd.Parent()}, func(c *cobra.Command) bool {
		return c != nil && c.GroupID == Group
	})
}
