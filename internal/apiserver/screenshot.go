package apiserver

import (
	"bytes"
	"image/png"
	"net/http"
	"strconv"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// screenshotQuery is the query of vnc/screenshot.
var screenshotQuery = map[string]string{"moveCursor": "boolean"}

// screenshot answers with a picture of the guest's display. By the contract every
// failure has code 500.
func (s *server) screenshot(w http.ResponseWriter, r *http.Request, at target) {
	var image []byte
	move, err := boolQuery(r, "moveCursor", false)
	if err == nil {
		err = s.withGuest(r.Context(), at, func(vmi *v1.VirtualMachineInstance) error {
			if err := mayOpenDisplay(vmi); err != nil {
				return err
			}
			if err := notRunning(vmi); err != nil {
				return err
			}
			options := subresourcesv1.ScreenshotOptions{MoveCursor: move}
			image, err = s.askGuest(r.Context(), vmi, protocol.Question_QUESTION_SCREENSHOT, options, answerTimeout)
			return err
		})
	}
	if err == nil {
		// The client decodes it; that it is one keeps a launcher from showing a
		// person's browser something else.
		if _, broken := png.DecodeConfig(bytes.NewReader(image)); broken != nil {
			err = errAnswer("something else than a PNG image")
		}
	}
	if err != nil {
		s.fail(w, asInternal(err))
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(image)))
	_, _ = w.Write(image)
}
