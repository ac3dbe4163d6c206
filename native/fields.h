#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

#include "values.h"

namespace soo {

/** An object of options, read field by field: what many positional numbers would be mistaken for. */
class Fields {
 public:
  explicit Fields(const Napi::Value& value) : object_(value.As<Napi::Object>()) {
    if (!value.IsObject()) throw BadArgument("expected an object of options");
  }

  double number(const char* name) const { return to_double(object_.Env(), object_.Get(name)); }
  float single(const char* name) const { return static_cast<float>(number(name)); }
  int64_t integer(const char* name) const { return to_int64(object_.Env(), object_.Get(name)); }
  bool boolean(const char* name) const { return to_bool(object_.Env(), object_.Get(name)); }
  std::vector<int64_t> integers(const char* name) const { return to_int_list(object_.Env(), object_.Get(name)); }

 private:
  const Napi::Object object_;
};

}  // namespace soo
