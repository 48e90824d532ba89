package downwardmetrics

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
)

const (
	request = "GET /metrics/XML"
	// maxRequest is more than the one request that there is.
	maxRequest = 512
	// answerTimeout is how long a guest may take to read an answer.
	answerTimeout = 5 * time.Second
	redial        = time.Second
)

// Serve answers a guest's requests on the channel whose other end QEMU has at socket,
// until ctx ends.
func Serve(ctx context.Context, socket string, source *Source, log *slog.Logger) {
	for {
		var dialer net.Dialer
		if conn, err := dialer.DialContext(ctx, "unix", socket); err == nil {
			stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
			if err := converse(conn, source); err != nil {
				log.Info("the channel for metrics was closed", "err", err.Error())
			}
			stop()
			_ = conn.Close()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(redial): // QEMU is not there yet, or no longer
		}
	}
}

// converse answers requests, each of which ends in an empty line.
func converse(conn net.Conn, source *Source) error {
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, maxRequest), maxRequest)
	asked := ""
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line != "" {
			if asked != "" || len(line) > len(request) {
				line = "-" // more than a request has
			}
			asked = line
			continue
		}
		answer := []byte("INVALID REQUEST")
		if asked == request {
			collected, err := source.Collect(time.Now())
			if err != nil {
				return err
			}
			answer = collected
		}
		asked = ""
		if err := conn.SetWriteDeadline(time.Now().Add(answerTimeout)); err != nil {
			return fmt.Errorf("limiting the time for an answer: %w", err)
		}
		if _, err := conn.Write(append(answer, "\n\n"...)); err != nil {
			return fmt.Errorf("answering: %w", err)
		}
	}
	return lines.Err()
}
