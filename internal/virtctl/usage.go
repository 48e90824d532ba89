package virtctl

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// pluginName is how the program calls itself as a plugin of kubectl.
const pluginName = "kubectl virt"

// setUsage makes every command say how it is used: by the name the program goes by,
// and without the flags that all have in common, which `virtctl options` lists.
func setUsage(root *cobra.Command) {
	root.AddCommand(newOptionsCommand())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	refuseUnknown(root)
	root.SetUsageFunc(func(cmd *cobra.Command) error { return usage(cmd.OutOrStderr(), cmd) })
	if root.DisplayName() == pluginName {
		rename(root)
		if completion, _, err := root.Find([]string{"completion"}); err == nil {
			completion.Long += pluginCompletion
		}
	}
}

// refuseUnknown makes the commands that only have others below them, and help, fail
// for a word that is none of those: by itself, cobra prints the help as if all was well.
func refuseUnknown(cmd *cobra.Command) {
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Use, cmd.DisableFlagsInUseLine = cmd.Name()+" COMMAND", true
		cmd.Args = noWord
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	if cmd.Name() == "help" {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			topic, rest, err := cmd.Root().Find(args)
			if err != nil || !topic.HasSubCommands() {
				return err
			}
			return noWord(topic, rest)
		}
	}
	for _, child := range cmd.Commands() {
		refuseUnknown(child)
	}
}

// noWord refuses in the words in which cobra refuses an unknown command of the root.
func noWord(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if suggestions := cmd.SuggestionsFor(args[0]); len(suggestions) > 0 {
		message += "\n\nDid you mean this?\n\t" + strings.Join(suggestions, "\n\t") + "\n"
	}
	return errors.New(message)
}

// pluginCompletion is what kubectl wants to complete the arguments of a plugin.
const pluginCompletion = `

kubectl completes its plugins by itself once an executable kubectl_complete-virt is
in the PATH:

  #!/bin/sh
  exec kubectl virt __complete "$@"
`

func newOptionsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "options", Short: "List the flags that every command takes.", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "Every command takes these flags:\n\n%s", cmd.Root().PersistentFlags().FlagUsages())
			return err
		},
	}
}

// rename tells of `kubectl virt` wherever a text tells of virtctl.
func rename(cmd *cobra.Command) {
	for _, text := range []*string{&cmd.Long, &cmd.Short, &cmd.Example} {
		*text = strings.ReplaceAll(*text, "virtctl ", pluginName+" ")
	}
	for _, child := range cmd.Commands() {
		rename(child)
	}
}

func usage(w io.Writer, cmd *cobra.Command) error {
	var text strings.Builder
	text.WriteString("Usage:\n")
	if cmd.Runnable() && cmd.HasParent() {
		fmt.Fprintf(&text, "  %s\n", cmd.UseLine())
	}
	if line := cmd.CommandPath() + " COMMAND"; cmd.HasAvailableSubCommands() && line != cmd.UseLine() {
		fmt.Fprintf(&text, "  %s\n", line)
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(&text, "\nAliases:\n  %s\n", cmd.NameAndAliases())
	}
	if cmd.HasExample() {
		fmt.Fprintf(&text, "\nExamples:\n%s\n", cmd.Example)
	}
	section(&text, cmd, "Commands:", "")
	for _, group := range cmd.Groups() {
		section(&text, cmd, group.Title, group.ID)
	}
	if cmd.HasParent() && cmd.HasAvailableLocalFlags() {
		fmt.Fprintf(&text, "\nFlags:\n%s\n", strings.TrimRight(cmd.LocalFlags().FlagUsages(), "\n"))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&text, "\nUse \"%s COMMAND --help\" for more about a command.\n", cmd.CommandPath())
	}
	fmt.Fprintf(&text, "\nUse \"%s options\" for the flags that every command takes.\n", cmd.Root().DisplayName())
	_, err := io.WriteString(w, text.String())
	return err
}

// section lists the subcommands of one group.
func section(text *strings.Builder, cmd *cobra.Command, title, group string) {
	for _, child := range cmd.Commands() {
		if child.GroupID != group || !child.IsAvailableCommand() && child.Name() != "help" {
			continue
		}
		if title != "" {
			fmt.Fprintf(text, "\n%s\n", title)
			title = ""
		}
		fmt.Fprintf(text, "  %-*s %s\n", child.NamePadding(), child.Name(), child.Short)
	}
}
