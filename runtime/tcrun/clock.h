// Time: monotonic for deadlines, wall clock for records.
#pragma once
#include <cstdint>
#include <ctime>

#include "../common/text.h"

namespace tc {

int64_t monotonic_ms();
timespec wall_clock();

enum class Fraction : uint8_t {
  Full,     // always nine digits, so that instants compare as text
  Trimmed,  // as Go's RFC3339Nano, and so Docker's log files: no trailing zeros
};
// "2026-01-01T00:00:00.000000000Z"
void format_time(const timespec& time, Fraction fraction, Text& out);

// A point in monotonic time, or none.
class Deadline {
 public:
  void set_in(int64_t ms) { at_ = monotonic_ms() + (ms < kFar ? ms : kFar); }
  void clear() { at_ = -1; }
  bool is_set() const { return at_ >= 0; }
  bool is_due(int64_t now) const { return at_ >= 0 && now >= at_; }
  int64_t at() const { return at_; }

 private:
  static constexpr int64_t kFar = int64_t(1) << 52;
  int64_t at_ = -1;
};

}  // namespace tc
