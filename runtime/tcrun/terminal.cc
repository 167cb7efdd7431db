// Pseudo-terminals.
#include "terminal.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include "../common/in_root.h"

namespace tc {

namespace {
constexpr char kStep[] = "terminal";
constexpr char kPtmx[] = "/dev/pts/ptmx";
}  // namespace

Error open_terminal(int root, unsigned rows, unsigned columns, Terminal* terminal) {
  Error error = open_in_root(root, kPtmx, O_RDWR | O_NOCTTY, &terminal->master);
  if (error) return error;
  struct statfs fs {};
  int master = terminal->master.get();
  if (fstatfs(master, &fs) != 0) return fail(kStep, "fstatfs", kPtmx);
  if (fs.f_type != DEVPTS_SUPER_MAGIC) return fail_with(ENODEV, kStep, "fstatfs", kPtmx);
  int locked = 0;
  if (ioctl(master, TIOCSPTLCK, &locked) != 0) return fail(kStep, "ioctl", "TIOCSPTLCK");
  terminal->slave.reset(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal->slave) return fail(kStep, "ioctl", "TIOCGPTPEER");
  resize_terminal(master, rows, columns);
  return {};
}

void resize_terminal(int master, unsigned rows, unsigned columns) {
  winsize size{};
  size.ws_row = static_cast<unsigned short>(rows);
  size.ws_col = static_cast<unsigned short>(columns);
  ioctl(master, TIOCSWINSZ, &size);
}

Error adopt_terminal(int slave) {
  if (ioctl(slave, TIOCSCTTY, 0) != 0) return fail(kStep, "ioctl", "TIOCSCTTY");
  for (int fd = 0; fd < 3; fd++) {
    if (dup2(slave, fd) < 0) return fail(kStep, "dup2");
  }
  return {};
}

}  // namespace tc
