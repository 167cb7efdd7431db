// Capabilities.
#include "capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tc {

namespace {
constexpr const char* kNames[] = {
    "CHOWN",           "DAC_OVERRIDE",     "DAC_READ_SEARCH", "FOWNER",     "FSETID",      "KILL",
    "SETGID",          "SETUID",           "SETPCAP",         "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST",
    "NET_ADMIN",       "NET_RAW",          "IPC_LOCK",        "IPC_OWNER",  "SYS_MODULE",  "SYS_RAWIO",
    "SYS_CHROOT",      "SYS_PTRACE",       "SYS_PACCT",       "SYS_ADMIN",  "SYS_BOOT",    "SYS_NICE",
    "SYS_RESOURCE",    "SYS_TIME",         "SYS_TTY_CONFIG",  "MKNOD",      "LEASE",       "AUDIT_WRITE",
    "AUDIT_CONTROL",   "SETFCAP",          "MAC_OVERRIDE",    "MAC_ADMIN",  "SYSLOG",      "WAKE_ALARM",
    "BLOCK_SUSPEND",   "AUDIT_READ",       "PERFMON",         "BPF",        "CHECKPOINT_RESTORE",
};
static_assert(sizeof kNames / sizeof *kNames == CAP_CHECKPOINT_RESTORE + 1);
}  // namespace

int capability_number(const char* name) {
  if (strncmp(name, "CAP_", 4) != 0) return -1;
  for (int i = 0; i <= CAP_CHECKPOINT_RESTORE; i++) {
    if (strcmp(kNames[i], name + 4) == 0) return i;
  }
  return -1;
}

const char* capability_name(int number) { return number <= CAP_CHECKPOINT_RESTORE ? kNames[number] : nullptr; }

Error read_permitted(CapabilitySet* permitted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) return fail("capabilities", "capget");
  *permitted = CapabilitySet(data[1].permitted) << 32 | data[0].permitted;
  return {};
}

Error limit_bounding_set(CapabilitySet keep) {
  for (int i = 0; i < 64; i++) {
    int held = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
    if (held < 0) break;  // EINVAL: past the kernel's last one
    if (held == 0 || (keep >> i & 1)) continue;
    if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0) return fail("capabilities", "prctl");
  }
  return {};
}

Error set_capabilities(CapabilitySet permitted, CapabilitySet effective, CapabilitySet inheritable) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  for (int i = 0; i < 2; i++) {
    data[i] = {uint32_t(effective >> (32 * i)), uint32_t(permitted >> (32 * i)), uint32_t(inheritable >> (32 * i))};
  }
  if (syscall(SYS_capset, &header, data) != 0) return fail("capabilities", "capset");
  return {};
}

Error set_ambient(CapabilitySet ambient) {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return fail("capabilities", "prctl");
  for (int i = 0; i < 64; i++) {
    if (!(ambient >> i & 1)) continue;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) != 0) return fail("capabilities", "prctl");
  }
  return {};
}

}  // namespace tc
