package v1

type ClockOffset struct {
	// +optional
	UTC *ClockOffsetUTC `json:"utc,omitempty"`
	// +optional
	Timezone *ClockOffsetTimezone `json:"timezone,omitempty"`
}
