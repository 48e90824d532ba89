/* The process that holds a pod's namespaces: waits for children, so that a
 * pod with a shared PID namespace keeps no zombies, and ends on SIGTERM. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void reap(int sig)
{
	(void)sig;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void leave(int sig)
{
	(void)sig;
	_exit(0);
}

int main(void)
{
	struct sigaction child = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP | SA_RESTART};
	struct sigaction end = {.sa_handler = leave};

	if (sigaction(SIGCHLD, &child, NULL) || sigaction(SIGTERM, &end, NULL) || sigaction(SIGINT, &end, NULL))
		return EXIT_FAILURE;
	for (;;)
		pause();
}
