package apiserver

import (
	"net/http"

	"k8s.io/apimachinery/pkg/runtime"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

func (s *server) guestOSInfo(w http.ResponseWriter, r *http.Request, at target) {
	info := &subresourcesv1.VirtualMachineInstanceGuestAgentInfo{}
	if s.guestInfo(w, r, at, protocol.Question_QUESTION_OS_INFO, info) {
		info.FSInfo.Disks = orEmpty(info.FSInfo.Disks)
		writeDocument(w, info, "VirtualMachineInstanceGuestAgentInfo")
	}
}

func (s *server) userList(w http.ResponseWriter, r *http.Request, at target) {
	list := &subresourcesv1.VirtualMachineInstanceGuestOSUserList{}
	if s.guestInfo(w, r, at, protocol.Question_QUESTION_USERS, list) {
		list.Items = orEmpty(list.Items)
		writeDocument(w, list, "VirtualMachineInstanceGuestOSUserList")
	}
}

func (s *server) filesystemList(w http.ResponseWriter, r *http.Request, at target) {
	list := &subresourcesv1.VirtualMachineInstanceFileSystemList{}
	if s.guestInfo(w, r, at, protocol.Question_QUESTION_FILESYSTEMS, list) {
		list.Items = orEmpty(list.Items)
		writeDocument(w, list, "VirtualMachineInstanceFileSystemList")
	}
}

// guestInfo fills a document with what the guest agent says, or answers the request
// with what has failed: by the contract with code 500, whatever it is.
func (s *server) guestInfo(w http.ResponseWriter, r *http.Request, at target, question protocol.Question, document any) bool {
	err := s.withAgent(r.Context(), at, func(vmi *v1.VirtualMachineInstance) error {
		answer, err := s.askGuest(r.Context(), vmi, question, nil, answerTimeout)
		if err != nil {
			return err
		}
		return understand(answer, document)
	})
	if err != nil {
		s.fail(w, asInternal(err))
	}
	return err == nil
}

func writeDocument(w http.ResponseWriter, document runtime.Object, kind string) {
	document.GetObjectKind().SetGroupVersionKind(subresourcesv1.GroupVersion.WithKind(kind))
	writeJSON(w, http.StatusOK, document)
}

// orEmpty is a list that JSON shows as one.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
