// Package force is the pair of flags by which a command hurries a guest's end:
// --force and --grace-period.
package force

import (
	"errors"

	"github.com/spf13/pflag"
)

const periodFlag = "grace-period"

// Flags are what the user has given.
type Flags struct {
	Force bool
	// Period in seconds counts only when PeriodSet.
	Period    int64
	PeriodSet bool
}

// Add makes a command take the flags; what says what --force does.
func (f *Flags) Add(flags *pflag.FlagSet, what string) {
	flags.BoolVar(&f.Force, "force", false, what+" at once; needs --grace-period=0")
	flags.Int64Var(&f.Period, periodFlag, -1, "seconds the guest has to shut down; only 0, together with --force")
}

// Check reads which flags were given and refuses those that do not go together.
func (f *Flags) Check(flags *pflag.FlagSet) error {
	f.PeriodSet = flags.Changed(periodFlag)
	return f.validate()
}

func (f *Flags) validate() error {
	if f.Force && !f.PeriodSet {
		return errors.New("--force needs --grace-period=0")
	}
	if f.PeriodSet && (!f.Force || f.Period != 0) {
		return errors.New("--grace-period takes only 0 and only together with --force")
	}
	return nil
}

// Seconds is the grace period to ask for; nil leaves the guest its own.
func (f *Flags) Seconds() *int64 {
	if !f.Force {
		return nil
	}
	return &f.Period
}
