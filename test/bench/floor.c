// The least that N containers can cost on this machine: for each one process exec'd as its monitor, one network
// namespace with a veth on a bridge, the cgroup directories, one clone with new namespaces, an overlay and the usual
// mounts, pivot_root, exec. No log, no DNS, no records, no errors worth reading. `npm run bench` sets tcompose beside it.
//
//   floor N LOWER WORKDIR BRIDGE    makes N, prints the milliseconds, kills them all, removes what it made
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/mount.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char* what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

enum { CONCURRENT = 2 };

static const char* const controllers[] = {"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd"};
enum { CONTROLLERS = sizeof controllers / sizeof *controllers };

static int cgroup_path(char* out, size_t size, int controller, int number, const char* file) {
  return snprintf(out, size, "/sys/fs/cgroup/%s/floor-%d%s%s", controllers[controller], number, *file ? "/" : "", file);
}

static void write_file(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, text, strlen(text)) < 0) perror(path);
  close(fd);
}

static void copy_from_parent(int controller, int number, const char* file) {
  char parent[128], child[160], text[64];
  snprintf(parent, sizeof parent, "/sys/fs/cgroup/%s/%s", controllers[controller], file);
  int fd = open(parent, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return;
  text[n] = 0;
  cgroup_path(child, sizeof child, controller, number, file);
  write_file(child, text);
}

static void make_cgroups(int number) {
  char path[160];
  for (int i = 0; i < CONTROLLERS; i++) {
    cgroup_path(path, sizeof path, i, number, "");
    mkdir(path, 0755);
    if (!strcmp(controllers[i], "cpuset")) {
      copy_from_parent(i, number, "cpuset.cpus");
      copy_from_parent(i, number, "cpuset.mems");
    }
  }
}

static void remove_cgroups(int number) {
  char path[160];
  for (int i = 0; i < CONTROLLERS; i++) {
    cgroup_path(path, sizeof path, i, number, "");
    for (int tries = 0; rmdir(path) && errno == EBUSY && tries < 200; tries++) usleep(1000);
  }
}

struct message {
  struct nlmsghdr header;
  struct ifinfomsg link;
  char attributes[512];
};

static struct rtattr* put(struct message* m, int type, const void* data, int size) {
  struct rtattr* a = (struct rtattr*)((char*)m + NLMSG_ALIGN(m->header.nlmsg_len));
  a->rta_type = type;
  a->rta_len = RTA_LENGTH(size);
  if (size) memcpy(RTA_DATA(a), data, size);
  m->header.nlmsg_len = NLMSG_ALIGN(m->header.nlmsg_len) + RTA_ALIGN(a->rta_len);
  return a;
}

static void end(struct message* m, struct rtattr* nest) { nest->rta_len = (char*)m + NLMSG_ALIGN(m->header.nlmsg_len) - (char*)nest; }

static void send_message(struct message* m) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  char answer[1024];
  if (sendto(fd, m, m->header.nlmsg_len, 0, (void*)&kernel, sizeof kernel) < 0) die("netlink");
  if (recv(fd, answer, sizeof answer, 0) < 0) die("netlink");
  struct nlmsgerr* error = NLMSG_DATA((struct nlmsghdr*)answer);
  if (error->error) errno = -error->error, die("netlink answer");
  close(fd);
}

static void add_link(int number, const char* bridge, int netns) {
  struct message m = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = RTM_NEWLINK,
                                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK},
                      .link = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}};
  char name[IFNAMSIZ];
  int master = if_nametoindex(bridge);
  snprintf(name, sizeof name, "floor%d", number);
  put(&m, IFLA_IFNAME, name, strlen(name) + 1);
  put(&m, IFLA_MASTER, &master, sizeof master);
  struct rtattr* info = put(&m, IFLA_LINKINFO, 0, 0);
  put(&m, IFLA_INFO_KIND, "veth", 4);
  struct rtattr* data = put(&m, IFLA_INFO_DATA, 0, 0);
  struct ifinfomsg peer_link = {0};
  struct rtattr* peer = put(&m, VETH_INFO_PEER, &peer_link, sizeof peer_link);
  put(&m, IFLA_IFNAME, "eth0", 5);
  put(&m, IFLA_NET_NS_FD, &netns, sizeof netns);
  end(&m, peer), end(&m, data), end(&m, info);
  send_message(&m);
}

static void simple_mount(const char* type, const char* target, unsigned long flags, const char* options) {
  mkdir(target, 0755);
  if (mount(type, target, type, flags, options)) die(target);
}

static int container(const char* lower, const char* work, int number, int netns) {
  char options[512], merged[256], path[160];
  for (int i = 0; i < CONTROLLERS; i++) {
    cgroup_path(path, sizeof path, i, number, "tasks");
    write_file(path, "0");
  }
  if (setns(netns, CLONE_NEWNET)) die("setns");
  if (mount(0, "/", 0, MS_REC | MS_SLAVE, 0)) die("slave");
  snprintf(merged, sizeof merged, "%s/%d/merged", work, number);
  snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s/%d/upper,workdir=%s/%d/work", lower, work, number, work, number);
  if (mount("overlay", merged, "overlay", 0, options)) die("overlay");
  if (chdir(merged)) die("chdir");
  simple_mount("proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, 0);
  simple_mount("tmpfs", "dev", MS_NOSUID, "mode=755");
  simple_mount("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666");
  simple_mount("sysfs", "sys", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, 0);
  simple_mount("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV, "size=64m");
  simple_mount("mqueue", "dev/mqueue", MS_NOSUID | MS_NODEV, 0);
  if (syscall(SYS_pivot_root, ".", ".")) die("pivot_root");
  if (umount2(".", MNT_DETACH) || chdir("/")) die("umount");
  char* argv[] = {"sleep", "600", 0};
  execv("/bin/busybox", argv);
  die("exec");
  return 1;
}

static int monitor(int number, const char* lower, const char* work, const char* bridge, int answer) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (unshare(CLONE_NEWNET)) die("unshare");
  int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (setns(host, CLONE_NEWNET)) die("setns");
  add_link(number, bridge, netns);
  make_cgroups(number);
  int started[2];
  if (pipe2(started, O_CLOEXEC)) die("pipe");
  struct { unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; } args = {.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS, .exit_signal = SIGCHLD};
  long pid = syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) die("clone3");
  if (pid == 0) {
    close(started[0]);
    return container(lower, work, number, netns);
  }
  close(started[1]);
  char byte;
  if (read(started[0], &byte, 1) != 0) die("exec of the container");
  if (write(answer, "", 1) != 1) die("answer");
  pause();
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 7 && !strcmp(argv[1], "monitor")) return monitor(atoi(argv[2]), argv[3], argv[4], argv[5], atoi(argv[6]));
  if (argc != 5) return fprintf(stderr, "usage: floor N LOWER WORKDIR BRIDGE\n"), 2;
  int count = atoi(argv[1]);
  pid_t* pids = calloc(count, sizeof *pids);
  char path[256];
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  int answers[2];
  if (pipe(answers)) die("pipe");
  char byte;
  for (int i = 0; i < count; i++) {
    if (i >= CONCURRENT && read(answers[0], &byte, 1) != 1) die("a container did not start");
    for (const char* const* dir = (const char* const[]){"", "/upper", "/work", "/merged", 0}; *dir; dir++) {
      snprintf(path, sizeof path, "%s/%d%s", argv[3], i, *dir);
      mkdir(path, 0755);
    }
    char number[16], fd[16];
    snprintf(number, sizeof number, "%d", i);
    snprintf(fd, sizeof fd, "%d", answers[1]);
    char* args[] = {argv[0], "monitor", number, argv[2], argv[3], argv[4], fd, 0};
    char* env[] = {0};
    if ((errno = posix_spawn(&pids[i], "/proc/self/exe", 0, 0, args, env))) die("posix_spawn");
  }
  for (int i = 0; i < (count < CONCURRENT ? count : CONCURRENT); i++) {
    if (read(answers[0], &byte, 1) != 1) die("a container did not start");
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  printf("%.2f\n", (to.tv_sec - from.tv_sec) * 1e3 + (to.tv_nsec - from.tv_nsec) / 1e6);
  for (int i = 0; i < count; i++) {
    snprintf(path, sizeof path, "/sys/fs/cgroup/pids/floor-%d/cgroup.procs", i);
    FILE* procs = fopen(path, "r");
    int pid;
    while (procs && fscanf(procs, "%d", &pid) == 1) kill(pid, SIGKILL);
    if (procs) fclose(procs);
    kill(pids[i], SIGKILL);
    waitpid(pids[i], 0, 0);
  }
  for (int i = 0; i < count; i++) remove_cgroups(i);
  return 0;
}
