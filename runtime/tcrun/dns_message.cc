// DNS messages: strict reading, plain writing.
#include "dns_message.h"

#include <cstdio>
#include <cstring>

namespace tc {

namespace {

constexpr uint16_t type_opt = 41;
constexpr uint16_t flag_response = 0x8000;
constexpr uint16_t flag_truncated = 0x0200;
constexpr uint16_t flag_recursion_desired = 0x0100;
constexpr uint16_t flag_recursion_available = 0x0080;
constexpr uint16_t opcode_mask = 0x7800;
constexpr uint16_t code_mask = 0x000f;
// Addresses move when containers are recreated, so nobody should remember one.
constexpr uint32_t time_to_live = 1;
constexpr size_t record_size = 12;  // with a compressed name, without data
constexpr size_t opt_size = 11;
constexpr uint16_t advertised_udp_size = 4096;
// RFC 6891: upper eight bits of BADVERS, which is 16.
constexpr uint8_t extended_bad_version = 1;

uint16_t read16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
void write16(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c + 32) : c; }

// Reads an uncompressed name into lower-case text; 0 if it is malformed, else the offset behind it.
size_t read_name(const uint8_t* data, size_t size, size_t at, char (&name)[dns_name_size]) {
  size_t start = at;
  size_t length = 0;
  bool text = true;
  for (;;) {
    if (at >= size) return 0;
    uint8_t label = data[at++];
    // Over 63 is a compression pointer, which a question has nothing to point to with, or a reserved type.
    if (label > 63 || at + label > size || at + label - start > 255) return 0;
    if (label == 0) break;
    if (length) name[length++] = '.';
    for (size_t i = 0; i < label; i++) {
      uint8_t c = lower(data[at + i]);
      text = text && c != '.' && c != '\0';
      name[length++] = static_cast<char>(c);
    }
    at += label;
  }
  name[text ? length : 0] = '\0';
  return at;
}

// Skips a name that may end in a pointer; 0 if it is malformed.
size_t skip_name(const uint8_t* data, size_t size, size_t at) {
  while (at < size) {
    uint8_t label = data[at];
    if (label >= 0xc0) return at + 2 <= size ? at + 2 : 0;
    if (label > 63) return 0;
    at += 1 + label;
    if (label == 0) return at <= size ? at : 0;
  }
  return 0;
}

// Walks the records behind the question, for EDNS; false if they do not fill the message as they say.
bool read_records(const uint8_t* data, size_t size, DnsQuery* query) {
  size_t count = static_cast<size_t>(read16(data + 6)) + read16(data + 8) + read16(data + 10);
  size_t at = query->question_end;
  for (; count > 0; count--) {
    bool root = at < size && data[at] == 0;
    at = skip_name(data, size, at);
    if (!at || at + 10 > size) return false;
    uint16_t type = read16(data + at);
    size_t length = read16(data + at + 8);
    if (type == type_opt) {
      if (!root || query->edns) return false;
      query->edns = true;
      uint16_t udp_size = read16(data + at + 2);
      query->udp_size = udp_size > dns_plain_udp_size ? udp_size : dns_plain_udp_size;
      query->edns_version = data[at + 5];
    }
    at += 10 + length;
    if (at > size) return false;
  }
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool parse_reverse_v6(const char* name, InetAddress* address) {
  *address = {AF_INET6, 128, {}};
  for (int nibble = 31; nibble >= 0; nibble--, name += 2) {
    int digit = hex_digit(name[0]);
    if (digit < 0 || name[1] != '.') return false;
    uint8_t& byte = address->bytes[nibble / 2];
    byte = static_cast<uint8_t>(byte | digit << (nibble % 2 ? 0 : 4));
  }
  return strcmp(name, "ip6.arpa") == 0;
}

// Labels of 1 to 63 bytes, 253 in all.
bool is_wire_name(const char* name, size_t length) {
  size_t label = 0;
  for (size_t i = 0; i < length; i++) {
    label = name[i] == '.' ? 0 : label + 1;
    if (label > 63 || (label == 0 && (i == 0 || name[i - 1] == '.'))) return false;
  }
  return label > 0 && length <= 253;
}

}  // namespace

DnsVerdict parse_dns_query(const uint8_t* data, size_t size, DnsQuery* query) {
  *query = {};
  query->udp_size = dns_plain_udp_size;
  if (size < dns_header_size) return DnsVerdict::Ignored;
  uint16_t flags = read16(data + 2);
  query->id = read16(data);
  // Answering an answer could go on for ever.
  if (flags & flag_response) return DnsVerdict::Ignored;
  if (flags & opcode_mask) return DnsVerdict::NotImp;
  if (read16(data + 4) != 1) return DnsVerdict::FormErr;
  size_t at = read_name(data, size, dns_header_size, query->name);
  if (!at || at + 4 > size) return DnsVerdict::FormErr;
  query->type = read16(data + at);
  query->klass = read16(data + at + 2);
  query->question_end = at + 4;
  if (read_records(data, size, query)) return DnsVerdict::Good;
  query->question_end = 0;
  return DnsVerdict::FormErr;
}

bool is_dns_reply_to(const uint8_t* reply, size_t reply_size, const uint8_t* query, const DnsQuery& parsed) {
  if (reply_size < parsed.question_end) return false;
  if (memcmp(reply, query, 2) != 0 || !(read16(reply + 2) & flag_response) || read16(reply + 4) != 1) return false;
  // Names may come back in another case. Lengths of labels are below 'A', so folding does not touch them.
  for (size_t i = dns_header_size; i < parsed.question_end - 4; i++) {
    if (lower(reply[i]) != lower(query[i])) return false;
  }
  return memcmp(reply + parsed.question_end - 4, query + parsed.question_end - 4, 4) == 0;
}

DnsCode dns_code_of(const uint8_t* reply) { return static_cast<DnsCode>(read16(reply + 2) & code_mask); }

bool parse_reverse_name(const char* name, InetAddress* address) {
  unsigned b[4];
  int end = 0;
  if (sscanf(name, "%3u.%3u.%3u.%3u.in-addr.arpa%n", &b[3], &b[2], &b[1], &b[0], &end) == 4 && end && !name[end]) {
    *address = {AF_INET, 32, {}};
    for (size_t i = 0; i < 4; i++) {
      if (b[i] > 255) return false;
      address->bytes[i] = static_cast<uint8_t>(b[i]);
    }
    return true;
  }
  return strlen(name) == 32 * 2 + strlen("ip6.arpa") && parse_reverse_v6(name, address);
}

DnsAnswer::DnsAnswer(uint8_t* buffer, size_t limit, const uint8_t* query, const DnsQuery& parsed, DnsCode code)
    : buffer_(buffer), limit_(limit), edns_(parsed.edns), bad_version_(parsed.edns_version != 0) {
  size_ = parsed.question_end ? parsed.question_end : dns_header_size;
  memcpy(buffer_, query, size_);
  uint16_t kept = read16(query + 2) & (opcode_mask | flag_recursion_desired);
  auto number = static_cast<uint16_t>(bad_version_ ? DnsCode::NoError : code);
  write16(buffer_ + 2, static_cast<uint16_t>(kept | flag_response | flag_recursion_available | number));
  memset(buffer_ + 4, 0, 8);
  buffer_[5] = parsed.question_end ? 1 : 0;
  if (edns_) limit_ -= opt_size;
}

// Room for a record of the question's name; null if it does not fit.
uint8_t* DnsAnswer::add_record(uint16_t type, size_t data_size) {
  if (size_ + record_size + data_size > limit_) {
    write16(buffer_ + 2, read16(buffer_ + 2) | flag_truncated);
    return nullptr;
  }
  uint8_t* at = buffer_ + size_;
  size_ += record_size + data_size;
  answers_++;
  write16(at, 0xc000 | dns_header_size);
  write16(at + 2, type);
  write16(at + 4, dns_class_in);
  write16(at + 6, 0);
  write16(at + 8, time_to_live);
  write16(at + 10, static_cast<uint16_t>(data_size));
  return at + record_size;
}

void DnsAnswer::add_address(const InetAddress& address) {
  uint8_t* at = add_record(address.is_v4() ? dns_type_a : dns_type_aaaa, address.size());
  if (at) memcpy(at, address.bytes, address.size());
}

void DnsAnswer::add_name(const char* name) {
  size_t length = strlen(name);
  if (!is_wire_name(name, length)) return;
  uint8_t* at = add_record(dns_type_ptr, length + 2);
  if (!at) return;
  // Each dot, and the place before the first label, becomes the length of the label that follows.
  memcpy(at + 1, name, length);
  at[length + 1] = '.';
  size_t label = 0;
  for (size_t i = 1; i <= length + 1; i++) {
    if (at[i] != '.') continue;
    at[label] = static_cast<uint8_t>(i - label - 1);
    label = i;
  }
  at[label] = 0;
}

size_t DnsAnswer::finish() {
  write16(buffer_ + 6, answers_);
  if (!edns_) return size_;
  uint8_t* at = buffer_ + size_;
  memset(at, 0, opt_size);
  write16(at + 1, type_opt);
  write16(at + 3, advertised_udp_size);
  at[5] = bad_version_ ? extended_bad_version : 0;
  write16(buffer_ + 10, 1);
  return size_ + opt_size;
}

size_t truncate_dns_reply(uint8_t* reply, const DnsQuery& parsed) {
  write16(reply + 2, read16(reply + 2) | flag_truncated);
  memset(reply + 6, 0, 6);
  return parsed.question_end;
}

}  // namespace tc
