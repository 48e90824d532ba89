package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/save"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

const (
	// standard stands for standard input or output.
	standard = "-"
	// pieceSize is what one request writes: little enough for a slow guest within the
	// minute that the cluster's API server gives a request.
	pieceSize = 8 << 20
)

// CopyOptions of one file.
type CopyOptions struct {
	// One of the two is [TYPE/]NAME[/NAMESPACE]:PATH, the other a local path.
	Source, Destination string
	In                  io.Reader
	Out, Err            io.Writer
}

// Copy is one file to be copied.
type Copy struct {
	CopyOptions
	toGuest         bool
	name, namespace string
	// inGuest and local are the file's two paths.
	inGuest, local string
}

// Plan tells which side is which, and what the file is called where only a directory
// is named.
func (o CopyOptions) Plan() (*Copy, error) {
	from, fromGuest := parse(o.Source)
	to, toGuest := parse(o.Destination)
	c := &Copy{CopyOptions: o, toGuest: toGuest}
	switch {
	case fromGuest && toGuest:
		return nil, errors.New("both sides are guests: copy to this machine first")
	case toGuest:
		c.name, c.namespace, c.inGuest, c.local = to.name, to.namespace, to.path, from.path
		return c, c.planUpload()
	case fromGuest:
		c.name, c.namespace, c.inGuest, c.local = from.name, from.namespace, from.path, to.path
		return c, c.planDownload()
	}
	return nil, fmt.Errorf("neither %q nor %q names a guest: one of them has to be VMI:PATH", o.Source, o.Destination)
}

// place is one side of a copy; the name is that of the guest, if it is one.
type place struct{ name, namespace, path string }

// parse tells a path in a guest from a local one, which may hold colons too.
func parse(s string) (p place, inGuest bool) {
	guest, path, found := strings.Cut(s, ":")
	if !found || isDrive(guest) {
		return place{path: s}, false
	}
	if t, err := target.Parse(guest); err == nil {
		return place{t.Name, t.Namespace, path}, true
	}
	if len(validation.IsDNS1123Subdomain(guest)) > 0 {
		return place{path: s}, false
	}
	return place{name: guest, path: path}, true
}

// isDrive tells a drive of Windows, where a file's path may begin with it.
func isDrive(name string) bool { return os.PathSeparator == '\\' && len(name) == 1 }

func (c *Copy) planUpload() error {
	if c.local != standard {
		info, err := os.Stat(c.local)
		if err != nil {
			return fmt.Errorf("reading the source: %w", err)
		}
		if info.IsDir() {
			return fmt.Errorf("%s is a directory: this copies single files; `virtctl scp --recursive` copies directories", c.local)
		}
	}
	if strings.HasSuffix(c.inGuest, "/") || strings.HasSuffix(c.inGuest, `\`) {
		if c.local == standard {
			return fmt.Errorf("%s is a directory: name the file too, as standard input has no name", c.inGuest)
		}
		c.inGuest += filepath.Base(c.local)
	}
	return c.needPath()
}

func (c *Copy) planDownload() error {
	if c.local == standard {
		return c.needPath()
	}
	base := c.inGuest[strings.LastIndexAny(c.inGuest, `/\`)+1:]
	info, err := os.Stat(c.local)
	isDirectory := err == nil && info.IsDir()
	switch {
	case base == "":
		return fmt.Errorf("%s does not name a file: this copies single files; `virtctl scp --recursive` copies directories", c.Source)
	case isDirectory:
		c.local = filepath.Join(c.local, base)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("looking at the destination: %w", err)
	case err != nil && strings.HasSuffix(c.local, string(os.PathSeparator)):
		return fmt.Errorf("there is no directory %s", c.local)
	}
	return c.needPath()
}

func (c *Copy) needPath() error {
	if c.inGuest == "" {
		return fmt.Errorf("which file of %s? Write %s:/path/of/the/file", c.name, c.name)
	}
	return nil
}

// Run copies.
func (c *Copy) Run(ctx context.Context, cluster *client.Client) error {
	cluster = cluster.In(c.namespace)
	if c.toGuest {
		return c.upload(ctx, cluster)
	}
	return c.download(ctx, cluster)
}

func (c *Copy) upload(ctx context.Context, cluster *client.Client) error {
	if c.local == standard {
		return c.write(ctx, cluster, c.In, 0)
	}
	file, err := os.Open(c.local)
	if err != nil {
		return fmt.Errorf("reading the source: %w", err)
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return fmt.Errorf("reading the source: %w", err)
	}
	if err := c.write(ctx, cluster, file, before.Size()); err != nil {
		return err
	}
	after, err := file.Stat()
	if err != nil {
		return fmt.Errorf("reading the source: %w", err)
	}
	if before.Mode().IsRegular() && (after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())) {
		return fmt.Errorf("%s in %s may hold parts of several versions of %s: %w", c.inGuest, c.name, c.local, errChanged)
	}
	return nil
}

// write sends the file piece by piece. The first empties what the guest has by that
// name, so that whoever fails, or is interrupted, says what is left.
func (c *Copy) write(ctx context.Context, cluster *client.Client, in io.Reader, size int64) (err error) {
	offset := int64(0)
	defer func() {
		if err != nil {
			fmt.Fprintln(c.Err, "note:", c.left(offset))
		}
	}()
	meter := newMeter(in, c.Err, c.local, size)
	defer meter.done()
	piece := make([]byte, pieceSize)
	for {
		n, err := io.ReadFull(meter, piece)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("reading the source: %w", err)
		}
		isLast := err != nil
		if n > 0 || offset == 0 {
			_, err := cluster.Send(ctx, http.MethodPut, client.InstanceResource, c.name, "file", c.at(offset),
				bytes.NewReader(piece[:n]), "application/octet-stream")
			if err != nil {
				return fmt.Errorf("writing %s in %s: %w", c.inGuest, c.name, err)
			}
		}
		if isLast {
			return nil
		}
		offset += int64(n)
	}
}

// left is what a copy that has failed leaves in the guest. Of the piece that has
// failed any part may have been written.
func (c *Copy) left(offset int64) string {
	if offset == 0 {
		return fmt.Sprintf("%s in %s was not copied; if it was there before, it may be empty or cut short now", c.inGuest, c.name)
	}
	return fmt.Sprintf("%s in %s is incomplete: it holds the first %d bytes and perhaps some of those that follow", c.inGuest, c.name, offset)
}

// at is the query for the rest of the file in the guest.
func (c *Copy) at(offset int64) url.Values {
	query := url.Values{"path": {c.inGuest}}
	if offset > 0 {
		query.Set("offset", strconv.FormatInt(offset, 10))
	}
	return query
}

func (c *Copy) download(ctx context.Context, cluster *client.Client) error {
	source := &remoteFile{open: func(offset int64) (io.ReadCloser, error) {
		return cluster.Fetch(ctx, client.InstanceResource, c.name, "file", c.at(offset))
	}}
	defer func() { _ = source.Close() }()
	// What cannot be read at all leaves nothing behind, and the destination alone.
	if err := source.begin(); err != nil {
		return fmt.Errorf("reading %s in %s: %w", c.inGuest, c.name, err)
	}
	meter := newMeter(source, c.Err, c.inGuest, 0)
	defer meter.done()
	var err error
	if c.local == standard {
		_, err = io.Copy(c.Out, meter)
	} else {
		err = save.File(c.local, meter)
	}
	if err != nil {
		return fmt.Errorf("copying %s of %s: %w", c.inGuest, c.name, err)
	}
	return nil
}
