#pragma once

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>

namespace soo {

/** Calls `work` with every number below `count`, on libtorch's threads: only its compiled loops reach them. */
template <class Work>
void on_threads(int64_t count, const Work& work) {
  if (at::get_num_threads() == 1) {
    for (int64_t i = 0; i < count; ++i) work(i);
    return;
  }
  const at::Tensor numbers = at::arange(count, at::kLong), unused = at::empty_like(numbers);
  auto iterator = at::TensorIteratorConfig().add_output(unused).add_const_input(numbers).build();
  iterator.for_each(
      [&](char** data, const int64_t* strides, int64_t size) {
        for (int64_t i = 0; i < size; ++i) work(*reinterpret_cast<const int64_t*>(data[1] + i * strides[1]));
      },
      1);
}

}  // namespace soo
