// The event log of the instance.
#pragma once
#include "spec.h"

namespace tc {

// `exitCode`: 1. Without a name there is none.
struct EventDetail {
  const char* name = nullptr;
  int64_t value = 0;
};

// One line, in the words of `docker events`: src/engine/event/event-log.ts has its shape. Nothing where the spec names no log.
void record_event(const Spec& spec, const char* action, const EventDetail& detail = {});

}  // namespace tc
