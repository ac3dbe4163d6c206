#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <utility>

#include "environment.h"

namespace soo {

// What JavaScript holds without looking into it is an external with a type tag: no number that JavaScript makes up
// reaches a pointer.

template <class T>
Napi::Value make_external(Napi::Env env, const napi_type_tag& tag, T&& value) {
  auto owned = std::make_unique<T>(std::forward<T>(value));
  const auto external = Napi::External<T>::New(env, owned.get(), [](Napi::Env, T* data) { delete data; });
  owned.release();
  external.TypeTag(&tag);
  return external;
}

template <class T>
T& external_at(const Napi::Value& value, const napi_type_tag& tag, const char* wanted) {
  const auto external = value.As<Napi::External<T>>();
  if (!value.IsExternal() || !external.CheckTypeTag(&tag)) throw BadArgument(std::string("expected ") + wanted);
  return *external.Data();
}

}  // namespace soo
