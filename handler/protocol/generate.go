// Package protocol is what virt-api may ask of the virt-handler of a node: gRPC
// over mutual TLS. The .proto file is its specification.
package protocol

//go:generate protoc -I ../.. --go_out=../.. --go_opt=module=kubevirt.io/kubevirt --go-grpc_out=../.. --go-grpc_opt=module=kubevirt.io/kubevirt handler/protocol/handler.proto
