#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "environment.h"
#include "kernels/avx2.h"
#include "kernels/cached-attention.h"
#include "kernels/plain-tensor.h"
#include "kernels/prompt-attention.h"
#include "kernels/registry.h"
#include "kernels/threads.h"
#include "out-of-memory.h"
#include "values.h"

// What JavaScript passes for cached-attention.h.

namespace soo {

namespace {

/** [rows, heads, positions, size] of which each vector lies in one piece */
bool is_heads(const at::Tensor& tensor, c10::ScalarType dtype) {
  return is_plain(tensor, dtype, 4) && (tensor.size(3) == 1 || tensor.stride(3) == 1) &&
         !(at::GradMode::is_enabled() && tensor.requires_grad());
}

bool fit(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  return key.sizes() == value.sizes() && query.size(0) == key.size(0) && query.size(3) == key.size(3) &&
         query.numel() > 0 && key.size(1) > 0 && query.size(1) % key.size(1) == 0 && query.size(3) % kLanes == 0;
}

bool is_mask(const at::Tensor& mask, const at::Tensor& key) {
  return is_plain(mask, c10::kBool, 4) && mask.size(0) == key.size(0) && mask.size(1) == 1 && mask.size(2) == 1 &&
         mask.size(3) == key.size(2);
}

template <class T>
Vectors<T> vectors(const at::Tensor& heads, int64_t row, int64_t head, int64_t stride) {
  return {heads.const_data_ptr<T>() + row * heads.stride(0) + head * heads.stride(1), stride};
}

/** softmax(query · keysᵀ / sqrt(size)) · values in float32, [rows, heads, 1, size], of a cache of T */
template <class T>
at::Tensor attend_rows(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                       const at::Tensor& mask) {
  const at::Tensor output = at::empty(query.sizes(), query.options());
  const int64_t kv_heads = key.size(1), queries = query.size(1) / kv_heads, size = query.size(3);
  const int64_t groups = key.size(0) * kv_heads;
  on_threads(groups, [&, to = output.mutable_data_ptr<float>()](int64_t at) {
    const int64_t row = at / kv_heads, head = at % kv_heads, next = std::min(at + 1, groups - 1);
    const auto place = [&](const at::Tensor& x, int64_t group) {
      return vectors<T>(x, group / kv_heads, group % kv_heads, x.stride(2));
    };
    const bool* seen = mask.defined() ? mask.const_data_ptr<bool>() + row * mask.stride(0) : nullptr;
    const int64_t seen_stride = mask.defined() ? mask.stride(3) : 0;
    attend({vectors<float>(query, row, head * queries, query.stride(1)), place(key, at), place(value, at), queries,
            key.size(2), size, seen, seen_stride, place(key, next), place(value, next)},
           to + at * queries * size);
  });
  return output;
}

/**
 * cachedAttention(query [rows, heads, 1, size], key and value [rows, kvHeads, positions, size], mask [rows, 1, 1,
 * positions] or null): [rows, heads, 1, size], without a graph; null where something is of another kind or the
 * processor lacks AVX2
 */
Napi::Value cached_attention(Environment& self, const Napi::CallbackInfo& info) {
  const auto tensor = [&](size_t i) { return self.tensors.get(to_double(self.env, info[i])); };
  const at::Tensor query = tensor(0), key = tensor(1), value = tensor(2);
  const at::Tensor mask = is_missing(self.env, info[3]) ? at::Tensor() : tensor(3);
  const bool rounds = query.scalar_type() == c10::kBFloat16;
  const c10::ScalarType dtype = rounds ? c10::kBFloat16 : c10::kFloat;
  const bool heads = is_heads(query, dtype) && is_heads(key, dtype) && is_heads(value, dtype);
  if (!has_cached_attention() || !heads || query.size(2) != 1 || !fit(query, key, value)) return self.env.Null();
  if (mask.defined() && !is_mask(mask, key)) return self.env.Null();
  const at::AutoDispatchBelowADInplaceOrView below;
  if (!rounds) return from_tensor(self, attend_rows<float>(query, key, value, mask));
  const at::Tensor wide = attend_rows<c10::BFloat16>(query.to(c10::kFloat), key, value, mask);
  return from_tensor(self, wide.to(dtype));
}

/** bool [rows or 1, 1, queries, positions] of which each row lies in one piece */
bool is_prompt_mask(const at::Tensor& mask, const at::Tensor& query, const at::Tensor& key) {
  return is_plain(mask, c10::kBool, 4) && (mask.size(0) == query.size(0) || mask.size(0) == 1) && mask.size(1) == 1 &&
         mask.size(2) == query.size(2) && mask.size(3) == key.size(2) && mask.stride(3) == 1;
}

at::Tensor attend_prompts(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                          const at::Tensor& mask) {
  const at::Tensor output = at::empty(query.sizes(), query.options());
  const int64_t kv_heads = key.size(1), heads = query.size(1) / kv_heads, count = query.size(2), size = query.size(3);
  on_threads(key.size(0) * kv_heads, [&, to = output.mutable_data_ptr<float>()](int64_t at) {
    const int64_t row = at / kv_heads, head = at % kv_heads;
    const bool* seen =
        mask.defined() ? mask.const_data_ptr<bool>() + (mask.size(0) == 1 ? 0 : row * mask.stride(0)) : nullptr;
    Scratch scratch;
    attend_prompt({vectors<float>(query, row, head * heads, 0).data, heads, count, query.stride(2), query.stride(1),
                   vectors<float>(key, row, head, key.stride(2)), vectors<float>(value, row, head, value.stride(2)),
                   key.size(2), size, seen, mask.defined() ? mask.stride(2) : 0},
                  scratch, to + at * heads * count * size);
  });
  return output;
}

/**
 * promptAttention(query [rows, heads, queries, size], key and value [rows, kvHeads, positions, size], mask [rows or 1,
 * 1, queries, positions], or null where a query looks at what is not after it): [rows, heads, queries, size], without a
 * graph; null where something is of another kind or the processor lacks AVX2
 */
Napi::Value prompt_attention(Environment& self, const Napi::CallbackInfo& info) {
  const auto tensor = [&](size_t i) { return self.tensors.get(to_double(self.env, info[i])); };
  const at::Tensor query = tensor(0), key = tensor(1), value = tensor(2);
  const at::Tensor mask = is_missing(self.env, info[3]) ? at::Tensor() : tensor(3);
  const c10::ScalarType dtype = query.scalar_type() == c10::kBFloat16 ? c10::kBFloat16 : c10::kFloat;
  const bool heads = is_heads(query, dtype) && is_heads(key, dtype) && is_heads(value, dtype);
  if (!has_cached_attention() || !heads || !fit(query, key, value) || query.size(2) > key.size(2))
    return self.env.Null();
  if (mask.defined() && !is_prompt_mask(mask, query, key)) return self.env.Null();
  const at::AutoDispatchBelowADInplaceOrView below;
  return from_tensor(self, with_room(self, [&] {
                       const at::Tensor wide =
                           attend_prompts(query.to(c10::kFloat), key.to(c10::kFloat), value.to(c10::kFloat), mask);
                       return wide.to(dtype);
                     }));
}

const KernelFunctions kFunctions([](Napi::Object exports) {
  define<cached_attention>(exports, "cachedAttention");
  define<prompt_attention>(exports, "promptAttention");
});

}  // namespace

}  // namespace soo
