// DNS messages (RFC 1035, 6891): a query taken apart, an answer put together. Pure; every byte comes from strangers.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../common/inet_address.h"

namespace tc {

constexpr size_t dns_header_size = 12;
// No query that a stub resolver sends comes near it.
constexpr size_t dns_max_query = 1024;
constexpr size_t dns_max_message = 65535;
constexpr size_t dns_name_size = 256;
// Answer limit of a client that says nothing about it.
constexpr uint16_t dns_plain_udp_size = 512;

enum class DnsCode : uint8_t { NoError = 0, FormErr = 1, ServFail = 2, NxDomain = 3, NotImp = 4, Refused = 5 };

constexpr uint16_t dns_type_a = 1;
constexpr uint16_t dns_type_ptr = 12;
constexpr uint16_t dns_type_aaaa = 28;
constexpr uint16_t dns_type_any = 255;
constexpr uint16_t dns_class_in = 1;

struct DnsQuery {
  uint16_t id;
  // Lower case, without the last dot. Empty for the root, and for a name that text cannot hold (a dot or a zero byte
  // inside a label): neither is ever one of ours.
  char name[dns_name_size];
  uint16_t type;
  uint16_t klass;
  size_t question_end;
  bool edns;
  // 0 where EDNS is version 0, the only one there is.
  uint8_t edns_version;
  uint16_t udp_size;
};

// NoError: `query` is filled. FormErr, NotImp: `query` has at least the id. Ignored: nothing can be answered.
enum class DnsVerdict { Good, FormErr, NotImp, Ignored };
DnsVerdict parse_dns_query(const uint8_t* data, size_t size, DnsQuery* query);

// Whether `reply` answers the query that was sent: id and question agree.
bool is_dns_reply_to(const uint8_t* reply, size_t reply_size, const uint8_t* query, const DnsQuery& parsed);
DnsCode dns_code_of(const uint8_t* reply);

// "4.3.2.1.in-addr.arpa", or the 32 nibbles below ip6.arpa: a whole address, nothing shorter.
bool parse_reverse_name(const char* name, InetAddress* address);

// Writes an answer into a buffer, at most `limit` bytes; what does not fit sets TC.
class DnsAnswer {
 public:
  // `query` is the message that `parsed` was made of. Where there is no question to repeat, parsed.question_end is 0.
  DnsAnswer(uint8_t* buffer, size_t limit, const uint8_t* query, const DnsQuery& parsed, DnsCode code);
  void add_address(const InetAddress& address);
  void add_name(const char* name);
  // The length of the whole.
  size_t finish();

 private:
  uint8_t* add_record(uint16_t type, size_t data_size);

  uint8_t* buffer_;
  size_t limit_;
  size_t size_;
  uint16_t answers_ = 0;
  bool edns_;
  bool bad_version_;
};

// Cuts a reply that is too long for its client down to header and question, and sets TC.
size_t truncate_dns_reply(uint8_t* reply, const DnsQuery& parsed);

}  // namespace tc
