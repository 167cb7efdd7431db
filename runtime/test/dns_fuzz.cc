// Feeds the DNS message code what nobody sane would send, under the address and undefined-behaviour sanitizers, and
// checks what must hold of every answer. dns-fuzz <rounds> <seed>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "../tcrun/dns_message.h"

namespace {

using namespace tc;
using Bytes = std::vector<uint8_t>;

// A query with EDNS, a plain one, a reverse one, one with a compressed name in an additional record.
const Bytes seeds[] = {
    {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 'w', 'e', 'b', 0, 0, 1, 0, 1, 0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0},
    {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'd', 'b', '1', 4, 't', 'e', 's', 't', 0, 0, 28, 0, 1},
    {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, '4', 1, '3', 1, '2', 1, '1', 7, 'i', 'n', '-', 'a', 'd', 'd', 'r',
     4, 'a', 'r', 'p', 'a', 0, 0, 12, 0, 1},
    {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 'x', 0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3,
     4},
};

[[noreturn]] void broken(const char* what) {
  fprintf(stderr, "dns-fuzz: %s\n", what);
  abort();
}

Bytes mutate(std::mt19937& random) {
  Bytes message = seeds[random() % 4];
  for (unsigned changes = random() % 6; changes > 0; changes--) {
    size_t at = message.empty() ? 0 : random() % message.size();
    auto byte = static_cast<uint8_t>(random());
    switch (random() % 5) {
      case 0:
        if (!message.empty()) message[at] = byte;
        break;
      case 1:
        message.insert(message.begin() + static_cast<long>(at), 1 + random() % 80, byte);
        break;
      case 2:
        message.resize(at);
        break;
      case 3:
        message.insert(message.end(), message.begin() + static_cast<long>(at), message.end());
        break;
      default:
        message.insert(message.end(), random() % 300, byte);
    }
  }
  if (message.size() > dns_max_query) message.resize(dns_max_query);
  return message;
}

// Copies of exactly the right size, so that one byte too far is an error.
std::unique_ptr<uint8_t[]> exact(const Bytes& bytes) {
  std::unique_ptr<uint8_t[]> copy(new uint8_t[bytes.size()]);
  if (!bytes.empty()) memcpy(copy.get(), bytes.data(), bytes.size());
  return copy;
}

void check_answer(const uint8_t* message, const DnsQuery& query, std::mt19937& random) {
  size_t limit = random() % 2 ? query.udp_size : dns_max_message;
  std::unique_ptr<uint8_t[]> buffer(new uint8_t[limit]);
  DnsAnswer answer(buffer.get(), limit, message, query, static_cast<DnsCode>(random() % 6));
  InetAddress address;
  parse_inet_address(random() % 2 ? "10.1.2.3" : "fd00::1", &address);
  for (unsigned i = random() % 600; i > 0; i--) answer.add_address(address);
  Bytes name(random() % 300, 'a');
  for (uint8_t& c : name) c = random() % 8 ? 'a' : '.';
  name.push_back(0);
  answer.add_name(reinterpret_cast<const char*>(name.data()));
  size_t size = answer.finish();
  if (size > limit || size < dns_header_size) broken("an answer of a wrong size");
  if (!(buffer[2] & 0x80)) broken("an answer that is none");
  DnsQuery again;
  if (parse_dns_query(buffer.get(), size, &again) != DnsVerdict::Ignored) broken("an answer taken for a question");
}

void check_reply(const Bytes& query, const DnsQuery& parsed, std::mt19937& random) {
  Bytes reply = query;
  reply[2] = static_cast<uint8_t>(reply[2] | 0x80);
  if (!is_dns_reply_to(exact(reply).get(), reply.size(), query.data(), parsed)) broken("a right reply refused");
  size_t at = random() % parsed.question_end;
  Bytes other = reply;
  other[at] = static_cast<uint8_t>(other[at] ^ (1 + random() % 255));
  bool same_but_for_case = at >= dns_header_size && at + 4 < parsed.question_end && (other[at] ^ reply[at]) == 0x20;
  bool counted = at < 2 || at == 4 || at == 5 || at >= dns_header_size;
  if (counted && !same_but_for_case && is_dns_reply_to(exact(other).get(), other.size(), query.data(), parsed)) {
    broken("a reply to another question taken");
  }
  other.resize(at);
  if (is_dns_reply_to(exact(other).get(), other.size(), query.data(), parsed)) broken("half a reply taken");
}

}  // namespace

int main(int, char** arguments) {
  std::mt19937 random(static_cast<unsigned>(atoi(arguments[2])));
  long good = 0;
  for (long round = atol(arguments[1]); round > 0; round--) {
    Bytes message = mutate(random);
    auto copy = exact(message);
    DnsQuery query;
    DnsVerdict verdict = parse_dns_query(copy.get(), message.size(), &query);
    if (verdict == DnsVerdict::Ignored) continue;
    check_answer(copy.get(), query, random);
    if (verdict != DnsVerdict::Good) continue;
    good++;
    if (query.question_end > message.size() || strlen(query.name) > 255) broken("a question longer than its message");
    InetAddress address;
    parse_reverse_name(query.name, &address);
    check_reply(message, query, random);
  }
  printf("%ld\n", good);
  return 0;
}
