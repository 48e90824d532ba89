package kubevirt

import (
	"reflect"
	"testing"
)

func TestScale(t *testing.T) {
	const old, fresh = "kubevirt:v1", "kubevirt:v2"
	by := func(image string, from int32) *scaling { return &scaling{From: from, By: image} }
	for name, test := range map[string]struct {
		edge     bool
		replicas int32
		image    string
		done     *scaling
		want     int32
		keep     *scaling
	}{
		"never in the profile":               {false, 2, old, nil, 2, nil},
		"into the profile":                   {true, 2, old, nil, 1, by(old, 2)},
		"into it with one":                   {true, 1, old, nil, 1, by(old, 1)},
		"in it":                              {true, 1, old, by(old, 2), 1, by(old, 2)},
		"in it, more wanted by somebody":     {true, 3, old, by(old, 2), 3, by(old, 2)},
		"in it, a new version's manifest":    {true, 2, fresh, by(old, 2), 1, by(fresh, 2)},
		"in it, a new version with one":      {true, 1, fresh, by(old, 2), 1, by(fresh, 2)},
		"out of it":                          {false, 1, old, by(old, 2), 2, nil},
		"out of it, had always been one":     {false, 1, old, by(old, 1), 1, nil},
		"out of it, by a new version":        {false, 1, fresh, by(old, 3), 3, nil},
		"out of it, more wanted by somebody": {false, 4, old, by(old, 2), 4, nil},
		"being stopped":                      {true, 0, old, nil, 0, nil},
		"being stopped in the profile":       {false, 0, old, by(old, 2), 0, by(old, 2)},
		"somebody wrote nonsense":            {false, 1, old, by(old, -1), 1, nil},
	} {
		if got, keep := scale(test.edge, test.replicas, test.image, test.done); got != test.want || !reflect.DeepEqual(keep, test.keep) {
			t.Errorf("%s: %d, %+v; want %d, %+v", name, got, keep, test.want, test.keep)
		}
	}
}
