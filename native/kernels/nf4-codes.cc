#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>

#include "environment.h"
#include "kernels/nf4.h"
#include "kernels/plain-tensor.h"
#include "kernels/registry.h"
#include "kernels/threads.h"
#include "kernels/wide.h"
#include "out-of-memory.h"
#include "values.h"

// Numbers to codes of four bits and back, and the magnitudes of blocks to codes of eight bits: the same bits as
// bitsandbytes' code for processors, step by step, rounding included.

namespace soo {

namespace {

/** Blocks that one thread takes at a time. */
constexpr int64_t kTogether = 256;
constexpr int64_t kLargestBlock = 4096;
/** bitsandbytes' stand-in for the magnitude of a block of zeros. */
constexpr float kLeast = 1e-38f;

constexpr std::array<float, 15> between_codes() {
  std::array<float, 15> bounds{};
  for (size_t i = 0; i < bounds.size(); ++i) bounds[i] = (kNf4[i] + kNf4[i + 1]) / 2;
  return bounds;
}

constexpr std::array<float, 15> kBounds = between_codes();

int64_t blocks_of(int64_t count, int64_t block) { return (count + block - 1) / block; }

bool is_block(int64_t size) { return size >= 32 && size <= kLargestBlock && (size & (size - 1)) == 0; }

/** The largest magnitude; infinite or NaN where a number is. */
SOO_WIDE float largest_of(const float* values, int64_t count) {
  // Magnitudes are in the order of their bits, with NaN behind infinity; and a largest integer is found by registers.
  int32_t largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    int32_t bits;
    std::memcpy(&bits, values + i, sizeof bits);
    largest = std::max(largest, bits & 0x7fffffff);
  }
  return std::bit_cast<float>(largest);
}

/** Codes of numbers within [-1, 1]: how many bounds lie below each. */
SOO_WIDE void codes_of(const float* scaled, int64_t count, int32_t* codes) {
  std::fill_n(codes, count, 0);
  // Bounds outside, so that a register takes several numbers at a time.
  for (const float bound : kBounds) {
    for (int64_t i = 0; i < count; ++i) codes[i] += bound < scaled[i] ? 1 : 0;
  }
}

SOO_WIDE void scale_by(float* values, int64_t count, float factor) {
  for (int64_t i = 0; i < count; ++i) values[i] = std::min(1.0f, std::max(-1.0f, values[i] * factor));
}

void divide_by(float* values, int64_t count, float divisor) {
  for (int64_t i = 0; i < count; ++i) values[i] = std::min(1.0f, std::max(-1.0f, values[i] / divisor));
}

/**
 * Quantises one block.
 * @param values overwritten
 * @param codes two to a byte; an odd last one is joined by the code of 0
 * @returns the largest magnitude
 */
float quantise_block(float* values, int64_t count, int64_t block, uint8_t* codes) {
  const float largest = largest_of(values, count);
  const float divisor = std::max(largest, kLeast);
  // A last block that is not whole is divided, and the others are multiplied, as bitsandbytes does it.
  if (count == block)
    scale_by(values, count, 1.0f / divisor);
  else
    divide_by(values, count, divisor);
  if (count % 2 != 0) values[count] = 0;
  int32_t each[kLargestBlock];
  codes_of(values, (count + 1) / 2 * 2, each);
  for (int64_t i = 0; i < count; i += 2) codes[i / 2] = static_cast<uint8_t>(each[i] << 4 | each[i + 1]);
  return count == block ? largest : divisor;
}

template <class From>
void to_floats(const void* from, int64_t first, int64_t count, float* to) {
  const From* values = static_cast<const From*>(from) + first;
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(values[i]);
}

using ToFloats = void (*)(const void*, int64_t, int64_t, float*);

ToFloats reader_of(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::kFloat:
      return to_floats<float>;
    case c10::kBFloat16:
      return to_floats<c10::BFloat16>;
    case c10::kHalf:
      return to_floats<c10::Half>;
    default:
      return nullptr;
  }
}

int64_t block_size(Environment& self, napi_value value) {
  const int64_t block = to_int64(self.env, value);
  if (!is_block(block)) throw BadArgument("a block has 32, 64, ... or 4096 numbers, got " + std::to_string(block));
  return block;
}

/** nf4Quantise(weight, block): [codes uint8 [ceil(numel / 2), 1], largest magnitudes float32 [blocks]] */
Napi::Value nf4_quantise(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor weight = self.tensors.get(to_double(self.env, info[0]));
  const int64_t block = block_size(self, info[1]);
  const ToFloats read = weight.defined() ? reader_of(weight.scalar_type()) : nullptr;
  if (read == nullptr || !is_plain(weight, weight.scalar_type(), weight.dim()) || weight.numel() == 0) {
    throw BadArgument("expected a float32, bfloat16 or float16 weight on the processor, got " + describe(weight));
  }
  const at::AutoDispatchBelowADInplaceOrView below;
  const int64_t count = weight.numel(), blocks = blocks_of(count, block);
  const at::Tensor numbers = with_room(self, [&] { return weight.contiguous(); }),
                   codes = with_room(self, [&] { return at::empty({(count + 1) / 2, 1}, at::kByte); }),
                   absmax = with_room(self, [&] { return at::empty({blocks}, at::kFloat); });
  std::atomic<bool> finite = true;
  on_threads(blocks_of(blocks, kTogether), [&, from = numbers.const_data_ptr(), to = codes.mutable_data_ptr<uint8_t>(),
                                            largest = absmax.mutable_data_ptr<float>()](int64_t group) {
    float values[kLargestBlock];
    for (int64_t i = group * kTogether; i < std::min(blocks, (group + 1) * kTogether); ++i) {
      const int64_t first = i * block, size = std::min(block, count - first);
      read(from, first, size, values);
      largest[i] = quantise_block(values, size, block, to + first / 2);
      if (!std::isfinite(largest[i])) finite = false;
    }
  });
  if (!finite) throw BadArgument("the weight holds NaN or infinity, which four bits have no code for");
  return from_tensors(self, {codes, absmax});
}

/**
 * bitsandbytes' way from a number of [-1, 1] to the nearest entry of a map: 65,536 steps, for each of which the entry
 * is written down.
 */
class NearestEntry {
 public:
  explicit NearestEntry(const float* map) : entries_(kSteps) {
    int64_t entry = 0;
    for (int64_t step = 0; step < kSteps; ++step) {
      const float value = -1.0f + (2.0f * static_cast<float>(step)) / (kSteps - 1);
      while (entry < kEntries - 1 && 0.5f * (map[entry] + map[entry + 1]) < value) ++entry;
      entries_[step] = static_cast<uint8_t>(entry);
    }
  }

  uint8_t operator()(float value) const {
    const float clamped = std::min(1.0f, std::max(-1.0f, value));
    // In one rounding, as their compiled code has it.
    return entries_[static_cast<size_t>(std::fma((clamped + 1.0f) * 0.5f, float(kSteps - 1), 0.5f))];
  }

  static constexpr int64_t kEntries = 256;

 private:
  static constexpr int64_t kSteps = 65536;
  std::vector<uint8_t> entries_;
};

/** blockQuantise(values float32 [count], map float32 [256], block): [codes uint8 [count], magnitudes float32 [blocks]]
 */
Napi::Value block_quantise(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor values = self.tensors.get(to_double(self.env, info[0])),
                   map = self.tensors.get(to_double(self.env, info[1]));
  const int64_t block = block_size(self, info[2]);
  if (!is_plain(values, c10::kFloat, 1) || values.numel() == 0 || !values.is_contiguous())
    throw BadArgument("expected float32 numbers [count] on the processor, got " + describe(values));
  if (!is_plain(map, c10::kFloat, 1) || map.numel() != NearestEntry::kEntries || !map.is_contiguous())
    throw BadArgument("expected a float32 map [256] on the processor, got " + describe(map));
  const at::AutoDispatchBelowADInplaceOrView below;
  const int64_t count = values.numel(), blocks = blocks_of(count, block);
  const at::Tensor codes = with_room(self, [&] { return at::empty({count}, at::kByte); }),
                   absmax = with_room(self, [&] { return at::empty({blocks}, at::kFloat); });
  const auto* from = values.const_data_ptr<float>();
  auto* to = codes.mutable_data_ptr<uint8_t>();
  auto* largest = absmax.mutable_data_ptr<float>();
  const NearestEntry nearest(map.const_data_ptr<float>());
  for (int64_t i = 0; i < blocks; ++i) {
    const int64_t first = i * block, size = std::min(block, count - first);
    largest[i] = largest_of(from + first, size);
    if (!std::isfinite(largest[i])) throw BadArgument("the numbers hold NaN or infinity, which no code stands for");
    const float factor = 1.0f / largest[i];
    for (int64_t k = first; k < first + size; ++k) to[k] = largest[i] == 0 ? 0 : nearest(from[k] * factor);
  }
  return from_tensors(self, {codes, absmax});
}

template <class To>
void dequantise_block(const uint8_t* codes, int64_t count, float absmax, void* to, int64_t first) {
  To* numbers = static_cast<To*>(to) + first;
  float values[16];
  for (size_t i = 0; i < kNf4.size(); ++i) values[i] = kNf4[i] * absmax;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t both = codes[i / 2];
    numbers[i] = static_cast<To>(values[i % 2 == 0 ? both >> 4 : both & 15]);
  }
}

using Dequantise = void (*)(const uint8_t*, int64_t, float, void*, int64_t);

Dequantise writer_of(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::kFloat:
      return dequantise_block<float>;
    case c10::kBFloat16:
      return dequantise_block<c10::BFloat16>;
    case c10::kHalf:
      return dequantise_block<c10::Half>;
    default:
      throw BadArgument(std::string("four bits become float32, bfloat16 or float16, not ") + dtype_name(dtype));
  }
}

int64_t count_of(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count))
      throw BadArgument("the shape [" + c10::Join(", ", shape) + "] is impossible");
  }
  return count;
}

/** nf4Dequantise(codes uint8, magnitudes float32 [blocks], shape, block, dtype) */
Napi::Value nf4_dequantise(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor codes = self.tensors.get(to_double(self.env, info[0])),
                   absmax = self.tensors.get(to_double(self.env, info[1]));
  const std::vector<int64_t> shape = to_int_list(self.env, info[2]);
  const int64_t count = count_of(shape), block = block_size(self, info[3]), blocks = blocks_of(count, block);
  const c10::ScalarType dtype = to_dtype(self.env, info[4]);
  const Dequantise write = writer_of(dtype);
  if (!codes.defined() || !is_plain(codes, c10::kByte, codes.dim()) || !codes.is_contiguous() ||
      codes.numel() != count / 2 + count % 2) {
    throw BadArgument("expected codes uint8 of " + std::to_string(count) + " numbers, got " + describe(codes));
  }
  if (!is_plain(absmax, c10::kFloat, 1) || !absmax.is_contiguous() || absmax.numel() != blocks) {
    throw BadArgument("expected float32 magnitudes of " + std::to_string(blocks) + " blocks, got " + describe(absmax));
  }
  const at::AutoDispatchBelowADInplaceOrView below;
  const at::Tensor numbers = with_room(self, [&] { return at::empty(shape, dtype); });
  on_threads(blocks_of(blocks, kTogether),
             [&, from = codes.const_data_ptr<uint8_t>(), scales = absmax.const_data_ptr<float>(),
              to = numbers.mutable_data_ptr()](int64_t group) {
               for (int64_t i = group * kTogether; i < std::min(blocks, (group + 1) * kTogether); ++i) {
                 const int64_t first = i * block;
                 write(from + first / 2, std::min(block, count - first), scales[i], to, first);
               }
             });
  return from_tensor(self, numbers);
}

const KernelFunctions kFunctions([](Napi::Object exports) {
  define<nf4_quantise>(exports, "nf4Quantise");
  define<block_quantise>(exports, "blockQuantise");
  define<nf4_dequantise>(exports, "nf4Dequantise");
});

}  // namespace

}  // namespace soo
