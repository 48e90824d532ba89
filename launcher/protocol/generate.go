// Package protocol is what virt-handler and virt-launcher say to each other on
// the launcher's unix socket. README.md is its specification.
package protocol

//go:generate protoc -I ../.. --go_out=../.. --go_opt=module=kubevirt.io/kubevirt --go-grpc_out=../.. --go-grpc_opt=module=kubevirt.io/kubevirt launcher/protocol/launcher.proto
