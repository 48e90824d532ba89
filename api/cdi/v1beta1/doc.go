// Package v1beta1 describes the part of the data volume API (cdi.kubevirt.io/v1beta1) that
// virtual machines embed in their data volume templates and that their controllers read. The kind itself
// belongs to another project: no CustomResourceDefinition is installed from here.
//
// +kubebuilder:object:generate=true
package v1beta1
