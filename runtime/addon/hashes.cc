// SHA-256 of the OpenSSL that Node itself is linked with: the module node:crypto reaches the same code, and takes several
// milliseconds to load. The symbols are weak: where a Node does not give them away, these functions do not exist, and
// whoever would call them uses the module (src/base/sha256.ts).
#include <cstddef>
#include <string>

#include "addon.h"

extern "C" {
// openssl/evp.h and openssl/hmac.h, OpenSSL 1.1 and 3.
struct evp_md_ctx_st;
struct evp_md_st;
struct engine_st;
__attribute__((weak)) evp_md_ctx_st* EVP_MD_CTX_new();
__attribute__((weak)) void EVP_MD_CTX_free(evp_md_ctx_st*);
__attribute__((weak)) const evp_md_st* EVP_sha256();
__attribute__((weak)) int EVP_DigestInit_ex(evp_md_ctx_st*, const evp_md_st*, engine_st*);
__attribute__((weak)) int EVP_DigestUpdate(evp_md_ctx_st*, const void*, size_t);
__attribute__((weak)) int EVP_DigestFinal_ex(evp_md_ctx_st*, unsigned char*, unsigned int*);
__attribute__((weak)) unsigned char* HMAC(const evp_md_st*, const void* key, int key_size, const unsigned char* data,
                                          size_t size, unsigned char* result, unsigned int* result_size);
}

namespace tc {

namespace {

constexpr size_t kHashSize = 32;

bool is_available() {
  return EVP_MD_CTX_new && EVP_MD_CTX_free && EVP_sha256 && EVP_DigestInit_ex && EVP_DigestUpdate &&
         EVP_DigestFinal_ex && HMAC;
}

// A string's UTF-8 or a Uint8Array's bytes, for as long as this lives.
class Bytes {
 public:
  explicit Bytes(Napi::Value value) {
    if (value.IsString()) {
      text_ = value.As<Napi::String>();
      data_ = text_.data();
      size_ = text_.size();
    } else if (value.IsTypedArray()) {
      auto array = value.As<Napi::TypedArray>();
      data_ = static_cast<const char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
      size_ = array.ByteLength();
    } else {
      is_valid_ = false;
    }
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  bool is_valid() const { return is_valid_; }
  const void* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::string text_;
  const char* data_ = "";
  size_t size_ = 0;
  bool is_valid_ = true;
};

Napi::Value to_hex(Napi::Env env, const unsigned char (&hash)[kHashSize]) {
  constexpr char kDigits[] = "0123456789abcdef";
  char text[2 * kHashSize];
  for (size_t i = 0; i < kHashSize; i++) {
    text[2 * i] = kDigits[hash[i] >> 4];
    text[2 * i + 1] = kDigits[hash[i] & 15];
  }
  return Napi::String::New(env, text, sizeof text);
}

class Context {
 public:
  Context() : context_(EVP_MD_CTX_new()) {}
  ~Context() { EVP_MD_CTX_free(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  bool begin() { return context_ && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1; }
  bool update(const Bytes& bytes) { return EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1; }
  bool finish(unsigned char (&hash)[kHashSize]) { return EVP_DigestFinal_ex(context_, hash, nullptr) == 1; }

 private:
  evp_md_ctx_st* context_;
};

Napi::Value refuse(Napi::Env env) {
  Napi::Error::New(env, "OpenSSL refuses SHA-256").ThrowAsJavaScriptException();
  return env.Undefined();
}

// Of all arguments, one after the other.
Napi::Value sha256(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Context context;
  if (!context.begin()) return refuse(env);
  for (size_t i = 0; i < info.Length(); i++) {
    Bytes part(info[i]);
    if (!part.is_valid()) return throw_type_error(env, "a hash is of strings and Uint8Arrays");
    if (!context.update(part)) return refuse(env);
  }
  unsigned char hash[kHashSize];
  return context.finish(hash) ? to_hex(env, hash) : refuse(env);
}

Napi::Value hmac_sha256(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Bytes key(info[0]);
  Bytes data(info[1]);
  if (!key.is_valid() || !data.is_valid()) return throw_type_error(env, "a hash is of strings and Uint8Arrays");
  unsigned char hash[kHashSize];
  auto bytes = static_cast<const unsigned char*>(data.data());
  bool done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, data.size(), hash, nullptr);
  return done ? to_hex(env, hash) : refuse(env);
}

}  // namespace

void init_hashes(Napi::Object exports) {
  if (!is_available()) return;
  set_function(exports, "sha256", sha256);
  set_function(exports, "hmacSha256", hmac_sha256);
}

}  // namespace tc
