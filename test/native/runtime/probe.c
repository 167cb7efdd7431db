// Makes the system calls named by its arguments, NUMBER[:FIRST-ARGUMENT], and prints the errno of each (0: none).
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    char* colon = strchr(argv[i], ':');
    long number = strtol(argv[i], NULL, 10);
    unsigned long first = colon ? strtoul(colon + 1, NULL, 0) : -1UL;
    errno = 0;
    long result = syscall(number, first, -1L, -1L, -1L, -1L, -1L);
    if (number == SYS_clone && result == 0) _exit(0);
    if (number == SYS_clone && result > 0) waitpid((pid_t)result, NULL, 0);
    printf("%d\n", result == -1 ? errno : 0);
    fflush(stdout);
  }
  return 0;
}
