package create

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parameters are the value of a flag: key:value, with commas in between.
type parameters struct {
	flag   string
	values map[string]string
}

// parse reads a flag's value, of which only the allowed keys can be part.
func parse(flag, text string, allowed ...string) (parameters, error) {
	p := parameters{flag: flag, values: map[string]string{}}
	for _, part := range strings.Split(text, ",") {
		key, value, found := strings.Cut(part, ":")
		key = strings.ToLower(strings.TrimSpace(key))
		switch {
		case !found || value == "":
			return p, p.wrong("%q is not of the form key:value", part)
		case !slices.Contains(allowed, key):
			return p, p.wrong("there is no parameter %q: it takes %s", key, strings.Join(allowed, ", "))
		case p.values[key] != "":
			return p, p.wrong("%s is given twice", key)
		}
		p.values[key] = value
	}
	return p, nil
}

func (p parameters) wrong(format string, args ...any) error {
	return fmt.Errorf("--%s: %s", p.flag, fmt.Sprintf(format, args...))
}

func (p parameters) need(keys ...string) error {
	for _, key := range keys {
		if p.values[key] == "" {
			return p.wrong("the parameter %s is missing", key)
		}
	}
	return nil
}

// oneOf is the value of a key that has few, the first of which is the default.
func (p parameters) oneOf(key string, allowed ...string) (string, error) {
	value := strings.ToLower(p.values[key])
	if value == "" {
		return allowed[0], nil
	}
	if !slices.Contains(allowed, value) {
		return "", p.wrong("%s:%s must be one of %s", key, value, strings.Join(allowed, ", "))
	}
	return value, nil
}

// list has semicolons between its items.
func (p parameters) list(key string) []string {
	if p.values[key] == "" {
		return nil
	}
	return strings.Split(p.values[key], ";")
}

func (p parameters) pointer(key string) *string {
	if value := p.values[key]; value != "" {
		return &value
	}
	return nil
}

// bootOrder is 0 if none is given.
func (p parameters) bootOrder() (uint, error) {
	text := p.values["bootorder"]
	if text == "" {
		return 0, nil
	}
	order, err := strconv.ParseUint(text, 10, 16)
	if err != nil || order == 0 {
		return 0, p.wrong("bootorder:%s must be a number from 1", text)
	}
	return uint(order), nil
}
