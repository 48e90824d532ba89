package create

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/output"
)

func newMachineCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	o := Options{}
	var inferInstancetype, inferPreference bool
	cmd := &cobra.Command{
		Use:   "vm",
		Short: "Print the manifest of a virtual machine.",
		Long: `Print the manifest of a virtual machine, for kubectl create -f -.

Disks are described by parameters: key:value, with commas in between; several values
of one key have semicolons in between. Without a boot order the guest boots from the
first disk, in this order: container disks, claims, data sources, cloned claims, blank
disks, imports.`,
		Example: `  # A machine with a disk image from a registry, and a user who may log in with a key
  virtctl create vm --name myvm --memory 1Gi \
    --volume-containerdisk src:registry.example.com/disks/debian:13 \
    --user debian --ssh-key "$(cat ~/.ssh/id_ed25519.pub)" | kubectl create -f -

  # A machine with a copy of a claim, and an empty disk besides
  virtctl create vm --volume-import type:pvc,src:images/debian,size:20Gi \
    --volume-import type:blank,size:50Gi,name:data`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := cmd.Flags()
			o.InferInstancetype = given(f.Changed("infer-instancetype"), inferInstancetype)
			o.InferPreference = given(f.Changed("infer-preference"), inferPreference)
			o.MemoryGiven = f.Changed("memory")
			o.Namespace = *flags.Namespace
			o.Out, o.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return Run(o)
		},
	}
	addMachineFlags(cmd, &o)
	addVolumeFlags(cmd, &o)
	addGuestFlags(cmd, &o)
	f := cmd.Flags()
	f.BoolVar(&inferInstancetype, "infer-instancetype", true, "take the instance type that the first boot disk suggests, where it can")
	f.BoolVar(&inferPreference, "infer-preference", true, "take the preference that the first boot disk suggests, where it can")
	cmd.MarkFlagsMutuallyExclusive("memory", "instancetype", "infer-instancetype", "infer-instancetype-from")
	cmd.MarkFlagsMutuallyExclusive("preference", "infer-preference", "infer-preference-from")
	for _, flag := range []string{"user", "password-file", "ssh-key", "ga-manage-ssh"} {
		cmd.MarkFlagsMutuallyExclusive("cloud-init-user-data", flag)
	}
	o.Output.Add(cmd, output.YAML, output.JSON, output.Name)
	return cmd
}

// given is a flag's value if it was set.
func given(set, value bool) *bool {
	if !set {
		return nil
	}
	return &value
}

func addMachineFlags(cmd *cobra.Command, o *Options) {
	f := cmd.Flags()
	f.StringVar(&o.Name, "name", "", "name of the machine; vm- and five random letters if empty")
	f.StringVar(&o.RunStrategy, "run-strategy", "Always", "when the machine runs: Always, RerunOnFailure, Manual, Once or Halted")
	f.Int64Var(&o.GracePeriod, "termination-grace-period", 180, "seconds that the guest has to shut down")
	f.StringVar(&o.Memory, "memory", "512Mi", "memory of the guest")
	f.StringVar(&o.Instancetype, "instancetype", "", "[KIND/]NAME of an instance type; KIND is virtualmachineinstancetype or virtualmachineclusterinstancetype (default)")
	f.StringVar(&o.InferInstancetypeFrom, "infer-instancetype-from", "", "volume that suggests the instance type")
	f.StringVar(&o.Preference, "preference", "", "[KIND/]NAME of a preference; KIND is virtualmachinepreference or virtualmachineclusterpreference (default)")
	f.StringVar(&o.InferPreferenceFrom, "infer-preference-from", "", "volume that suggests the preference")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("run-strategy", cobra.FixedCompletions(runStrategies, cobra.ShellCompDirectiveNoFileComp))
}

func addVolumeFlags(cmd *cobra.Command, o *Options) {
	f := cmd.Flags()
	f.StringArrayVar(&o.ContainerDisks, "volume-containerdisk", nil, "disk in a container image: src:IMAGE[,name:NAME][,bootorder:N]")
	f.StringArrayVar(&o.Claims, "volume-pvc", nil, "claim with a disk: src:CLAIM[,name:NAME][,bootorder:N]")
	f.StringArrayVar(&o.Imports, "volume-import", nil, "disk that is filled once: type:TYPE[,name:NAME][,bootorder:N][,size:SIZE] and the type's parameters. "+importUsage())
	f.StringVar(&o.Sysprep, "volume-sysprep", "", "answer file for a Windows installation: src:NAME[,type:configmap|secret]")
	f.StringArrayVar(&o.DataSources, "volume-datasource", nil, "disk from a data source: src:[NAMESPACE/]NAME[,name:NAME][,bootorder:N][,size:SIZE]")
	f.StringArrayVar(&o.ClonedClaims, "volume-clone-pvc", nil, "copy of a claim: src:NAMESPACE/NAME[,name:NAME][,bootorder:N][,size:SIZE]")
	f.StringArrayVar(&o.Blanks, "volume-blank", nil, "empty disk: size:SIZE[,name:NAME]")
	for flag, kind := range map[string]string{"volume-datasource": "ds", "volume-clone-pvc": "pvc", "volume-blank": "blank"} {
		// It fails only for a flag that is not there.
		_ = f.MarkDeprecated(flag, "use --volume-import type:"+kind)
	}
}

func addGuestFlags(cmd *cobra.Command, o *Options) {
	f := cmd.Flags()
	f.StringVar(&o.User, "user", "", "user of the guest, for cloud-init and --access-cred")
	f.StringVar(&o.PasswordFile, "password-file", "", "file with the user's password, for cloud-init")
	f.StringSliceVar(&o.SSHKeys, "ssh-key", nil, "public ssh key of the user, for cloud-init")
	f.BoolVar(&o.ManageSSH, "ga-manage-ssh", false, "have cloud-init allow the guest agent to manage ssh keys under SELinux")
	f.StringArrayVar(&o.Credentials, "access-cred", nil,
		"Secret with credentials: src:SECRET[,type:ssh|password][,method:ga|nocloud|configdrive][,user:USER]; type ssh and method ga if left out")
	f.StringVar(&o.CloudInit, "cloud-init", noCloud, "form of the cloud-init disk: nocloud, configdrive or none")
	f.StringVar(&o.UserData, "cloud-init-user-data", "", "user data for cloud-init, base64")
	f.StringVar(&o.NetworkData, "cloud-init-network-data", "", "network data for cloud-init, base64")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("cloud-init", cobra.FixedCompletions([]string{noCloud, configDrive, none}, cobra.ShellCompDirectiveNoFileComp))
}
