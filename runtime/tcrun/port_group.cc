// Set and slots of a port group.
#include "port_group.h"

#include <charconv>
#include <cstdio>

#include "fields.h"

namespace tc {

namespace {

constexpr std::string_view header = "tcompose-port-group 1";
constexpr std::string_view health_names[] = {"none", "starting", "healthy", "unhealthy"};

bool parse_backend(std::string_view address, std::string_view port, Backend* backend) {
  if (!parse_address_field(address, &backend->address)) return false;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), backend->port);
  return error == std::errc() && end == port.data() + port.size() && backend->port;
}

bool parse_member(std::string_view line, GroupMember* member) {
  member->id = take_field(&line, ' ');
  member->address = take_field(&line, ' ');
  std::string_view port = take_field(&line, ' ');
  std::string_view running = take_field(&line, ' ');
  std::string_view health = take_field(&line, ' ');
  member->running = running == "1";
  for (size_t i = 0; i < 4; i++) {
    if (health != health_names[i]) continue;
    member->health = static_cast<Health>(i);
    return !member->id.empty() && parse_backend(member->address, port, &member->backend);
  }
  return false;
}

bool is_healthy(const GroupMember& member) {
  return member.running && (member.health == Health::None || member.health == Health::Healthy);
}

// Index of the member that has this slot; members.count if it is nobody of the set.
struct Dealing {
  const Backend* set[group_slots];
  size_t count = 0;
  size_t quota[group_slots] = {};
  size_t kept[group_slots] = {};

  size_t holder(const Backend& backend) const {
    size_t i = 0;
    while (i < count && !(*set[i] == backend)) i++;
    return i;
  }
};

void collect_set(const GroupMembers& members, Dealing* dealing) {
  for (size_t i = 0; i < members.count && dealing->count < group_slots; i++) {
    if (is_in_set(members, members.at[i])) dealing->set[dealing->count++] = &members.at[i].backend;
  }
}

// An even share each; the odd slots go to those who have more than that already.
void set_quotas(const GroupSlots& now, Dealing* dealing) {
  size_t share = group_slots / dealing->count;
  size_t odd = group_slots % dealing->count;
  size_t held[group_slots] = {};
  for (const Backend& backend : now.at) {
    size_t i = dealing->holder(backend);
    if (i < dealing->count) held[i]++;
  }
  for (size_t i = 0; i < dealing->count; i++) {
    bool more = odd > 0 && held[i] > share;
    dealing->quota[i] = share + more;
    odd -= more;
  }
  for (size_t i = 0; i < dealing->count && odd > 0; i++) {
    if (dealing->quota[i] > share) continue;
    dealing->quota[i]++;
    odd--;
  }
}

}  // namespace

bool parse_group(std::string_view text, GroupMembers* members) {
  members->count = 0;
  if (text.empty()) return true;
  if (take_field(&text, '\n') != header) return false;
  while (!text.empty() && members->count < max_group_members) {
    if (parse_member(take_field(&text, '\n'), &members->at[members->count])) members->count++;
  }
  return true;
}

size_t format_group(const GroupMembers& members, char* buffer, size_t size) {
  auto length = static_cast<size_t>(snprintf(buffer, size, "%s\n", header.data()));
  for (size_t i = 0; i < members.count; i++) {
    const GroupMember& member = members.at[i];
    length += static_cast<size_t>(snprintf(
        buffer + length, size - length, "%.*s %.*s %u %d %s\n", static_cast<int>(member.id.size()), member.id.data(),
        static_cast<int>(member.address.size()), member.address.data(), member.backend.port, member.running,
        health_names[static_cast<size_t>(member.health)].data()));
  }
  return length;
}

bool set_member(GroupMembers* members, const GroupMember& member) {
  size_t i = 0;
  while (i < members->count && members->at[i].id != member.id) i++;
  if (i == max_group_members) return false;
  members->at[i] = member;
  if (i == members->count) members->count++;
  return true;
}

bool remove_member(GroupMembers* members, std::string_view id) {
  for (size_t i = 0; i < members->count; i++) {
    if (members->at[i].id != id) continue;
    members->count--;
    for (; i < members->count; i++) members->at[i] = members->at[i + 1];
    return true;
  }
  return false;
}

bool is_in_set(const GroupMembers& members, const GroupMember& member) {
  if (is_healthy(member) || !member.running) return member.running;
  for (size_t i = 0; i < members.count; i++) {
    if (is_healthy(members.at[i])) return false;
  }
  return true;
}

void deal_slots(const GroupMembers& members, const GroupSlots& now, GroupSlots* then) {
  *then = {};
  Dealing dealing;
  collect_set(members, &dealing);
  if (dealing.count == 0) return;
  set_quotas(now, &dealing);
  for (size_t slot = 0; slot < group_slots; slot++) {
    size_t i = dealing.holder(now.at[slot]);
    if (i == dealing.count || dealing.kept[i] == dealing.quota[i]) continue;
    dealing.kept[i]++;
    then->at[slot] = now.at[slot];
  }
  size_t next = 0;
  for (Backend& slot : then->at) {
    if (slot.port) continue;
    while (dealing.kept[next] == dealing.quota[next]) next++;
    dealing.kept[next]++;
    slot = *dealing.set[next];
  }
}

}  // namespace tc
