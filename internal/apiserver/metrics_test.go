package apiserver

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestRegistries(t *testing.T) {
	registry := func(gauges map[string]float64) *prometheus.Registry {
		r := prometheus.NewRegistry()
		for name, value := range gauges {
			gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: name})
			gauge.Set(value)
			r.MustRegister(gauge)
		}
		return r
	}
	families, err := registries{registry(map[string]float64{"shared": 1, "first": 2}), registry(map[string]float64{"shared": 3, "second": 4})}.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		if _, twice := got[family.GetName()]; twice || len(family.Metric) != 1 {
			t.Errorf("%s is there more than once", family.GetName())
		}
		got[family.GetName()] = family.Metric[0].GetGauge().GetValue()
	}
	if len(got) != 3 || got["shared"] != 1 || got["first"] != 2 || got["second"] != 4 {
		t.Errorf("got %v", got)
	}
}
