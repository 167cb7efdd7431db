// bpf(2) for BPF_PROG_TYPE_CGROUP_DEVICE.
#include "device_filter.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "../common/fd.h"

namespace tc {

namespace {

constexpr char kStep[] = "devices";

int sys_bpf(int command, bpf_attr* attr) { return int(syscall(SYS_bpf, command, attr, sizeof *attr)); }

uint64_t address_of(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

}  // namespace

Error attach_device_filter(const DeviceFilter& filter, const char* cgroup) {
  Fd directory(open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail(kStep, "open", cgroup);
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = address_of(filter.program);
  load.insn_cnt = filter.instructions;
  load.license = address_of("Apache-2.0");
  Fd program(sys_bpf(BPF_PROG_LOAD, &load));
  if (!program) return fail(kStep, "bpf", cgroup);
  bpf_attr attach{};
  attach.target_fd = uint32_t(directory.get());
  attach.attach_bpf_fd = uint32_t(program.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  // Those of the cgroups above stay in force.
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  return sys_bpf(BPF_PROG_ATTACH, &attach) == 0 ? Error{} : fail(kStep, "bpf", cgroup);
}

}  // namespace tc
