// iptables -I DOCKER-USER -i <bridge> -j ACCEPT; the same with -o; in FORWARD where there is no DOCKER-USER. The old
// iptables that is not built on nf_tables keeps its rules elsewhere and is left alone.
#include "foreign_forward.h"

#include <cstdio>
#include <cstring>

#include "nft.h"

namespace tc {

namespace {

constexpr char filter[] = "filter";
constexpr char forward[] = "FORWARD";
// Docker's place for other people's rules, visited before its own (docs.docker.com, Packet filtering).
constexpr char docker_user[] = "DOCKER-USER";
constexpr uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};

struct Comment {
  char text[200];
  Comment(const char* table, const char* bridge) { snprintf(text, sizeof text, "%s %s", table, bridge ? bridge : ""); }
};

// The chain that must accept our traffic; null if nothing refuses any.
Error find_chain(NetlinkSocket& socket, uint8_t family, const char** chain) {
  *chain = nullptr;
  bool exists = false;
  if (Error error = nft_has_chain(socket, filter, docker_user, &exists, family)) return error;
  if (exists) {
    *chain = docker_user;
    return {};
  }
  bool drops = false;
  if (Error error = nft_is_dropping(socket, filter, forward, &drops, family)) return error;
  Error error = nft_list_rules(socket, family, filter, forward, [&](const NftRuleInfo&) { drops = true; });
  if (drops) *chain = forward;
  return error;
}

}  // namespace

Error admit_bridge(NetlinkSocket& socket, const char* table, const char* bridge) {
  Comment comment(table, bridge);
  for (uint8_t family : families) {
    const char* chain;
    if (Error error = find_chain(socket, family, &chain)) return error;
    if (!chain) continue;
    bool admitted = false;
    Error error = nft_list_rules(socket, family, filter, chain, [&](const NftRuleInfo& rule) {
      admitted = admitted || strcmp(rule.comment, comment.text) == 0;
    });
    if (error) return error;
    if (admitted) continue;
    NftBatch batch(filter, family);
    for (uint32_t side : {NFT_META_IIFNAME, NFT_META_OIFNAME}) {
      NftRule(batch, chain, true, comment.text).meta(side).equals_name(bridge).accept();
    }
    if (Error failed = batch.commit(socket)) return failed;
  }
  return {};
}

Error withdraw_bridge(NetlinkSocket& socket, const char* table, const char* bridge) {
  Comment comment(table, bridge);
  // Without a bridge the comment ends in a space, which no bridge's own comment is a prefix of.
  size_t length = strlen(comment.text) + (bridge ? 1 : 0);
  for (uint8_t family : families) {
    NftBatch batch(filter, family);
    for (const char* chain : {docker_user, forward}) {
      Error error = nft_list_rules(socket, family, filter, chain, [&](const NftRuleInfo& rule) {
        if (strncmp(rule.comment, comment.text, length) == 0) batch.delete_rule(chain, rule.handle);
      });
      if (error) return error;
    }
    if (Error error = batch.commit(socket)) return error;
  }
  return {};
}

}  // namespace tc
