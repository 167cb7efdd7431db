// events.jsonl, which the commands append to as well: what happens to a container while nobody looks on.
#include "events.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "../common/file.h"
#include "../common/json_writer.h"
#include "clock.h"

namespace tc {

namespace {

// One write of at most this many bytes is one line, whoever else appends.
constexpr size_t kMaxLine = 4096;

void write_attributes(const Spec& spec, const EventDetail& detail, JsonWriter& json) {
  json.begin_object("attributes").string("name", spec.name).string("image", spec.events.image);
  if (detail.name) {
    FixedText<24> value;
    value.number(detail.value);
    json.string(detail.name, value.c_str());
  }
  json.end_object();
}

void write_event(const Spec& spec, const char* action, const EventDetail& detail, Text& line) {
  FixedText<40> time;
  format_time(wall_clock(), Fraction::Full, time);
  JsonWriter json(line);
  json.begin_object().string("time", time.c_str()).string("type", "container").string("service", spec.events.service);
  json.string("id", spec.id).string("action", action).string("project", spec.events.project);
  if (spec.events.one_off) json.boolean("oneOff", true);
  write_attributes(spec, detail, json);
  json.end_object();
  line.add('\n');
}

Fd open_to_append(const char* path) {
  return Fd(open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

// A container that ends and starts again all night fills one file and then the next, and no disk.
Fd open_events(const EventsSpec& events) {
  Fd file = open_to_append(events.file);
  struct stat now;
  if (!file || fstat(file.get(), &now) != 0 || uint64_t(now.st_size) <= events.max_size) return file;
  Path aside;
  aside.add(events.file).add(".1");
  return rename(events.file, aside.c_str()) == 0 ? open_to_append(events.file) : static_cast<Fd&&>(file);
}

}  // namespace

void record_event(const Spec& spec, const char* action, const EventDetail& detail) {
  if (!spec.events.file) return;
  FixedText<kMaxLine> line;
  write_event(spec, action, detail, line);
  if (line.overflowed()) return;
  // Telling what happened must not undo it: on a full disk it is not told.
  Fd file = open_events(spec.events);
  if (file) (void)write_all(file.get(), "events", line.c_str(), line.length());
}

}  // namespace tc
