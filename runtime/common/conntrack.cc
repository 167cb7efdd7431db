// ctnetlink: one filtered dump, then a deletion for each entry that has to go.
#include "conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#include <cstring>

namespace tc {

namespace {

constexpr char step[] = "forget flows";
// A bit of CTA_FILTER_ORIG_FLAGS (net/netfilter/nf_internals.h); kernels before 5.8 do not filter, so we do too.
constexpr uint32_t filter_protocol = 1 << 3;

nfgenmsg header_of_family(uint8_t family) {
  nfgenmsg header = {};
  header.nfgen_family = family;
  header.version = NFNETLINK_V0;
  return header;
}

constexpr uint16_t message_type(uint16_t type) { return NFNL_SUBSYS_CTNETLINK << 8 | type; }

bool read_port(const nlattr* protocol, uint16_t attribute, uint16_t* port) {
  const nlattr* value = find_attribute(protocol, attribute);
  if (!value || payload_size(value) != sizeof *port) return false;
  memcpy(port, payload(value), sizeof *port);
  *port = ntohs(*port);
  return true;
}

// One end of a tuple: its source or its destination.
bool read_end(const nlattr* tuple, uint8_t family, bool source, Backend* end) {
  const nlattr* ip = find_attribute(tuple, CTA_TUPLE_IP);
  uint16_t v4 = source ? CTA_IP_V4_SRC : CTA_IP_V4_DST;
  uint16_t v6 = source ? CTA_IP_V6_SRC : CTA_IP_V6_DST;
  const nlattr* address = find_attribute(ip, family == AF_INET ? v4 : v6);
  end->address = {family, static_cast<uint8_t>(family == AF_INET ? 32 : 128), {}};
  if (!address || payload_size(address) != end->address.size()) return false;
  memcpy(end->address.bytes, payload(address), end->address.size());
  const nlattr* protocol = find_attribute(tuple, CTA_TUPLE_PROTO);
  const nlattr* number = find_attribute(protocol, CTA_PROTO_NUM);
  if (!number || payload_size(number) != 1 || *payload(number) != IPPROTO_UDP) return false;
  return read_port(protocol, source ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT, &end->port);
}

bool has_backend(const GroupSlots& slots, const Backend& backend) {
  for (const Backend& slot : slots.at) {
    if (slot == backend) return true;
  }
  return false;
}

// Whether the kernel redirects to any of these.
bool redirects(const GroupChange& change, const GroupSlots& slots) {
  for (const Backend& slot : slots.at) {
    if (change.concerns(slot)) return true;
  }
  return false;
}

// Only an address of the host's can be bound.
bool is_local(const InetAddress& address) {
  Fd probe(socket(address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage;
  socklen_t size = to_sockaddr(address, 0, &storage);
  return probe && bind(probe.get(), reinterpret_cast<sockaddr*>(&storage), size) == 0;
}

// `asked` is what the client sent to, `answers` who answers it.
bool must_go(const GroupChange& change, const Backend& asked, const Backend& answers) {
  const PortGroup& group = change.group;
  if (asked.port != group.port || asked.address.family != group.address.family) return false;
  if (!group.address.is_any() && !(asked.address == group.address)) return false;
  if (has_backend(change.to, answers)) return false;
  if (has_backend(change.from, answers)) return true;
  bool opened = !redirects(change, change.from) && redirects(change, change.to);
  return opened && answers == asked && is_local(asked.address);
}

// Whether flows can be where they should not be any more.
bool matters(const GroupChange& change) {
  bool redirected = redirects(change, change.from) || redirects(change, change.to);
  return change.group.udp && redirected && !(change.from == change.to);
}

void begin_dump(NetlinkBuffer& buffer, uint8_t family) {
  buffer.begin(message_type(IPCTNL_MSG_CT_GET), NLM_F_DUMP, header_of_family(family));
  {
    Nest tuple(buffer, CTA_TUPLE_ORIG);
    Nest protocol(buffer, CTA_TUPLE_PROTO);
    buffer.put_u8(CTA_PROTO_NUM, IPPROTO_UDP);
  }
  Nest filter(buffer, CTA_FILTER);
  buffer.put_u32(CTA_FILTER_ORIG_FLAGS, filter_protocol);
  buffer.put_u32(CTA_FILTER_REPLY_FLAGS, 0);
}

void put_deletion(NetlinkBuffer& buffer, uint8_t family, const nlattr* tuple) {
  buffer.begin(message_type(IPCTNL_MSG_CT_DELETE), 0, header_of_family(family));
  buffer.put(tuple->nla_type, payload(tuple), payload_size(tuple));
}

Error forget_flows_of(NetlinkSocket& socket, uint8_t family, const GroupChange* changes, size_t count) {
  NetlinkBuffer dump;
  NetlinkBuffer deletions;
  begin_dump(dump, family);
  Error error = socket.query(dump, step, [&](const nlmsghdr* message) {
    const nlattr* original = find_attribute<nfgenmsg>(message, CTA_TUPLE_ORIG);
    const nlattr* reply = find_attribute<nfgenmsg>(message, CTA_TUPLE_REPLY);
    Backend asked;
    Backend answers;
    if (!read_end(original, family, false, &asked) || !read_end(reply, family, true, &answers)) return;
    bool goes = false;
    for (size_t i = 0; i < count && !goes; i++) goes = matters(changes[i]) && must_go(changes[i], asked, answers);
    if (goes) put_deletion(deletions, family, original);
  });
  if (error || deletions.size() == 0) return error;
  error = socket.request(deletions, step);
  // Some may have ended meanwhile.
  return error.errnum == ENOENT ? Error{} : error;
}

}  // namespace

Error forget_flows(NetlinkSocket& socket, const GroupChange* changes, size_t count) {
  for (uint8_t family : {AF_INET, AF_INET6}) {
    bool any = false;
    for (size_t i = 0; i < count; i++) any = any || (changes[i].group.address.family == family && matters(changes[i]));
    if (!any) continue;
    if (Error error = forget_flows_of(socket, family, changes, count)) return error;
  }
  return {};
}

}  // namespace tc
