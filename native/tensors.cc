#include <ATen/ATen.h>
#include <c10/core/ScalarType.h>
#include <torch/csrc/autograd/function.h>

#include <algorithm>
#include <cstring>

#include "environment.h"
#include "values.h"

namespace soo {

namespace {

const at::Tensor& tensor_at(Environment& self, napi_value value) { return self.tensors.get(to_double(self.env, value)); }

struct Elements {
  napi_typedarray_type type;
  size_t length;
  void* data;
  size_t bytes;
};

size_t element_size(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      throw BadArgument("this kind of typed array is not supported");
  }
}

Elements to_elements(napi_env env, napi_value value) {
  Elements elements{};
  if (value == nullptr || napi_get_typedarray_info(env, value, &elements.type, &elements.length, &elements.data, nullptr,
                                                   nullptr) != napi_ok) {
    throw BadArgument("expected a typed array");
  }
  elements.bytes = elements.length * element_size(elements.type);
  return elements;
}

int64_t count_of(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0) throw BadArgument("a shape has no negative sizes");
    if (__builtin_mul_overflow(count, size, &count)) throw BadArgument("the shape holds more elements than memory can");
  }
  return count;
}

/** fromBytes(typed array, dtype, shape): a copy of the array's bytes as a tensor on the processor */
napi_value from_bytes(Environment& self, napi_env env, size_t, napi_value* argv) {
  const Elements elements = to_elements(env, argv[0]);
  const c10::ScalarType dtype = to_dtype(env, argv[1]);
  if (c10::isQIntType(dtype)) throw BadArgument("a quantised dtype cannot be made from bytes");
  const std::vector<int64_t> shape = to_int_list(env, argv[2]);
  size_t wanted = 0;
  const bool too_large = __builtin_mul_overflow(static_cast<size_t>(count_of(shape)), c10::elementSize(dtype), &wanted);
  if (too_large || wanted != elements.bytes) {
    throw BadArgument("shape [" + c10::Join(", ", shape) + "] of " + dtype_name(dtype) + " takes " + std::to_string(wanted) +
                      " bytes, got " + std::to_string(elements.bytes));
  }
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
  if (wanted > 0) std::memcpy(tensor.mutable_data_ptr(), elements.data, wanted);
  if (dtype == c10::kBool) {  // any other byte would not be a bool of C++
    auto* bytes = static_cast<uint8_t*>(tensor.mutable_data_ptr());
    std::transform(bytes, bytes + wanted, bytes, [](uint8_t byte) { return byte != 0; });
  }
  return from_tensor(self, std::move(tensor));
}

BadArgument wrong_size(const at::Tensor& tensor, const Elements& elements) {
  return BadArgument("the array has " + std::to_string(elements.bytes) + " bytes, the tensor " + std::to_string(tensor.nbytes()));
}

/** copyBytes(handle, typed array): the tensor's elements in row-major order; the array must have their size */
napi_value copy_bytes(Environment& self, napi_env env, size_t, napi_value* argv) {
  const at::Tensor& source = tensor_at(self, argv[0]);
  const Elements elements = to_elements(env, argv[1]);
  if (source.layout() != c10::kStrided) throw BadArgument("the tensor is sparse: call toDense() first");
  if (!source.has_storage() || source.is_meta()) throw BadArgument("a tensor on the meta device has no data");
  if (source.is_quantized()) throw BadArgument("the tensor is quantised: call dequantize() or intRepr() first");
  if (source._is_zerotensor()) {  // a gradient of zeros without memory of its own
    if (static_cast<size_t>(source.nbytes()) != elements.bytes) throw wrong_size(source, elements);
    std::memset(elements.data, 0, elements.bytes);
    return nullptr;
  }
  const at::Tensor dense = source.detach().resolve_conj().resolve_neg().cpu().contiguous();
  if (dense.nbytes() != elements.bytes) throw wrong_size(dense, elements);
  if (elements.bytes > 0) std::memcpy(elements.data, dense.const_data_ptr(), elements.bytes);
  return nullptr;
}

napi_value item(Environment& self, napi_env env, size_t, napi_value* argv) {
  const at::Tensor& tensor = tensor_at(self, argv[0]);
  if (tensor.is_meta()) throw BadArgument("a tensor on the meta device has no data");
  if (tensor.numel() != 1) throw BadArgument("expected one element, got " + describe(tensor));
  return from_scalar(env, tensor.item());
}

napi_value shape(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_ints(env, tensor_at(self, argv[0]).sizes());
}

napi_value stride(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_ints(env, tensor_at(self, argv[0]).strides());
}

napi_value numel(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_int64(env, tensor_at(self, argv[0]).numel());
}

napi_value dim(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_int64(env, tensor_at(self, argv[0]).dim());
}

napi_value dtype(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_string(env, dtype_name(tensor_at(self, argv[0]).scalar_type()));
}

napi_value device(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_string(env, tensor_at(self, argv[0]).device().str());
}

napi_value layout(Environment& self, napi_env env, size_t, napi_value* argv) {
  std::string name = c10::str(tensor_at(self, argv[0]).layout());  // `SparseCsr`
  std::string snake;
  for (const char letter : name) {
    if (letter >= 'A' && letter <= 'Z') {
      if (!snake.empty()) snake += '_';
      snake += static_cast<char>(letter - 'A' + 'a');
    } else {
      snake += letter;
    }
  }
  return from_string(env, snake == "sparse" ? "sparse_coo" : snake);
}

napi_value requires_grad(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_bool(env, tensor_at(self, argv[0]).requires_grad());
}

napi_value set_requires_grad(Environment& self, napi_env env, size_t, napi_value* argv) {
  const at::Tensor& tensor = tensor_at(self, argv[0]);
  const bool on = to_bool(env, argv[1]);
  const auto type = tensor.scalar_type();
  if (on && !c10::isFloatingType(type) && !c10::isComplexType(type)) {
    throw BadArgument(std::string("only floating-point and complex tensors can require gradients, got ") + dtype_name(type));
  }
  if (!on && !tensor.is_leaf()) {
    throw BadArgument("only a leaf can stop requiring gradients; use detach() for a tensor that was computed");
  }
  tensor.set_requires_grad(on);
  return nullptr;
}

napi_value is_leaf(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_bool(env, tensor_at(self, argv[0]).is_leaf());
}

napi_value retain_grad(Environment& self, napi_env, size_t, napi_value* argv) {
  tensor_at(self, argv[0]).retain_grad();
  return nullptr;
}

napi_value get_grad(Environment& self, napi_env, size_t, napi_value* argv) {
  return from_tensor(self, tensor_at(self, argv[0]).grad());
}

napi_value has_grad(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_bool(env, tensor_at(self, argv[0]).grad().defined());
}

napi_value set_grad(Environment& self, napi_env env, size_t, napi_value* argv) {
  const at::Tensor& tensor = tensor_at(self, argv[0]);
  if (is_missing(env, argv[1])) {
    tensor.mutable_grad().reset();
    return nullptr;
  }
  const at::Tensor& grad = tensor_at(self, argv[1]);
  if (!grad.sizes().equals(tensor.sizes()) || grad.scalar_type() != tensor.scalar_type() || grad.device() != tensor.device()) {
    throw BadArgument("the gradient of " + describe(tensor) + " cannot be " + describe(grad));
  }
  tensor.mutable_grad() = grad;
  return nullptr;
}

/** gradFunction(handle): the name of the node that made the tensor, or null for a leaf */
napi_value grad_function(Environment& self, napi_env env, size_t, napi_value* argv) {
  const auto& node = tensor_at(self, argv[0]).grad_fn();
  return node ? from_string(env, node->name()) : null(env);
}

/** duplicate(handle): a second handle on the same storage, cut from the graph */
napi_value duplicate(Environment& self, napi_env, size_t, napi_value* argv) {
  return from_tensor(self, tensor_at(self, argv[0]).detach());
}

/** sharesStorage(a, b) */
napi_value shares_storage(Environment& self, napi_env env, size_t, napi_value* argv) {
  const at::Tensor& a = tensor_at(self, argv[0]);
  const at::Tensor& b = tensor_at(self, argv[1]);
  return from_bool(env, a.has_storage() && b.has_storage() && a.is_alias_of(b));
}

}  // namespace

void define_tensors(napi_env env, napi_value exports) {
  define<from_bytes>(env, exports, "fromBytes");
  define<copy_bytes>(env, exports, "copyBytes");
  define<item>(env, exports, "item");
  define<shape>(env, exports, "shape");
  define<stride>(env, exports, "stride");
  define<numel>(env, exports, "numel");
  define<dim>(env, exports, "dim");
  define<dtype>(env, exports, "dtype");
  define<device>(env, exports, "device");
  define<layout>(env, exports, "layout");
  define<requires_grad>(env, exports, "requiresGrad");
  define<set_requires_grad>(env, exports, "setRequiresGrad");
  define<is_leaf>(env, exports, "isLeaf");
  define<retain_grad>(env, exports, "retainGrad");
  define<get_grad>(env, exports, "getGrad");
  define<has_grad>(env, exports, "hasGrad");
  define<set_grad>(env, exports, "setGrad");
  define<grad_function>(env, exports, "gradFunction");
  define<duplicate>(env, exports, "duplicate");
  define<shares_storage>(env, exports, "sharesStorage");
}

}  // namespace soo
