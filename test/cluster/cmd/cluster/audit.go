package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"kubevirt.io/kubevirt/test/cluster/audit"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

// countRequests prints the API requests by user, resource and verb.
func countRequests(_ context.Context, c *settings.Cluster, args []string) error {
	if c.Provider == "external" {
		return errExternal
	}
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	since := flags.String("since", "", "count from this time (RFC 3339) or for this long (such as 30s)")
	until := flags.String("until", "", "count up to this time (RFC 3339)")
	user := flags.String("user", "", "count users whose name begins so")
	writes := flags.Bool("writes", false, "leave out get, list and watch")
	noLeases := flags.Bool("no-leases", false, "leave out leases and node heartbeats")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	filter := audit.Filter{User: *user, WritesOnly: *writes, NoLeases: *noLeases}
	var err error
	if filter.Since, err = moment(*since); err != nil {
		return err
	}
	if filter.Until, err = moment(*until); err != nil {
		return err
	}
	log, err := os.Open(c.AuditLog())
	if err != nil {
		return fmt.Errorf("opening the audit log: %w", err)
	}
	defer log.Close()
	counts, err := audit.Read(log, filter)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(counts)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COUNT\tFAILED\tUSER\tVERB\tRESOURCE")
	for _, n := range counts {
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\n", n.Count, n.Failed, n.User, n.Verb, n.Resource)
	}
	fmt.Fprintf(w, "%d\t\tin all\t\t\n", audit.Total(counts))
	return w.Flush()
}

func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(-d), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a duration nor a time: %w", text, err)
	}
	return t, nil
}
