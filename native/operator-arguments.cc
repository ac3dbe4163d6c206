#include <ATen/core/ivalue.h>
#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>

#include <cmath>

#include "operators.h"
#include "values.h"

namespace soo {

namespace {

c10::Layout to_layout(napi_env env, napi_value value) {
  const std::string name = to_string(env, value);
  if (name == "strided") return c10::kStrided;
  if (name == "sparse_coo") return c10::kSparse;
  if (name == "sparse_csr") return c10::kSparseCsr;
  if (name == "sparse_csc") return c10::kSparseCsc;
  if (name == "sparse_bsr") return c10::kSparseBsr;
  if (name == "sparse_bsc") return c10::kSparseBsc;
  throw BadArgument("unknown layout '" + name.substr(0, 40) + "'");
}

c10::MemoryFormat to_memory_format(napi_env env, napi_value value) {
  const std::string name = to_string(env, value);
  if (name == "contiguous_format") return c10::MemoryFormat::Contiguous;
  if (name == "preserve_format") return c10::MemoryFormat::Preserve;
  if (name == "channels_last") return c10::MemoryFormat::ChannelsLast;
  if (name == "channels_last_3d") return c10::MemoryFormat::ChannelsLast3d;
  throw BadArgument("unknown memory format '" + name.substr(0, 40) + "'");
}

at::Generator to_generator(Environment& self, napi_value value) {
  const auto found = self.generators.find(static_cast<uint32_t>(to_int64(self.env, value)));
  if (found == self.generators.end()) throw BadArgument("the generator is unknown");
  return found->second;
}

bool is_number(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type == napi_number || type == napi_bigint || type == napi_boolean;
}

/** Visits an array's elements; a single number stands for the whole list where the schema says `int[2]`. */
template <class Visit>
void for_each_element(Environment& self, const Parameter& parameter, napi_value value, Visit visit) {
  napi_env env = self.env;
  if (parameter.repeat > 0 && is_number(env, value)) {
    for (int32_t i = 0; i < parameter.repeat; ++i) visit(value);
    return;
  }
  bool is_array = false;
  check(env, napi_is_array(env, value, &is_array));
  if (!is_array) throw BadArgument("expected an array");
  uint32_t length = 0;
  check(env, napi_get_array_length(env, value, &length));
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    check(env, napi_get_element(env, value, i, &element));
    visit(element);
  }
}

template <class T>
c10::List<T> to_list(Environment& self, const Parameter& parameter, napi_value value, T (*read)(napi_env, napi_value)) {
  c10::List<T> list;
  for_each_element(self, parameter, value, [&](napi_value element) { list.push_back(read(self.env, element)); });
  return list;
}

/** Sums of sizes, strides and positions beyond this would overflow inside of kernels. */
int64_t to_extent(napi_env env, napi_value value) {
  constexpr int64_t kMost = int64_t{1} << 53;
  const int64_t extent = to_int64(env, value);
  if (extent > kMost || extent < -kMost)
    throw BadArgument("expected integers within 2^53, got " + std::to_string(extent));
  return extent;
}

c10::IValue to_scalar_list(Environment& self, const Parameter& parameter, napi_value value) {
  c10::impl::GenericList list(c10::NumberType::get());
  for_each_element(self, parameter, value,
                   [&](napi_value element) { list.push_back(c10::IValue(to_scalar(self.env, element))); });
  return list;
}

}  // namespace

bool is_given(napi_env env, napi_value value) { return !is_missing(env, value); }

at::Tensor to_tensor(Environment& self, napi_value value) {
  double handle = 0;
  if (value == nullptr || napi_get_value_double(self.env, value, &handle) != napi_ok)
    throw BadArgument("expected a tensor");
  return self.tensors.get(handle);
}

const at::Tensor& require_writable(const at::Tensor& tensor) {
  if (tensor._is_zerotensor())
    throw BadArgument("a gradient of zeros without memory of its own cannot be written to: clone() it");
  return tensor;
}

c10::IValue to_ivalue(Environment& self, const Parameter& parameter, napi_value value) {
  napi_env env = self.env;
  switch (parameter.kind) {
    case Kind::Tensor:
      return parameter.written ? require_writable(to_tensor(self, value)) : to_tensor(self, value);
    case Kind::TensorList: {
      auto tensors = to_tensors(self, value);
      for (const at::Tensor& tensor : tensors) {
        if (!tensor.defined()) throw BadArgument("expected tensors only");
        if (parameter.written) require_writable(tensor);
      }
      return c10::List<at::Tensor>(std::move(tensors));
    }
    case Kind::OptionalTensorList: {
      c10::List<std::optional<at::Tensor>> list;
      for (at::Tensor& tensor : to_tensors(self, value)) {
        list.push_back(tensor.defined() ? std::optional<at::Tensor>(std::move(tensor)) : std::nullopt);
      }
      return list;
    }
    case Kind::Int:
      return to_int64(env, value);
    case Kind::Float:
      return to_double(env, value);
    case Kind::Bool:
      return to_bool(env, value);
    case Kind::Scalar:
      return to_scalar(env, value);
    case Kind::String:
      return to_string(env, value);
    case Kind::IntList:
      return to_list<int64_t>(self, parameter, value, to_extent);
    case Kind::FloatList:
      return to_list<double>(self, parameter, value, to_double);
    case Kind::BoolList:
      return to_list<bool>(self, parameter, value, to_bool);
    case Kind::ScalarList:
      return to_scalar_list(self, parameter, value);
    case Kind::Dtype:
      return to_dtype(env, value);
    case Kind::Layout:
      return to_layout(env, value);
    case Kind::Device:
      return to_device(env, value);
    case Kind::MemoryFormat:
      return to_memory_format(env, value);
    case Kind::Generator:
      return to_generator(self, value);
    case Kind::Unsupported:
      break;
  }
  throw BadArgument("a value of this type cannot be passed from JavaScript");
}

}  // namespace soo
