// A stay in another network namespace, for single-threaded processes only.
#pragma once
#include "../common/error.h"
#include "../common/fd.h"

namespace tc {

// Enters a namespace, and returns to the one it came from when it goes out of scope. A process that cannot return
// aborts: it would do in a container's namespace what it means to do in the host's.
class NamespaceVisit {
 public:
  NamespaceVisit() = default;
  NamespaceVisit(const NamespaceVisit&) = delete;
  NamespaceVisit& operator=(const NamespaceVisit&) = delete;
  ~NamespaceVisit() { leave(); }

  Error enter(int netns);
  // Enters a namespace that did not exist before.
  Error enter_new();
  void leave();

 private:
  Error remember_home();
  Fd home_;
};

}  // namespace tc
