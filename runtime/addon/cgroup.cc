// Killing everything below a cgroup, on v1, v2 and hybrid hosts.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "../common/pidfd.h"
#include "addon.h"
#include "pending.h"

namespace tc {

namespace {

// A process in an uninterruptible system call cannot be waited for; after this it is reported.
constexpr int64_t patience_ms = 10'000;

struct Target {
  std::string procs;
  std::string unified;
  std::string freezer;
};

int64_t now_ms() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

Error write_file(const std::string& path, const char* value) {
  Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return fail("kill", "open", path.c_str());
  return write(file.get(), value, strlen(value)) < 0 ? fail("kill", "write", path.c_str()) : Error{};
}

// A cgroup that is gone has nothing left to kill.
bool is_gone(const Error& error) { return error.errnum == ENOENT || error.errnum == ENODEV; }

Error collect_pids(const std::string& directory, std::vector<pid_t>* pids) {
  std::string path = directory + "/cgroup.procs";
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail("kill", "open", path.c_str());
  std::string text;
  char chunk[4096];
  ssize_t got;
  while ((got = read(file.get(), chunk, sizeof chunk)) > 0) text.append(chunk, static_cast<size_t>(got));
  if (got < 0) return fail("kill", "read", path.c_str());
  for (const char* line = text.c_str(); *line; line = strchr(line, '\n') + 1) {
    pid_t pid = atoi(line);
    // 0 stands for a process of a pid namespace that we do not see.
    if (pid > 0) pids->push_back(pid);
    if (!strchr(line, '\n')) break;
  }
  return {};
}

// A privileged container may have made cgroups of its own below.
Error collect_tree(const std::string& directory, std::vector<pid_t>* pids) {
  if (Error error = collect_pids(directory, pids)) return error;
  DIR* stream = opendir(directory.c_str());
  if (!stream) return fail("kill", "opendir", directory.c_str());
  Error result;
  while (dirent* entry = readdir(stream)) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    Error error = collect_tree(directory + "/" + entry->d_name, pids);
    if (error && !is_gone(error)) result = error;
  }
  closedir(stream);
  return result;
}

// Waits for the ends of the processes behind `processes`, or until `deadline`.
void wait_for_ends(std::vector<Fd>& processes, int64_t deadline) {
  for (Fd& process : processes) {
    pollfd readable = {process.get(), POLLIN, 0};
    int64_t left = deadline - now_ms();
    if (left <= 0 || poll(&readable, 1, static_cast<int>(left)) == 0) return;
  }
}

// One pass: freezes (so that nothing forks away), kills, thaws (a frozen v1 process does not die), waits.
Error kill_once(const Target& target, int64_t deadline, bool* empty) {
  bool frozen = !target.freezer.empty() && !write_file(target.freezer + "/freezer.state", "FROZEN");
  if (!target.unified.empty()) {
    Error error = write_file(target.unified + "/cgroup.kill", "1");
    (void)error;  // Kernels before 5.14 have no such file; the signals below do the work there.
  }
  std::vector<pid_t> pids;
  Error error = collect_tree(target.procs, &pids);
  std::vector<Fd> processes;
  for (pid_t pid : pids) {
    Fd process(pidfd_open(pid));
    if (!process) continue;
    pidfd_send_signal(process.get(), SIGKILL);
    processes.push_back(std::move(process));
  }
  Error thawed = frozen ? write_file(target.freezer + "/freezer.state", "THAWED") : Error{};
  if (error) return error;
  if (thawed && !is_gone(thawed)) return thawed;
  wait_for_ends(processes, deadline);
  *empty = pids.empty();
  return {};
}

Error kill_all(const Target& target) {
  int64_t deadline = now_ms() + patience_ms;
  bool empty = false;
  while (!empty) {
    if (Error error = kill_once(target, deadline, &empty)) return is_gone(error) ? Error{} : error;
    if (!empty && now_ms() >= deadline) return fail_with(EBUSY, "kill", "kill", target.procs.c_str());
  }
  return {};
}

std::string optional_string(Napi::Value value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

Napi::Value kill_cgroup(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Target target = {optional_string(info[0]), optional_string(info[1]), optional_string(info[2])};
  if (target.procs.empty() || target.procs[0] != '/') return throw_type_error(env, "a cgroup is an absolute directory");
  return run_on_thread(env, [target] { return kill_all(target); });
}

}  // namespace

void init_cgroup(Napi::Object exports) { set_function(exports, "killCgroup", kill_cgroup); }

}  // namespace tc
