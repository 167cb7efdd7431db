// Secrets.
#include "secrets.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../common/in_root.h"
#include "../common/text.h"
#include "mount.h"
#include "user_namespace.h"

namespace tc {

namespace {

constexpr char kStep[] = "secrets";

const char* const kOptions[] = {"mode=0700", "noswap"};

Error read_exactly(int fd, off_t offset, void* memory, size_t length) {
  char* at = static_cast<char*>(memory);
  while (length > 0) {
    ssize_t got = pread(fd, at, length, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(kStep, "pread");
    if (got == 0) return explain(fail_with(EPROTO, kStep, "pread"), "the contents are not whole");
    at += got;
    offset += got;
    length -= size_t(got);
  }
  return {};
}

Error copy_content(int from, off_t offset, uint64_t length, int to, const char* target) {
  char chunk[4096];
  while (length > 0) {
    size_t part = length < sizeof chunk ? size_t(length) : sizeof chunk;
    Error error = read_exactly(from, offset, chunk, part);
    if (error) return error;
    for (size_t done = 0; done < part;) {
      ssize_t put = write(to, chunk + done, part - done);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return fail(kStep, "write", target);
      done += size_t(put);
    }
    offset += off_t(part);
    length -= part;
  }
  return {};
}

Error make_file(const SecretSpec& secret, const OciSpec& oci, const char* path, int contents, off_t* offset) {
  uint64_t length = 0;
  Error error = read_exactly(contents, *offset, &length, sizeof length);
  if (error) return error;
  *offset += off_t(sizeof length);
  Fd file(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return fail(kStep, "open", secret.target);
  error = copy_content(contents, *offset, length, file.get(), secret.target);
  if (error) return error;
  *offset += off_t(length);
  uint32_t uid = host_id(oci.uid_map, secret.uid), gid = host_id(oci.gid_map, secret.gid);
  if (fchown(file.get(), uid, gid) != 0) return fail(kStep, "fchown", secret.target);
  // After the owner, whose change clears bits of the mode.
  return fchmod(file.get(), secret.mode) == 0 ? Error{} : fail(kStep, "fchmod", secret.target);
}

}  // namespace

// Without "noswap" before Linux 6.4.
Error mount_memory(const char* directory) {
  Fd target(open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!target) return fail(kStep, "open", directory);
  MountOptions options;
  options.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  options.data = {kOptions, 2};
  if (attach_filesystem("tmpfs", "tmpfs", options, target.get(), directory).ok()) return {};
  options.data = {kOptions, 1};
  return attach_filesystem("tmpfs", "tmpfs", options, target.get(), directory);
}

Error write_secrets(const Spec& spec, int contents, const char* directory) {
  Error error;
  off_t offset = 0;
  for (size_t i = 0; i < spec.secrets.count && error.ok(); i++) {
    Path path;
    path.add(directory).add('/').number(int64_t(i));
    error = make_file(spec.secrets[i], spec.oci, path.c_str(), contents, &offset);
  }
  return error;
}

Error open_secrets(const Spec& spec, int contents, Fd* files) {
  if (spec.secrets.count == 0) return {};
  Error error = mount_memory(spec.run_dir);
  if (error.ok()) error = write_secrets(spec, contents, spec.run_dir);
  for (size_t i = 0; i < spec.secrets.count && error.ok(); i++) {
    Path path;
    path.add(spec.run_dir).add('/').number(int64_t(i));
    error = open_bind_source(path.c_str(), false, &files[i]);
  }
  return error;
}

Error attach_secrets(List<SecretSpec> secrets, Fd* files, int root) {
  MountOptions options;
  options.set = MOUNT_ATTR_RDONLY;
  for (size_t i = 0; i < secrets.count; i++) {
    Fd target;
    Error error = create_in_root(root, secrets[i].target, Missing::File, &target);
    if (error.ok()) error = attach_bind(static_cast<Fd&&>(files[i]), options, target.get(), secrets[i].target);
    if (error) return error;
  }
  return {};
}

}  // namespace tc
