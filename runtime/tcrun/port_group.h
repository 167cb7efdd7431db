// The replicas behind one published port: who is in the set, and which slots each gets. Pure.
#pragma once
#include <string_view>

#include "../common/firewall.h"
#include "network.h"

namespace tc {

struct GroupMember {
  std::string_view id;
  std::string_view address;
  Backend backend;
  bool running;
  Health health;
};

constexpr size_t max_group_members = 1024;

// The file's text: a header line, then a line a member. Lines that make no sense are left out.
struct GroupMembers {
  GroupMember at[max_group_members];
  size_t count = 0;
};

// False: a newer version's file.
bool parse_group(std::string_view text, GroupMembers* members);
// Length of the text; the buffer always suffices at max_group_line bytes a member and one line more.
constexpr size_t max_group_line = 160;
size_t format_group(const GroupMembers& members, char* buffer, size_t size);

// Adds, changes or takes out the member with this id. False if there is no room for it.
bool set_member(GroupMembers* members, const GroupMember& member);
bool remove_member(GroupMembers* members, std::string_view id);

// Whether this member is in the set: the healthy ones, or all that run if none is healthy.
bool is_in_set(const GroupMembers& members, const GroupMember& member);

// Deals the slots to the set evenly, leaving as many as possible where they are.
void deal_slots(const GroupMembers& members, const GroupSlots& now, GroupSlots* then);

}  // namespace tc
