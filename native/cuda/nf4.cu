// Codes of four bits to numbers on a GPU, in one pass over memory; the product is cuBLAS' then. A library of its own,
// built where nvcc is (scripts/compile-cuda.js) and opened before the addon, which takes operators where it is missing.

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <algorithm>

#include "cuda/nf4.h"

namespace {

constexpr int kThreads = 256;
/** Each thread goes on over the rest. */
constexpr int64_t kMostBlocks = 65535;

struct Values {
  float of[16];
};

__device__ void write(float* to, float value) { *to = value; }
__device__ void write(__nv_bfloat16* to, float value) { *to = __float2bfloat16_rn(value); }
__device__ void write(__half* to, float value) { *to = __float2half_rn(value); }

/** A thread takes a byte: both its numbers are of one block, as blocks hold 32 or more. */
template <class Number>
__global__ void dequantise(const uint8_t* codes, const float* absmax, Values values, Number* numbers, int64_t count,
                           int shift) {
  __shared__ float table[16];
  if (threadIdx.x < 16) table[threadIdx.x] = values.of[threadIdx.x];
  __syncthreads();
  const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t byte = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; byte * 2 < count; byte += step) {
    const uint8_t both = codes[byte];
    const float scale = absmax[byte * 2 >> shift];
    // Rounded once more than a fused product would be, as on the processor.
    write(numbers + byte * 2, __fmul_rn(table[both >> 4], scale));
    if (byte * 2 + 1 < count) write(numbers + byte * 2 + 1, __fmul_rn(table[both & 15], scale));
  }
}

template <class Number>
void launch(const uint8_t* codes, const float* absmax, const Values& values, void* numbers, int64_t count, int shift,
            cudaStream_t stream) {
  const int64_t bytes = (count + 1) / 2, blocks = std::min(kMostBlocks, (bytes + kThreads - 1) / kThreads);
  dequantise<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(codes, absmax, values,
                                                                     static_cast<Number*>(numbers), count, shift);
}

}  // namespace

extern "C" const char* soo_nf4_dequantise(const uint8_t* codes, const float* absmax, const float* values, void* numbers,
                                          int64_t count, int shift, SooNf4Type type, void* stream) {
  if (count <= 0) return nullptr;
  Values table;
  std::copy_n(values, 16, table.of);
  const auto on = static_cast<cudaStream_t>(stream);
  switch (type) {
    case kSooFloat32:
      launch<float>(codes, absmax, table, numbers, count, shift, on);
      break;
    case kSooBFloat16:
      launch<__nv_bfloat16>(codes, absmax, table, numbers, count, shift, on);
      break;
    case kSooFloat16:
      launch<__half>(codes, absmax, table, numbers, count, shift, on);
      break;
  }
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}
