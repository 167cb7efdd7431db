// Clients that see what the service prints and that type: docs/runtime-protocol.md, `attach`. Between them and the
// service are pipes that the client made, so that the kernel holds what is under way and says when there is room.
#include <fcntl.h>
#include <sys/epoll.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "monitor.h"

namespace tc {

namespace {

constexpr size_t kMissing = Monitor::kMaxAttachments;

void take_out(Monitor& monitor, int fd) { epoll_ctl(monitor.epoll.get(), EPOLL_CTL_DEL, fd, nullptr); }

uint32_t output_index(size_t index, size_t stream) { return uint32_t(index * 2 + stream); }

// Where the service reads from: its terminal or its pipe; -1: from nobody.
int service_input(const Monitor& monitor) {
  if (monitor.life.has_exited) return -1;
  return monitor.spec.oci.process.terminal ? monitor.streams[0].fd() : monitor.life.child.input.get();
}

// How much of it was written now; -1: nobody reads there any more.
ssize_t write_some(int fd, const char* bytes, size_t length) {
  ssize_t put = write(fd, bytes, length);
  if (put >= 0) return put;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

void report_dropped(Monitor& monitor, const Attachment& attachment, uint64_t* dropped) {
  if (*dropped == 0) return;
  FixedText<64> line;
  line.add("{\"event\":\"dropped\",\"bytes\":").number(int64_t(*dropped)).add("}\n");
  *dropped = 0;
  send_line(monitor, size_t(attachment.client), line.c_str(), line.length());
}

// The service is not read until everybody who wants all of it has taken what there is.
void hold(Monitor& monitor, size_t stream) {
  if (monitor.is_held[stream]) return;
  monitor.is_held[stream] = true;
  take_out(monitor, monitor.streams[stream].fd());
}

void let_go(Monitor& monitor, size_t stream) {
  if (!monitor.is_held[stream]) return;
  for (const Attachment* attachment : monitor.attachments) {
    if (attachment && attachment->outputs[stream].held) return;
  }
  monitor.is_held[stream] = false;
  int fd = monitor.streams[stream].fd();
  if (fd >= 0) watch(monitor, fd, EPOLLIN, Source::Output, uint32_t(stream));
}

// False: it holds the service up.
bool pass_on(Monitor& monitor, size_t index, size_t stream, const char* bytes, size_t length) {
  Attachment& attachment = *monitor.attachments[index];
  Attachment::Output& output = attachment.outputs[stream];
  if (!output.pipe) return true;
  ssize_t put = write_some(output.pipe.get(), bytes, length);
  if (put < 0) {
    output.pipe.reset();
    return true;
  }
  size_t rest = length - size_t(put);
  if (rest == 0) {
    report_dropped(monitor, attachment, &output.dropped);
    return true;
  }
  if (!attachment.is_lossless) {
    output.dropped += rest;
    return true;
  }
  if (watch(monitor, output.pipe.get(), EPOLLOUT, Source::AttachedOutput, output_index(index, stream))) {
    output.pipe.reset();
    return true;
  }
  memcpy(output.bytes, bytes + put, rest);
  output.held = rest;
  return false;
}

class Tap final : public OutputTap {
 public:
  Tap(Monitor& monitor, size_t stream) : monitor_(monitor), stream_(stream) {}
  bool take(const char* bytes, size_t length) override {
    bool goes_on = true;
    for (size_t i = 0; i < Monitor::kMaxAttachments; i++) {
      if (monitor_.attachments[i]) goes_on = pass_on(monitor_, i, stream_, bytes, length) && goes_on;
    }
    if (!goes_on) hold(monitor_, stream_);
    return goes_on;
  }

 private:
  Monitor& monitor_;
  size_t stream_;
};

// Watches the service's input until it takes more. By a copy: a terminal is watched for its output already.
void await_room(Monitor& monitor, int target) {
  if (monitor.input_room) return;
  monitor.input_room.reset(fcntl(target, F_DUPFD_CLOEXEC, 0));
  if (!monitor.input_room || !watch(monitor, monitor.input_room.get(), EPOLLOUT, Source::InputRoom, 0)) return;
  monitor.input_room.reset();
}

// What was typed goes to the service as far as there is room. What nobody reads any more is not asked for, either.
void type(Monitor& monitor, Attachment& attachment) {
  int target = service_input(monitor);
  ssize_t put = target >= 0 ? write_some(target, attachment.typing, attachment.typed) : -1;
  if (put < 0) {
    attachment.typed = 0;
    unwatch(monitor, attachment.input);
    return;
  }
  attachment.typed -= size_t(put);
  memmove(attachment.typing, attachment.typing + put, attachment.typed);
  if (attachment.typed) await_room(monitor, target);
}

void end_input(Monitor& monitor, Attachment& attachment) {
  unwatch(monitor, attachment.input);
  if (!attachment.ends_input) return;
  unwatch(monitor, monitor.input_room);
  monitor.life.child.input.reset();
}

size_t find(const Monitor& monitor, int client) {
  size_t index = 0;
  while (index < kMissing && (!monitor.attachments[index] || monitor.attachments[index]->client != client)) index++;
  return index;
}

size_t find_free(const Monitor& monitor) {
  size_t index = 0;
  while (index < kMissing && monitor.attachments[index]) index++;
  return index;
}

void release(Monitor& monitor, size_t index) {
  Attachment* attachment = monitor.attachments[index];
  monitor.attachments[index] = nullptr;
  unwatch(monitor, attachment->input);
  for (size_t stream = 0; stream < 2; stream++) {
    Attachment::Output& output = attachment->outputs[stream];
    if (output.held) unwatch(monitor, output.pipe);
    let_go(monitor, stream);
  }
  attachment->~Attachment();
  free(attachment);
}

// The client keeps its own ends; these are of nobody else.
void take_pipe(Fd* pipe, int* fd, uint32_t capacity) {
  pipe->reset(*fd);
  *fd = -1;
  fcntl(pipe->get(), F_SETFL, O_NONBLOCK);
  if (capacity) fcntl(pipe->get(), F_SETPIPE_SZ, int(capacity));
}

}  // namespace

Error attach(Monitor& monitor, int client, const AttachRequest& request, int* fds) {
  if (find(monitor, client) != kMissing) {
    return explain(fail_with(EBUSY, "control", "attach"), "this connection is attached already");
  }
  size_t index = find_free(monitor);
  void* memory = index == kMissing ? nullptr : malloc(sizeof(Attachment));
  if (!memory) return explain(fail_with(EAGAIN, "control", "attach"), "too many at once");
  Attachment& attachment = *new (memory) Attachment;
  attachment.client = client;
  attachment.is_lossless = request.is_lossless;
  attachment.ends_input = request.ends_input;
  take_pipe(&attachment.input, &fds[0], 0);
  take_pipe(&attachment.outputs[0].pipe, &fds[1], request.capacity);
  take_pipe(&attachment.outputs[1].pipe, &fds[2], request.capacity);
  monitor.attachments[index] = &attachment;
  return watch(monitor, attachment.input.get(), EPOLLIN, Source::AttachedInput, uint32_t(index));
}

void read_output(Monitor& monitor, size_t stream) {
  LogStream& output = monitor.streams[stream];
  if (!output.is_open() || monitor.is_held[stream]) return;
  Tap tap(monitor, stream);
  output.read_into(monitor.log, tap);
}

bool is_output_held(const Monitor& monitor) { return monitor.is_held[0] || monitor.is_held[1]; }

void attached_output_ready(Monitor& monitor, size_t index) {
  Attachment* attachment = monitor.attachments[index / 2];
  if (!attachment) return;
  Attachment::Output& output = attachment->outputs[index % 2];
  if (!output.held) return;
  ssize_t put = write_some(output.pipe.get(), output.bytes, output.held);
  output.held -= put < 0 ? output.held : size_t(put);
  memmove(output.bytes, output.bytes + (put < 0 ? 0 : put), output.held);
  if (output.held) return;
  if (put < 0) {
    unwatch(monitor, output.pipe);
  } else {
    take_out(monitor, output.pipe.get());
  }
  let_go(monitor, index % 2);
}

void attached_input_ready(Monitor& monitor, size_t index) {
  Attachment* attachment = monitor.attachments[index];
  if (!attachment || !attachment->input || attachment->typed) return;
  ssize_t got = read(attachment->input.get(), attachment->typing, sizeof attachment->typing);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end_input(monitor, *attachment);
  attachment->typed = size_t(got);
  type(monitor, *attachment);
  if (attachment->typed) take_out(monitor, attachment->input.get());
}

void input_room_ready(Monitor& monitor) {
  unwatch(monitor, monitor.input_room);
  for (size_t i = 0; i < Monitor::kMaxAttachments; i++) {
    Attachment* attachment = monitor.attachments[i];
    if (!attachment || !attachment->typed) continue;
    type(monitor, *attachment);
    if (attachment->typed || !attachment->input) continue;
    watch(monitor, attachment->input.get(), EPOLLIN, Source::AttachedInput, uint32_t(i));
  }
}

void detach(Monitor& monitor, int client) {
  size_t index = find(monitor, client);
  if (index == kMissing) return;
  end_input(monitor, *monitor.attachments[index]);
  release(monitor, index);
}

void end_attachments(Monitor& monitor) {
  unwatch(monitor, monitor.input_room);
  for (size_t i = 0; i < Monitor::kMaxAttachments; i++) {
    if (monitor.attachments[i]) release(monitor, i);
  }
  monitor.is_held[0] = monitor.is_held[1] = false;
}

}  // namespace tc
