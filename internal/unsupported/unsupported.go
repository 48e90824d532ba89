// Package unsupported names the features of the API that this version leaves out,
// so that virt-api and virtctl refuse them in the same words.
package unsupported

// Feature is what a person asks for: a command of virtctl where there is one, else
// a subresource.
type Feature string

// The features that are left out.
const (
	Migrate            Feature = "migrate"
	MigrateCancel      Feature = "migrate-cancel"
	EvacuateCancel     Feature = "evacuate-cancel"
	AddVolume          Feature = "addvolume"
	RemoveVolume       Feature = "removevolume"
	MemoryDump         Feature = "memory-dump"
	Backup             Feature = "backup"
	RedefineCheckpoint Feature = "redefine-checkpoint"
	Expand             Feature = "expand"
	Export             Feature = "vmexport"
	ImageUpload        Feature = "image-upload"
	Guestfs            Feature = "guestfs"
	Template           Feature = "template"
	CreateInstancetype Feature = "create instancetype"
	CreatePreference   Feature = "create preference"
	CreateClone        Feature = "create clone"
	Credentials        Feature = "credentials"
)

// phrases are subjects of a sentence, in the singular.
var phrases = map[Feature]string{
	Migrate:            "live migration",
	MigrateCancel:      "live migration, and with it its cancellation,",
	EvacuateCancel:     "the evacuation of nodes, and with it its cancellation,",
	AddVolume:          "attaching a volume to a running guest",
	RemoveVolume:       "detaching a volume from a running guest",
	MemoryDump:         "dumping the memory of a guest",
	Backup:             "backup of a running guest",
	RedefineCheckpoint: "backup of a running guest, and with it the redefinition of checkpoints,",
	Expand:             "the expansion of instance types and preferences",
	Export:             "the export of virtual machines",
	ImageUpload:        "the upload of disk images",
	Guestfs:            "a shell with the tools of libguestfs",
	Template:           "the use of virtual machine templates",
	CreateInstancetype: "the creation of instance types",
	CreatePreference:   "the creation of preferences",
	CreateClone:        "cloning of virtual machines",
	Credentials:        "changing the access credentials of a guest",
}

// Sentence says that a feature is left out.
func Sentence(feature Feature) string {
	return phrases[feature] + " is not part of this version"
}
