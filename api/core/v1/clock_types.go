package v1

// Clock is the guest's clock and its timers.
type Clock struct {
	// What the clock shows at boot; UTC if unset.
	ClockOffset `json:",inline"`
	// Timers the guest sees.
	// +optional
	Timer *Timer `json:"timer,omitempty"`
}

// ClockOffsetUTC sets a clock to UTC.
type ClockOffsetUTC struct {
	// Seconds that the clock is ahead of UTC; unset resets it to UTC at every start.
	// +optional
	OffsetSeconds *int `json:"offsetSeconds,omitempty"`
}

// Timer lists the guest's timers; an unset one is left to the hypervisor.
type Timer struct {
	// High Precision Event Timer.
	// +optional
	HPET *HPETTimer `json:"hpet,omitempty"`
	// The paravirtual clock of KVM.
	// +optional
	KVM *KVMTimer `json:"kvm,omitempty"`
	// Programmable Interval Timer.
	// +optional
	PIT *PITTimer `json:"pit,omitempty"`
	// Real Time Clock.
	// +optional
	RTC *RTCTimer `json:"rtc,omitempty"`
	// The reference time counter of Hyper-V, for Windows.
	// +optional
	Hyperv *HypervTimer `json:"hyperv,omitempty"`
}

// HPETTimer is a High Precision Event Timer.
type HPETTimer struct {
	// What becomes of ticks the guest missed: delay, catchup, merge or discard.
	// +optional
	TickPolicy HPETTickPolicy `json:"tickPolicy,omitempty"`
	// Whether the guest has the timer; true if unset.
	// +optional
	Present *bool `json:"present,omitempty"`
}

// KVMTimer is the paravirtual clock of KVM.
type KVMTimer struct {
	// Whether the guest has the clock; true if unset.
	// +optional
	Present *bool `json:"present,omitempty"`
}

// PITTimer is a Programmable Interval Timer.
type PITTimer struct {
	// What becomes of ticks the guest missed: delay, catchup or discard.
	// +optional
	TickPolicy PITTickPolicy `json:"tickPolicy,omitempty"`
	// Whether the guest has the timer; true if unset.
	// +optional
	Present *bool `json:"present,omitempty"`
}

// RTCTimer is a Real Time Clock.
type RTCTimer struct {
	// What becomes of ticks the guest missed: delay or catchup.
	// +optional
	TickPolicy RTCTickPolicy `json:"tickPolicy,omitempty"`
	// Whether the guest has the clock; true if unset.
	// +optional
	Present *bool `json:"present,omitempty"`
	// Whether the clock follows the guest's time or wall time.
	// +optional
	Track RTCTimerTrack `json:"track,omitempty"`
}

// HypervTimer is the reference time counter of Hyper-V.
type HypervTimer struct {
	// Whether the guest has the counter; true if unset.
	// +optional
	Present *bool `json:"present,omitempty"`
}

// ClockOffset says what the guest's clock shows; one of the two is set.
type ClockOffset struct {
	// Sets the clock to UTC.
	// +optional
	UTC *ClockOffsetUTC `json:"utc,omitempty"`
	// Sets the clock to a zone's local time, such as Europe/Rome.
	// +optional
	Timezone *ClockOffsetTimezone `json:"timezone,omitempty"`
}

// ClockOffsetTimezone is the name of a zone in the time zone database.
// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_+/-]*$`
type ClockOffsetTimezone string

// HPETTickPolicy says what a High Precision Event Timer does with ticks the guest missed.
// +kubebuilder:validation:Enum="";delay;catchup;merge;discard
type HPETTickPolicy string

// Values of HPETTickPolicy.
const (
	// HPETTickPolicyDelay delivers missed ticks at the usual rate, late.
	HPETTickPolicyDelay HPETTickPolicy = "delay"
	// HPETTickPolicyCatchup delivers missed ticks at a higher rate.
	HPETTickPolicyCatchup HPETTickPolicy = "catchup"
	// HPETTickPolicyMerge delivers missed ticks as one.
	HPETTickPolicyMerge HPETTickPolicy = "merge"
	// HPETTickPolicyDiscard drops missed ticks.
	HPETTickPolicyDiscard HPETTickPolicy = "discard"
)

// PITTickPolicy says what a Programmable Interval Timer does with ticks the guest missed.
// +kubebuilder:validation:Enum="";delay;catchup;discard
type PITTickPolicy string

// Values of PITTickPolicy.
const (
	// PITTickPolicyDelay delivers missed ticks at the usual rate, late.
	PITTickPolicyDelay PITTickPolicy = "delay"
	// PITTickPolicyCatchup delivers missed ticks at a higher rate.
	PITTickPolicyCatchup PITTickPolicy = "catchup"
	// PITTickPolicyDiscard drops missed ticks.
	PITTickPolicyDiscard PITTickPolicy = "discard"
)

// RTCTickPolicy says what a Real Time Clock does with ticks the guest missed.
// +kubebuilder:validation:Enum="";delay;catchup
type RTCTickPolicy string

// Values of RTCTickPolicy.
const (
	// RTCTickPolicyDelay delivers missed ticks at the usual rate, late.
	RTCTickPolicyDelay RTCTickPolicy = "delay"
	// RTCTickPolicyCatchup delivers missed ticks at a higher rate.
	RTCTickPolicyCatchup RTCTickPolicy = "catchup"
)

// RTCTimerTrack says which time a Real Time Clock follows.
// +kubebuilder:validation:Enum="";guest;wall
type RTCTimerTrack string

// Values of RTCTimerTrack.
const (
	// RTCTimerTrackGuest follows the time the guest has run.
	RTCTimerTrackGuest RTCTimerTrack = "guest"
	// RTCTimerTrackWall follows the host's clock.
	RTCTimerTrackWall RTCTimerTrack = "wall"
)
