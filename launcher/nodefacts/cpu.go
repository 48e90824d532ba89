package nodefacts

import (
	"encoding/xml"
	"fmt"
	"slices"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// cpuElement is libvirt's description of a guest CPU.
type cpuElement struct {
	XMLName  xml.Name     `xml:"cpu"`
	Mode     string       `xml:"mode,attr,omitempty"`
	Match    string       `xml:"match,attr,omitempty"`
	Model    string       `xml:"model"`
	Vendor   string       `xml:"vendor,omitempty"`
	Features []cpuFeature `xml:"feature"`
}

type cpuFeature struct {
	Policy string `xml:"policy,attr,omitempty"`
	Name   string `xml:"name,attr"`
}

func cpuXML(model protocol.CPUModel) string {
	element := cpuElement{Mode: "custom", Match: "exact", Model: model.Name, Vendor: model.Vendor}
	for _, name := range model.Required {
		element.Features = append(element.Features, cpuFeature{Policy: "require", Name: name})
	}
	for _, name := range model.Disabled {
		element.Features = append(element.Features, cpuFeature{Policy: "disable", Name: name})
	}
	raw, err := xml.Marshal(element)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(raw)
}

// featuresOf returns the names of the features that a CPU element gives.
func featuresOf(raw string) ([]string, error) {
	var element cpuElement
	if err := xml.Unmarshal([]byte(raw), &element); err != nil {
		return nil, fmt.Errorf("parsing a CPU with its features: %w", err)
	}
	var names []string
	for _, feature := range element.Features {
		if feature.Policy == "require" || feature.Policy == "" {
			names = append(names, feature.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}
