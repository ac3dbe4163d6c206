#include <ATen/ATen.h>
#include <ATen/ScalarOps.h>
#include <c10/core/ScalarType.h>
#include <torch/csrc/autograd/function.h>

#include <algorithm>
#include <cstring>

#include "environment.h"
#include "layout.h"
#include "out-of-memory.h"
#include "values.h"

namespace soo {

namespace {

const at::Tensor& tensor_at(Environment& self, napi_value value) {
  return self.tensors.get(to_double(self.env, value));
}

struct Elements {
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

Elements to_elements(const Napi::Value& value) {
  if (!value.IsTypedArray()) throw BadArgument("expected a typed array");
  // A typed array's own class tells where its elements begin.
  auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ElementLength() * element_size(array.TypedArrayType())};
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
Napi::Value from_bytes(Environment& self, const Napi::CallbackInfo& info) {
  const c10::ScalarType dtype = to_dtype(self.env, info[1]);
  if (c10::isQIntType(dtype)) throw BadArgument("a quantised dtype cannot be made from bytes");
  const std::vector<int64_t> shape = to_int_list(self.env, info[2]);
  const Elements elements = to_elements(info[0]);  // last: reading the shape may run code that takes the array's memory
  size_t wanted = 0;
  const bool too_large = __builtin_mul_overflow(static_cast<size_t>(count_of(shape)), c10::elementSize(dtype), &wanted);
  if (too_large || wanted != elements.bytes) {
    throw BadArgument("shape [" + c10::Join(", ", shape) + "] of " + dtype_name(dtype) + " takes " +
                      std::to_string(wanted) + " bytes, got " + std::to_string(elements.bytes));
  }
  at::Tensor tensor = with_room(self, [&] { return at::empty(shape, at::TensorOptions().dtype(dtype)); });
  if (wanted > 0) std::memcpy(tensor.mutable_data_ptr(), elements.data, wanted);
  if (dtype == c10::kBool) {  // any other byte would not be a bool of C++
    auto* bytes = static_cast<uint8_t*>(tensor.mutable_data_ptr());
    std::transform(bytes, bytes + wanted, bytes, [](uint8_t byte) { return byte != 0; });
  }
  return from_tensor(self, std::move(tensor));
}

BadArgument wrong_size(const at::Tensor& tensor, const Elements& elements) {
  return BadArgument("the array has " + std::to_string(elements.bytes) + " bytes, the tensor " +
                     std::to_string(tensor.nbytes()));
}

/** copyBytes(handle, typed array): the tensor's elements in row-major order; the array must have their size */
Napi::Value copy_bytes(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor& source = tensor_at(self, info[0]);
  const Elements elements = to_elements(info[1]);
  if (source.layout() != c10::kStrided) throw BadArgument("the tensor is sparse: call toDense() first");
  if (!source.has_storage() || source.is_meta()) throw BadArgument("a tensor on the meta device has no data");
  if (source.is_quantized()) throw BadArgument("the tensor is quantised: call dequantize() or intRepr() first");
  if (source._is_zerotensor()) {  // a gradient of zeros without memory of its own
    if (static_cast<size_t>(source.nbytes()) != elements.bytes) throw wrong_size(source, elements);
    std::memset(elements.data, 0, elements.bytes);
    return {};
  }
  const at::Tensor dense = source.detach().resolve_conj().resolve_neg().cpu().contiguous();
  if (dense.nbytes() != elements.bytes) throw wrong_size(dense, elements);
  if (elements.bytes > 0) std::memcpy(elements.data, dense.const_data_ptr(), elements.bytes);
  return {};
}

/** numberTensor(number): a tensor without dimensions that counts as a number where dtypes are promoted */
Napi::Value number_tensor(Environment& self, const Napi::CallbackInfo& info) {
  at::Tensor tensor = c10::scalar_to_tensor(to_scalar(self.env, info[0]));
  tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return from_tensor(self, std::move(tensor));
}

Napi::Value item(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = tensor_at(self, info[0]);
  if (tensor.is_meta()) throw BadArgument("a tensor on the meta device has no data");
  if (tensor.numel() != 1) throw BadArgument("expected one element, got " + describe(tensor));
  return from_scalar(self.env, tensor.item());
}

Napi::Value shape(Environment& self, const Napi::CallbackInfo& info) {
  return from_ints(self.env, tensor_at(self, info[0]).sizes());
}

Napi::Value stride(Environment& self, const Napi::CallbackInfo& info) {
  return from_ints(self.env, tensor_at(self, info[0]).strides());
}

Napi::Value numel(Environment& self, const Napi::CallbackInfo& info) {
  return from_int64(self.env, tensor_at(self, info[0]).numel());
}

Napi::Value dim(Environment& self, const Napi::CallbackInfo& info) {
  return from_int64(self.env, tensor_at(self, info[0]).dim());
}

Napi::Value dtype(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::String::New(self.env, dtype_name(tensor_at(self, info[0]).scalar_type()));
}

Napi::Value device(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::String::New(self.env, tensor_at(self, info[0]).device().str());
}

Napi::Value layout(Environment& self, const Napi::CallbackInfo& info) {
  std::string name = c10::str(tensor_at(self, info[0]).layout());  // `SparseCsr`
  std::string snake;
  for (const char letter : name) {
    if (letter >= 'A' && letter <= 'Z') {
      if (!snake.empty()) snake += '_';
      snake += static_cast<char>(letter - 'A' + 'a');
    } else {
      snake += letter;
    }
  }
  return Napi::String::New(self.env, snake == "sparse" ? "sparse_coo" : snake);
}

Napi::Value requires_grad(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(self.env, tensor_at(self, info[0]).requires_grad());
}

Napi::Value set_requires_grad(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = tensor_at(self, info[0]);
  const bool on = to_bool(self.env, info[1]);
  const auto type = tensor.scalar_type();
  if (on && !c10::isFloatingType(type) && !c10::isComplexType(type)) {
    throw BadArgument(std::string("only floating-point and complex tensors can require gradients, got ") +
                      dtype_name(type));
  }
  if (!on && !tensor.is_leaf()) {
    throw BadArgument("only a leaf can stop requiring gradients; use detach() for a tensor that was computed");
  }
  tensor.set_requires_grad(on);
  return {};
}

Napi::Value is_leaf(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(self.env, tensor_at(self, info[0]).is_leaf());
}

Napi::Value retain_grad(Environment& self, const Napi::CallbackInfo& info) {
  tensor_at(self, info[0]).retain_grad();
  return {};
}

Napi::Value get_grad(Environment& self, const Napi::CallbackInfo& info) {
  return from_tensor(self, tensor_at(self, info[0]).grad());
}

Napi::Value has_grad(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(self.env, tensor_at(self, info[0]).grad().defined());
}

Napi::Value set_grad(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = tensor_at(self, info[0]);
  if (is_missing(self.env, info[1])) {
    tensor.mutable_grad().reset();
    return {};
  }
  const at::Tensor& grad = tensor_at(self, info[1]);
  if (!grad.sizes().equals(tensor.sizes()) || grad.scalar_type() != tensor.scalar_type() ||
      grad.device() != tensor.device()) {
    throw BadArgument("the gradient of " + describe(tensor) + " cannot be " + describe(grad));
  }
  tensor.mutable_grad() = grad;
  return {};
}

/** gradFunction(handle): the name of the node that made the tensor, or null for a leaf */
Napi::Value grad_function(Environment& self, const Napi::CallbackInfo& info) {
  const auto& node = tensor_at(self, info[0]).grad_fn();
  return node ? Napi::String::New(self.env, node->name()) : self.env.Null();
}

/** duplicate(handle): a second handle on the same storage, cut from the graph */
Napi::Value duplicate(Environment& self, const Napi::CallbackInfo& info) {
  return from_tensor(self, tensor_at(self, info[0]).detach());
}

/** sharesStorage(a, b) */
Napi::Value shares_storage(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor& a = tensor_at(self, info[0]);
  const at::Tensor& b = tensor_at(self, info[1]);
  return Napi::Boolean::New(self.env, a.has_storage() && b.has_storage() && a.is_alias_of(b));
}

/** version(handle): how often the tensor was changed in place; null where libtorch does not count, in inference mode */
Napi::Value version(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = tensor_at(self, info[0]);
  return tensor.is_inference() ? self.env.Null() : from_int64(self.env, tensor._version());
}

/** isSame(a, b): whether both are the same elements of the same memory, in the same order */
Napi::Value is_same(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor& a = tensor_at(self, info[0]);
  const at::Tensor& b = tensor_at(self, info[1]);
  const bool same = a.has_storage() && b.has_storage() && a.is_alias_of(b) && a.scalar_type() == b.scalar_type() &&
                    a.storage_offset() == b.storage_offset() && a.sizes() == b.sizes() && a.strides() == b.strides();
  return Napi::Boolean::New(self.env, same);
}

/** lieAlike(a, b): whether one shape's numbers lie in the same order in both */
Napi::Value lie_alike_in_memory(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(self.env, lie_alike(tensor_at(self, info[0]), tensor_at(self, info[1])));
}

}  // namespace

void define_tensors(Napi::Object exports) {
  define<from_bytes>(exports, "fromBytes");
  define<copy_bytes>(exports, "copyBytes");
  define<number_tensor>(exports, "numberTensor");
  define<item>(exports, "item");
  define<shape>(exports, "shape");
  define<stride>(exports, "stride");
  define<numel>(exports, "numel");
  define<dim>(exports, "dim");
  define<dtype>(exports, "dtype");
  define<device>(exports, "device");
  define<layout>(exports, "layout");
  define<requires_grad>(exports, "requiresGrad");
  define<set_requires_grad>(exports, "setRequiresGrad");
  define<is_leaf>(exports, "isLeaf");
  define<retain_grad>(exports, "retainGrad");
  define<get_grad>(exports, "getGrad");
  define<has_grad>(exports, "hasGrad");
  define<set_grad>(exports, "setGrad");
  define<grad_function>(exports, "gradFunction");
  define<duplicate>(exports, "duplicate");
  define<shares_storage>(exports, "sharesStorage");
  define<version>(exports, "version");
  define<is_same>(exports, "isSame");
  define<lie_alike_in_memory>(exports, "lieAlike");
}

}  // namespace soo
