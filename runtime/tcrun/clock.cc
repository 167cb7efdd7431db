// Clocks and RFC 3339.
#include "clock.h"

namespace tc {

int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

timespec wall_clock() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

void format_time(const timespec& time, Fraction fraction, Text& out) {
  // Days to civil date, proleptic Gregorian: eras of 400 years, years that begin in March.
  int64_t days = time.tv_sec / 86400, seconds = time.tv_sec % 86400;
  int64_t shifted = days + 719468;
  int64_t era = shifted / 146097, day_of_era = shifted % 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * day_of_year + 2) / 153;
  int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  int64_t calendar_month = month < 10 ? month + 3 : month - 9;
  int64_t year = year_of_era + era * 400 + (calendar_month <= 2 ? 1 : 0);
  out.padded(uint64_t(year), 4).add('-').padded(uint64_t(calendar_month), 2).add('-').padded(uint64_t(day), 2);
  out.add('T').padded(uint64_t(seconds / 3600), 2).add(':').padded(uint64_t(seconds / 60 % 60), 2);
  out.add(':').padded(uint64_t(seconds % 60), 2);
  int digits = 9;
  uint64_t nanoseconds = uint64_t(time.tv_nsec);
  if (fraction == Fraction::Trimmed) {
    for (; digits > 0 && nanoseconds % 10 == 0; digits--) nanoseconds /= 10;
  }
  if (digits > 0) out.add('.').padded(nanoseconds, digits);
  out.add('Z');
}

}  // namespace tc
