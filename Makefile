# Everything here runs from a clean checkout on a Debian-like machine with root,
# Go and make. Outputs go to _out/, caches to the user's cache directory.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
.DEFAULT_GOAL := help

# One set of flags for builds and tests, so that they share the build cache; the
# launcher alone needs cgo.
export GOFLAGS     := -trimpath -buildvcs=false
export CGO_ENABLED := 0

OUT      := _out
VERSION  := $(shell cat VERSION)
LDFLAGS  := -s -w -X kubevirt.io/kubevirt/internal/version.Build=$(VERSION)
GO_FILES := go.mod go.sum
TOOL     := cd hack/tools && go tool
SHARD    ?= 1/1
# Images to build; empty for all of them.
IMAGES   ?=
IMAGE    ?= kubevirt/kubevirt:$(VERSION)
LAUNCHER_IMAGE ?= kubevirt/virt-launcher:$(VERSION)
# More than one e2e process gains little on two cores with emulated guests.
E2E_FLAGS ?=

.PHONY: help
help: ## Show this list.
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run it

.PHONY: demo
demo: ## From nothing to a running virtual machine (DEMO_GUEST=tiny for the small one).
	hack/demo.sh

.PHONY: cluster-up
cluster-up: ## Start the ephemeral two-node Kubernetes (NUM_NODES, KUBE_PROVIDER=local|external).
	hack/cli.sh up

.PHONY: cluster-sync
cluster-sync: build images ## Rebuild and update the installation in the running cluster.
	hack/deploy.sh

.PHONY: cluster-down
cluster-down: ## Stop the cluster and leave nothing behind.
	hack/cli.sh down

##@ Build it

.PHONY: build
build: ## Build the binaries into _out/bin.
	@mkdir -p $(OUT)/bin
	go build -ldflags '$(LDFLAGS)' -o $(OUT)/bin/ ./cmd/kubevirt ./cmd/virtctl ./cmd/container-disk
	CGO_ENABLED=1 go build -tags libvirt_dlopen,grpcnotrace -ldflags '$(LDFLAGS)' -o $(OUT)/bin/virt-launcher ./cmd/virt-launcher

.PHONY: images
images: ## Build the images and guest disks into _out/images (needs `make build`).
	hack/images.sh $(IMAGES)

.PHONY: manifest
manifest: ## Render the install manifest into _out/manifests (IMAGE, LAUNCHER_IMAGE).
	go run ./hack/manifest -image $(IMAGE) -launcher-image $(LAUNCHER_IMAGE)

.PHONY: chart
chart: ## Render the Helm chart into charts/kubevirt.
	go run ./hack/manifest -chart -out charts/kubevirt

.PHONY: bundle
bundle: ## Write the OLM bundle into bundle/ (IMAGE, LAUNCHER_IMAGE for a release's, REPLACES its predecessor).
	go run ./hack/bundle $(if $(filter file,$(origin IMAGE)),,-image $(IMAGE)) \
	  $(if $(filter file,$(origin LAUNCHER_IMAGE)),,-launcher-image $(LAUNCHER_IMAGE)) $(if $(REPLACES),-replaces $(REPLACES))

.PHONY: catalog
catalog: ## Write an OLM catalog into _out/catalog (BUNDLES="IMAGE=DIRECTORY ...", oldest first).
	go run ./hack/bundle -catalog $(OUT)/catalog $(BUNDLES)

.PHONY: generate
generate: ## Regenerate deep copies, CRDs, protocols, config/ and the chart.
	hack/generate.sh

.PHONY: fmt
fmt: ## Format the Go files.
	gofmt -w $$(git ls-files '*.go')

##@ Test it

.PHONY: test
test: lint unit envtest process e2e-gate ## The gate: everything a change must pass.

.PHONY: test-full
test-full: lint unit envtest process cluster-test e2e upgrade-test olm-test edge-test throughput ## All tests, every e2e spec (SHARD=i/n for a part of them).

.PHONY: lint
lint: ## Formatting, vet, generated files, structure.
	hack/lint.sh

.PHONY: unit
unit: ## Pure tests and contracts.
	go test $$(hack/packages.sh pure)
	CGO_ENABLED=1 go test -tags libvirt_dlopen $$(hack/packages.sh cgo)
	cd test/cluster && go test ./...

.PHONY: envtest
envtest: ## Tests against a real etcd and kube-apiserver.
	KUBEBUILDER_ASSETS="$$(hack/cli.sh assets)" go test -tags envtest -p 1 $$(hack/tagged.sh envtest)

.PHONY: process
process: ## Tests of the launcher and the node agent against real processes.
	hack/process-test.sh

.PHONY: cluster-test
cluster-test: ## Tests of the ephemeral cluster itself, on one of its own.
	cd test/cluster && go test -tags cluster -count=1 -timeout 20m ./selftest

.PHONY: e2e-gate
e2e-gate: IMAGES = kubevirt virt-launcher guest-tiny
e2e-gate: cluster-up cluster-sync ## The end-to-end specs labelled gate.
	hack/e2e.sh --label-filter gate $(E2E_FLAGS)

.PHONY: e2e
e2e: cluster-up cluster-sync ## All end-to-end specs (SHARD=i/n).
	SHARD=$(SHARD) hack/e2e.sh --label-filter '!soak && !upgrade && !olm && !edge' $(E2E_FLAGS)

.PHONY: upgrade-test
upgrade-test: IMAGES = kubevirt virt-launcher guest-tiny
upgrade-test: build images ## Upgrade an earlier release under running guests, on a cluster of its own (KEEP=1: it stays up).
	hack/upgrade-test.sh

.PHONY: olm-test
olm-test: IMAGES = kubevirt virt-launcher guest-tiny
olm-test: build images ## Installation and upgrade by OLM, on a cluster of its own (KEEP=1: it stays up).
	hack/olm-test.sh

.PHONY: edge-test
edge-test: IMAGES = kubevirt virt-launcher guest-tiny
edge-test: build images ## The edge profile, on a cluster of one node of its own (KEEP=1: it stays up).
	hack/edge-test.sh

.PHONY: soak
soak: cluster-up cluster-sync ## Start and delete guests for a long while, then look for leaks.
	hack/e2e.sh --label-filter soak

.PHONY: bench
bench: cluster-up cluster-sync ## Print the figures beside their bars.
	hack/bench.sh

.PHONY: throughput
throughput: IMAGES = kubevirt virt-launcher guest-tiny
throughput: cluster-up cluster-sync ## Compare disks and networks of guests with a plain QEMU's.
	hack/throughput.sh

.PHONY: clean
clean: ## Remove the outputs; caches and the cluster stay.
	rm -rf $(OUT)
