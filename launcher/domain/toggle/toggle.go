// Package toggle spells booleans in the words of libvirt's domain format.
package toggle

// OnOff spells a state attribute.
func OnOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// YesNo spells a presence attribute.
func YesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// Default returns what a pointer points to, or otherwise where it is nil.
func Default(value *bool, otherwise bool) bool {
	if value == nil {
		return otherwise
	}
	return *value
}
