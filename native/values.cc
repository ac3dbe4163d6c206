#include "values.h"

#include <cmath>
#include <limits>

namespace soo {

namespace {

constexpr double kSafeInteger = 9007199254740991.0;  // 2^53 - 1

struct NamedDtype {
  const char* name;
  c10::ScalarType dtype;
};

const NamedDtype kDtypes[] = {
    {"float32", c10::kFloat},
    {"float64", c10::kDouble},
    {"float16", c10::kHalf},
    {"bfloat16", c10::kBFloat16},
    {"int64", c10::kLong},
    {"int32", c10::kInt},
    {"int16", c10::kShort},
    {"int8", c10::kChar},
    {"uint8", c10::kByte},
    {"bool", c10::kBool},
    {"complex64", c10::kComplexFloat},
    {"complex128", c10::kComplexDouble},
    {"complex32", c10::kComplexHalf},
    {"uint16", c10::kUInt16},
    {"uint32", c10::kUInt32},
    {"uint64", c10::kUInt64},
    {"float8_e4m3fn", c10::kFloat8_e4m3fn},
    {"float8_e5m2", c10::kFloat8_e5m2},
    {"float8_e4m3fnuz", c10::kFloat8_e4m3fnuz},
    {"float8_e5m2fnuz", c10::kFloat8_e5m2fnuz},
    {"qint8", c10::kQInt8},
    {"quint8", c10::kQUInt8},
    {"qint32", c10::kQInt32},
};

napi_valuetype type_of(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  if (value != nullptr) check(env, napi_typeof(env, value, &type));
  return type;
}

[[noreturn]] void wrong_type(napi_env env, const char* wanted, napi_value value) {
  static const char* const names[] = {"undefined", "null",      "a boolean",  "a number",          "a string",
                                      "a symbol",  "an object", "a function", "an external value", "a bigint"};
  throw BadArgument(std::string("expected ") + wanted + ", got " + names[type_of(env, value)]);
}

}  // namespace

bool is_missing(napi_env env, napi_value value) {
  const napi_valuetype type = type_of(env, value);
  return type == napi_undefined || type == napi_null;
}

double to_double(napi_env env, napi_value value) {
  double result = 0;
  if (value == nullptr || napi_get_value_double(env, value, &result) != napi_ok) wrong_type(env, "a number", value);
  return result;
}

int64_t to_int64(napi_env env, napi_value value) {
  if (type_of(env, value) == napi_bigint) {
    int64_t result = 0;
    bool exact = false;
    check(env, napi_get_value_bigint_int64(env, value, &result, &exact));
    if (!exact) throw BadArgument("expected an integer of 64 bits, got a larger bigint");
    return result;
  }
  double number = 0;
  if (value == nullptr || napi_get_value_double(env, value, &number) != napi_ok) wrong_type(env, "an integer", value);
  if (!(std::trunc(number) == number && std::abs(number) <= kSafeInteger)) {
    throw BadArgument("expected an integer, got " + std::to_string(number));
  }
  return static_cast<int64_t>(number);
}

uint64_t to_uint64(napi_env env, napi_value value) {
  if (type_of(env, value) == napi_bigint) {
    uint64_t result = 0;
    bool exact = false;
    check(env, napi_get_value_bigint_uint64(env, value, &result, &exact));
    if (exact) return result;
  }
  return static_cast<uint64_t>(to_int64(env, value));
}

bool to_bool(napi_env env, napi_value value) {
  bool result = false;
  if (value == nullptr || napi_get_value_bool(env, value, &result) != napi_ok) wrong_type(env, "a boolean", value);
  return result;
}

std::string to_string(napi_env env, napi_value value) {
  size_t length = 0;
  if (value == nullptr || napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
    wrong_type(env, "a string", value);
  }
  std::string result(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, result.data(), length + 1, &length));
  return result;
}

namespace {

c10::Scalar bigint_scalar(napi_env env, napi_value value) {
  int64_t result = 0;
  bool exact = false;
  check(env, napi_get_value_bigint_int64(env, value, &result, &exact));
  return exact ? c10::Scalar(result) : c10::Scalar(to_uint64(env, value));
}

c10::Scalar complex_scalar(napi_env env, napi_value value) {
  const auto part = [&](const char* name) {
    napi_value found;
    check(env, napi_get_named_property(env, value, name, &found));
    return to_double(env, found);
  };
  return c10::complex<double>(part("re"), part("im"));
}

}  // namespace

c10::Scalar to_scalar(napi_env env, napi_value value) {
  switch (type_of(env, value)) {
    case napi_boolean:
      return c10::Scalar(to_bool(env, value));
    case napi_bigint:
      return bigint_scalar(env, value);
    case napi_object:
      return complex_scalar(env, value);
    case napi_number: {
      const double number = to_double(env, value);
      const bool whole = std::trunc(number) == number && std::abs(number) <= kSafeInteger;
      if (whole && !(number == 0 && std::signbit(number))) return c10::Scalar(static_cast<int64_t>(number));
      return c10::Scalar(number);
    }
    default:
      wrong_type(env, "a number, bigint or boolean", value);
  }
}

std::vector<int64_t> to_int_list(napi_env env, napi_value value) {
  bool is_array = false;
  if (value != nullptr) check(env, napi_is_array(env, value, &is_array));
  if (!is_array) wrong_type(env, "an array of integers", value);
  uint32_t length = 0;
  check(env, napi_get_array_length(env, value, &length));
  std::vector<int64_t> result(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    check(env, napi_get_element(env, value, i, &element));
    result[i] = to_int64(env, element);
  }
  return result;
}

c10::ScalarType to_dtype(napi_env env, napi_value value) {
  const std::string name = to_string(env, value);
  for (const NamedDtype& known : kDtypes) {
    if (name == known.name) return known.dtype;
  }
  throw BadArgument("unknown dtype '" + name.substr(0, 40) + "'");
}

c10::Device to_device(napi_env env, napi_value value) {
  const std::string name = to_string(env, value);
  try {
    const c10::Device device(name);
    if (!device.is_cpu() && !device.is_meta()) note_accelerator();
    return device;
  } catch (const std::exception&) {
    throw BadArgument("unknown device '" + name.substr(0, 40) + "' (wanted 'cpu', 'cuda' or 'cuda:0')");
  }
}

std::vector<double> to_handles(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (value == nullptr || napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_float64_array) {
    wrong_type(env, "a Float64Array of tensor handles", value);
  }
  const auto* handles = static_cast<const double*>(data);
  return std::vector<double>(handles, handles + length);
}

std::vector<at::Tensor> to_tensors(Environment& self, napi_value value) {
  std::vector<at::Tensor> result;
  for (const double handle : to_handles(self.env, value)) {
    result.push_back(std::isnan(handle) ? at::Tensor() : self.tensors.get(handle));
  }
  return result;
}

Napi::Value from_int64(Napi::Env env, int64_t value) {
  const auto number = static_cast<double>(value);
  if (std::abs(number) <= kSafeInteger) return Napi::Number::New(env, number);
  return Napi::BigInt::New(env, value);
}

Napi::Value from_scalar(Napi::Env env, const c10::Scalar& value) {
  if (value.isBoolean()) return Napi::Boolean::New(env, value.toBool());
  if (value.isIntegral(false)) {
    if (value.type() == c10::kUInt64 && value.toUInt64() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Napi::BigInt::New(env, value.toUInt64());
    }
    return from_int64(env, value.toLong());
  }
  if (value.isComplex()) {
    const auto number = value.toComplexDouble();
    auto result = Napi::Object::New(env);
    result.Set("re", number.real());
    result.Set("im", number.imag());
    return result;
  }
  return Napi::Number::New(env, value.toDouble());
}

Napi::Array from_ints(Napi::Env env, c10::IntArrayRef values) {
  auto result = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) result.Set(i, from_int64(env, values[i]));
  return result;
}

Napi::Value from_tensor(Environment& self, at::Tensor tensor) {
  if (!tensor.defined()) return self.env.Null();
  return Napi::Number::New(self.env, self.tensors.add(std::move(tensor)));
}

Napi::Array from_tensors(Environment& self, const std::vector<at::Tensor>& tensors) {
  auto result = Napi::Array::New(self.env, tensors.size());
  for (uint32_t i = 0; i < tensors.size(); ++i) result.Set(i, from_tensor(self, tensors[i]));
  return result;
}

const char* dtype_name(c10::ScalarType dtype) {
  for (const NamedDtype& known : kDtypes) {
    if (dtype == known.dtype) return known.name;
  }
  return c10::toString(dtype);
}

std::string describe(const at::Tensor& tensor) {
  if (!tensor.defined()) return "none";
  std::string text = dtype_name(tensor.scalar_type());
  text += " [";
  if (tensor.layout() == c10::kStrided || tensor.is_sparse()) {
    for (int64_t i = 0; i < tensor.dim(); ++i) {
      if (i > 0) text += ", ";
      text += std::to_string(tensor.size(i));
    }
  } else {
    text += "...";
  }
  text += "]";
  if (!tensor.device().is_cpu()) text += " on " + tensor.device().str();
  return text;
}

}  // namespace soo
