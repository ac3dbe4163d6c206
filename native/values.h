#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Scalar.h>
#include <c10/core/ScalarType.h>
#include <napi.h>

#include <optional>
#include <string>
#include <vector>

#include "environment.h"

namespace soo {

/** undefined and null both mean "not given". */
bool is_missing(napi_env env, napi_value value);

double to_double(napi_env env, napi_value value);
/** A whole number: a JavaScript number without fraction, or a bigint within 64 bits. */
int64_t to_int64(napi_env env, napi_value value);
bool to_bool(napi_env env, napi_value value);
std::string to_string(napi_env env, napi_value value);
/** As `to_int64`, and bigints of 64 bits without sign; a negative one stands for its bits. */
uint64_t to_uint64(napi_env env, napi_value value);
/**
 * Whole numbers become integer scalars, as `2` is in Python; -0, fractions and unsafe integers become doubles, and
 * `{ re, im }` a complex number.
 */
c10::Scalar to_scalar(napi_env env, napi_value value);
std::vector<int64_t> to_int_list(napi_env env, napi_value value);
c10::ScalarType to_dtype(napi_env env, napi_value value);
c10::Device to_device(napi_env env, napi_value value);

/** Handles travel in a Float64Array, NaN standing for "no tensor". */
std::vector<double> to_handles(napi_env env, napi_value value);
std::vector<at::Tensor> to_tensors(Environment& self, napi_value value);

/** A number where it is exact, otherwise a bigint. */
Napi::Value from_int64(Napi::Env env, int64_t value);
Napi::Value from_scalar(Napi::Env env, const c10::Scalar& value);
Napi::Array from_ints(Napi::Env env, c10::IntArrayRef values);
/** A handle, or null for an undefined tensor. */
Napi::Value from_tensor(Environment& self, at::Tensor tensor);
Napi::Array from_tensors(Environment& self, const std::vector<at::Tensor>& tensors);

const char* dtype_name(c10::ScalarType dtype);
/** For messages: `float32 [2, 3]`, with the device when it is not the processor. */
std::string describe(const at::Tensor& tensor);

}  // namespace soo
