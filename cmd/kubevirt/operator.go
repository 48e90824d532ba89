package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	operator "kubevirt.io/kubevirt/internal/controller/kubevirt"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/internal/version"
	webhook "kubevirt.io/kubevirt/internal/webhook/kubevirt"
)

func newOperatorCommand() *cobra.Command {
	o := operator.Options{Validate: webhook.Validate}
	var verbosity int
	cmd := &cobra.Command{
		Use:   "operator",
		Short: "Install and look after what a KubeVirt object asks for.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Log = logging.New(component.Operator, verbosity)
			o.Environment.Version, o.Environment.Accepts = version.Reported(), accepts
			o.Webhooks = func(live client.Reader, trial client.Writer) map[string]http.Handler {
				return operatorWebhooks(webhook.Webhooks{
					Live: live, Trial: trial, Namespace: o.Environment.Namespace, Workloads: operator.Workloads,
					Customizations: func(kv *v1.KubeVirt) field.ErrorList { return component.CheckCustomizations(o.Environment, kv) },
				})
			}
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("reading the cluster's address: %w", err)
			}
			return operator.Run(cmd.Context(), config, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Environment.Namespace, "namespace", "kubevirt", "namespace that the operator runs in and installs into")
	flags.StringVar(&o.Environment.Image, "image", os.Getenv(component.ImageVariable), "image of the control plane")
	flags.StringVar(&o.Environment.LauncherImage, "launcher-image", os.Getenv(component.LauncherImageVariable), "image of virt-launcher")
	flags.StringVar(&o.MetricsAddress, "metrics-address", fmt.Sprintf(":%d", component.ServingPort), "address to serve metrics and health on, by HTTPS")
	flags.IntVar(&o.WebhookPort, "webhook-port", component.OperatorWebhookPort, "port to serve the webhooks of KubeVirt objects on")
	flags.IntVarP(&verbosity, "v", "v", 2, "log verbosity")
	return cmd
}

func operatorWebhooks(w webhook.Webhooks) map[string]http.Handler {
	handlers := map[string]http.Handler{}
	for path, handle := range map[string]admission.HandlerFunc{
		component.PathValidateNewKubeVirt:    w.Create,
		component.PathValidateKubeVirtUpdate: w.Update,
		component.PathValidateKubeVirtDelete: w.Delete,
	} {
		handlers[path] = &admission.Webhook{Handler: handle}
	}
	return handlers
}
