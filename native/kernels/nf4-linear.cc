#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "environment.h"
#include "kernels/nf4-bfloat16.h"
#include "kernels/nf4-panels.h"
#include "kernels/panel-rows.h"
#include "kernels/plain-tensor.h"
#include "kernels/registry.h"
#include "out-of-memory.h"
#include "values.h"

// The product with a frozen weight of four bits, and the gradient of what comes in: a panel of the weight becomes
// floats at a time, while its numbers are near.

namespace soo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/** The tensors of a weight, which the graph keeps alive. */
struct Held {
  at::Tensor codes, absmax, map, nested;
  float offset;
  int64_t out, in;

  Nf4Weight weight() const {
    const auto floats = [](const at::Tensor& tensor) {
      return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
    };
    const bool is_nested = map.defined();
    return {codes.const_data_ptr<uint8_t>(),
            {is_nested ? nullptr : floats(absmax), is_nested ? absmax.const_data_ptr<uint8_t>() : nullptr, floats(map),
             floats(nested), offset},
            out,
            in};
  }
};

at::Tensor few_rows(const at::Tensor& input, const Nf4Weight& weight) {
  auto shape = input.sizes().vec();
  const int64_t in = weight.in, out = weight.out, count = input.numel() / in;
  shape.back() = out;
  const at::Tensor output = at::empty(shape, input.options()), rows = input.contiguous(),
                   laid = at::empty({count, in}, input.options());
  for (int64_t row = 0; row < count; ++row)
    lay_nf4_input(rows.const_data_ptr<float>() + row * in, in, laid.mutable_data_ptr<float>() + row * in);
  on_threads((out + kPanel - 1) / kPanel,
             [&, from = laid.const_data_ptr<float>(), to = output.mutable_data_ptr<float>()](int64_t panel) {
               const int64_t first = panel * kPanel;
               multiply_nf4(from, count, weight, first, std::min(kPanel, out - first), to + first, out);
             });
  return output;
}

/** Rows [..., in] in float32 times panels that are laid out by `lay` as they are asked for: [..., out]. */
at::Tensor laid_product(const at::Tensor& input, const Nf4Weight& weight, int64_t in, int64_t out,
                        void (*lay)(const Nf4Weight&, int64_t panel, float* laid)) {
  const int64_t size = in * kPanel;
  return multiply_rows(input, out, c10::kFloat, kRowsOfLaidWeights,
                       [&](int64_t first, int64_t count, Scratch& scratch) {
                         float* laid = scratch.take(count * size);
                         for (int64_t i = 0; i < count; ++i) lay(weight, first + i, laid + i * size);
                         return Panels{first, count, laid, size, laid};
                       });
}

at::Tensor product(const at::Tensor& input, const Held& held) {
  const at::AutoDispatchBelowADInplaceOrView below;
  const Nf4Weight weight = held.weight();
  if (input.scalar_type() == c10::kBFloat16) return nf4_product_bfloat16(input, weight, false);
  const int64_t rows = input.numel() / weight.in;
  if (rows > 0 && rows <= kMostNf4Rows) return few_rows(input, weight);
  return laid_product(input, weight, weight.in, weight.out, lay_nf4_rows);
}

/** Rows [..., out] times the weight as it is: [..., in]. */
at::Tensor transposed_product(const at::Tensor& input, const Held& held) {
  const at::AutoDispatchBelowADInplaceOrView below;
  const Nf4Weight weight = held.weight();
  if (input.scalar_type() == c10::kBFloat16) return nf4_product_bfloat16(input, weight, true);
  return laid_product(input, weight, weight.out, weight.in, lay_nf4_columns);
}

at::Tensor linear(const at::Tensor& input, const Held& held);
at::Tensor transposed_linear(const at::Tensor& input, const Held& held);

/** The weight is no input of the graph's, as it has no gradient: it is held beside it. */
template <at::Tensor (*Product)(const at::Tensor&, const Held&), at::Tensor (*Back)(const at::Tensor&, const Held&)>
struct Nf4Function : torch::autograd::Function<Nf4Function<Product, Back>> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const Held& held) {
    context->saved_data["codes"] = held.codes;
    context->saved_data["absmax"] = held.absmax;
    if (held.map.defined()) context->saved_data["map"] = held.map;
    if (held.nested.defined()) context->saved_data["nested"] = held.nested;
    context->saved_data["offset"] = static_cast<double>(held.offset);
    context->saved_data["out"] = held.out;
    context->saved_data["in"] = held.in;
    return Product(input, held);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    auto& saved = context->saved_data;
    const bool is_nested = saved.count("map") > 0;
    const Held held{saved["codes"].toTensor(),
                    saved["absmax"].toTensor(),
                    is_nested ? saved["map"].toTensor() : at::Tensor(),
                    is_nested ? saved["nested"].toTensor() : at::Tensor(),
                    static_cast<float>(saved["offset"].toDouble()),
                    saved["out"].toInt(),
                    saved["in"].toInt()};
    return {Back(grads[0], held), at::Tensor()};
  }
};

bool records(const at::Tensor& input) { return at::GradMode::is_enabled() && input.requires_grad(); }

at::Tensor linear(const at::Tensor& input, const Held& held) {
  return records(input) ? Nf4Function<product, transposed_linear>::apply(input, held) : product(input, held);
}

at::Tensor transposed_linear(const at::Tensor& input, const Held& held) {
  return records(input) ? Nf4Function<transposed_product, linear>::apply(input, held) : transposed_product(input, held);
}

bool is_flat(const at::Tensor& tensor, c10::ScalarType dtype, int64_t count) {
  return tensor.defined() && is_plain(tensor, dtype, tensor.dim()) && tensor.is_contiguous() && tensor.numel() == count;
}

/** @throws BadArgument unless every byte that a product reads is there */
void require_weight(const Held& held) {
  const auto& [codes, absmax, map, nested, offset, out, in] = held;
  int64_t count = 0;
  if (out < 1 || in < 1 || __builtin_mul_overflow(out, in, &count))
    throw BadArgument("a weight is not [" + std::to_string(out) + ", " + std::to_string(in) + "]");
  const int64_t blocks = count / kNf4Block + (count % kNf4Block != 0);
  if (!is_flat(codes, c10::kByte, count / 2 + count % 2))
    throw BadArgument("expected codes uint8 of " + std::to_string(count) + " numbers, got " + describe(codes));
  const bool is_nested = map.defined();
  if (!is_flat(absmax, is_nested ? c10::kByte : c10::kFloat, blocks))
    throw BadArgument("expected magnitudes of " + std::to_string(blocks) + " blocks, got " + describe(absmax));
  if (!is_nested) return;
  if (!is_flat(map, c10::kFloat, 256)) throw BadArgument("expected a float32 map [256], got " + describe(map));
  if (!nested.defined() || !is_flat(nested, c10::kFloat, (blocks + kNestedBlock - 1) / kNestedBlock))
    throw BadArgument("expected a magnitude for every 256 of " + std::to_string(blocks) + " blocks");
}

/** Numbers of half precision are multiplied in pairs, of outputs too where a gradient is computed. */
bool has_product(c10::ScalarType dtype, int64_t out) {
  if (dtype == c10::kBFloat16) return has_nf4_bfloat16() && out % 2 == 0;
  return dtype == c10::kFloat && has_nf4_products();
}

at::Tensor optional_tensor(Environment& self, napi_value value) {
  return is_missing(self.env, value) ? at::Tensor() : self.tensors.get(to_double(self.env, value));
}

/**
 * nf4Linear(input [..., in], codes, magnitudes, map | null, nested | null, offset, out, in): [..., out]; null where
 * another way is meant: other dtypes and devices, rows that are not whole blocks, or a processor without AVX2
 */
Napi::Value nf4_linear(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor input = self.tensors.get(to_double(self.env, info[0]));
  const Held held{self.tensors.get(to_double(self.env, info[1])),
                  self.tensors.get(to_double(self.env, info[2])),
                  optional_tensor(self, info[3]),
                  optional_tensor(self, info[4]),
                  static_cast<float>(to_double(self.env, info[5])),
                  to_int64(self.env, info[6]),
                  to_int64(self.env, info[7])};
  const bool here = input.defined() && input.dim() >= 1 && is_plain(input, input.scalar_type(), input.dim()) &&
                    held.codes.defined() && held.codes.is_cpu();
  if (!here || !has_product(input.scalar_type(), held.out) || held.in % kNf4Block != 0) return self.env.Null();
  require_weight(held);
  if (input.size(-1) != held.in)
    throw BadArgument("expected an input [..., " + std::to_string(held.in) + "], got " + describe(input));
  return from_tensor(self, with_room(self, [&] { return linear(input, held); }));
}

const KernelFunctions kFunctions([](Napi::Object exports) { define<nf4_linear>(exports, "nf4Linear"); });

}  // namespace

}  // namespace soo
