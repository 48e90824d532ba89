package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// BootFile finds a kernel or an initrd in source, which is the root directory of a
// container image, or the file itself. path is where it is in the image.
func BootFile(source, path string) (string, error) {
	file, err := imageFile(source, path)
	if err != nil {
		return "", err
	}
	opened, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("%w: opening %s of the image: %w", ErrInvalid, path, err)
	}
	defer func() { _ = opened.Close() }()
	switch _, err := opened.Read(make([]byte, 1)); {
	case errors.Is(err, io.EOF):
		return "", fmt.Errorf("%w: %s of the image is empty", ErrInvalid, path)
	case err != nil:
		return "", fmt.Errorf("%w: reading %s of the image: %w", ErrInvalid, path, err)
	}
	return file, nil
}
