package ssh

import "kubevirt.io/kubevirt/internal/virtctl/target"

// login makes the session one of ssh. The guest is [USER@]TYPE/NAME[/NAMESPACE]; no
// command is a shell.
func (s *session) login(at, command string) error {
	user, guest, err := target.ParseLogin(at)
	if err != nil {
		return err
	}
	s.reach("ssh", user, guest)
	s.args = []string{s.guest.Host()}
	if command != "" {
		s.args = append(s.args, command)
	}
	return nil
}
