// tcrun: one static executable, several roles.
#include <unistd.h>

#include <cstring>

#include "archive.h"
#include "launch.h"

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    int (*run)(int argc, char** argv);
  } kRoles[] = {
      {"monitor", tc::launch_monitor},
      {"sealed-monitor", tc::launch_sealed_monitor},
      {"init", tc::run_init},
      {"untar", tc::run_untar},
      {"settle", tc::run_settle},
      {"tar", tc::run_tar},
      {"copy-look", tc::run_copy},
      {"copy-out", tc::run_copy},
      {"copy-in", tc::run_copy},
      {"copy-remove", tc::run_copy},
  };
  for (const auto& role : kRoles) {
    if (argc > 1 && strcmp(argv[1], role.name) == 0) return role.run(argc, argv);
  }
  constexpr char kUsage[] = "tcrun is started by tcompose and is of no use by itself.\n";
  (void)!write(2, kUsage, sizeof kUsage - 1);
  return 125;
}
