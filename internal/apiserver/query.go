package apiserver

import (
	"fmt"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// boolQuery reads a parameter of the query that is true or false; without it, or
// without a value, it is as usual.
func boolQuery(r *http.Request, name string, usual bool) (bool, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return usual, nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, apierrors.NewBadRequest(fmt.Sprintf("%s: %q is not allowed: true and false are", name, text))
	}
	return value, nil
}

// numberQuery reads a parameter of the query that is a whole number within bounds.
func numberQuery(r *http.Request, name string, least, most int64) (int64, error) {
	return number(name, r.URL.Query().Get(name), least, most)
}

func number(name, text string, least, most int64) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < least || value > most {
		return 0, apierrors.NewBadRequest(fmt.Sprintf("%s: %q is not allowed: a number from %d to %d is", name, text, least, most))
	}
	return value, nil
}
