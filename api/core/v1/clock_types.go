package v1

type Clock struct {
	ClockOffset `json:",inline"`
	// +optional
	Timer *Timer `json:"timer,omitempty"`
}

type ClockOffsetUTC struct {
	// +optional
	OffsetSeconds *int `json:"offsetSeconds,omitempty"`
}

type Timer struct {
	// +optional
	HPET *HPETTimer `json:"hpet,omitempty"`
	// +optional
	KVM *KVMTimer `json:"kvm,omitempty"`
	// +optional
	PIT *PITTimer `json:"pit,omitempty"`
	// +optional
	RTC *RTCTimer `json:"rtc,omitempty"`
	// +optional
	Hyperv *HypervTimer `json:"hyperv,omitempty"`
}

type HPETTimer struct {
	// +optional
	TickPolicy HPETTickPolicy `json:"tickPolicy,omitempty"`
	// +optional
	Present *bool `json:"present,omitempty"`
}

type KVMTimer struct {
	// +optional
	Present *bool `json:"present,omitempty"`
}

type PITTimer struct {
	// +optional
	TickPolicy PITTickPolicy `json:"tickPolicy,omitempty"`
	// +optional
	Present *bool `json:"present,omitempty"`
}

type RTCTimer struct {
	// +optional
	TickPolicy RTCTickPolicy `json:"tickPolicy,omitempty"`
	// +optional
	Present *bool `json:"present,omitempty"`
	// +optional
	Track RTCTimerTrack `json:"track,omitempty"`
}

type HypervTimer struct {
	// +optional
	Present *bool `json:"present,omitempty"`
}

type ClockOffset struct {
	// +optional
	UTC *ClockOffsetUTC `json:"utc,omitempty"`
	// +optional
	Timezone *ClockOffsetTimezone `json:"timezone,omitempty"`
}

type ClockOffsetTimezone string

type HPETTickPolicy string

// Values of HPETTickPolicy.
const (
	HPETTickPolicyDelay   HPETTickPolicy = "delay"
	HPETTickPolicyCatchup HPETTickPolicy = "catchup"
	HPETTickPolicyMerge   HPETTickPolicy = "merge"
	HPETTickPolicyDiscard HPETTickPolicy = "discard"
)

type PITTickPolicy string

// Values of PITTickPolicy.
const (
	PITTickPolicyDelay   PITTickPolicy = "delay"
	PITTickPolicyCatchup PITTickPolicy = "catchup"
	PITTickPolicyDiscard PITTickPolicy = "discard"
)

type RTCTickPolicy string

// Values of RTCTickPolicy.
const (
	RTCTickPolicyDelay   RTCTickPolicy = "delay"
	RTCTickPolicyCatchup RTCTickPolicy = "catchup"
)

type RTCTimerTrack string

// Values of RTCTimerTrack.
const (
	RTCTimerTrackGuest RTCTimerTrack = "guest"
	RTCTimerTrackWall  RTCTimerTrack = "wall"
)
