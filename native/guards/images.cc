#include "guards/guarded-arguments.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>

// What the operators on images take for granted: pooling, padding, sampling, resizing.

namespace soo {

namespace {

using Arguments = GuardedArguments;

int64_t product(const std::vector<int64_t>& sizes, size_t from) {
  int64_t result = 1;
  for (size_t i = from; i < sizes.size(); ++i) result *= sizes[i];
  return result;
}

/** Two tensors of an image and its gradient differ in the last `spatial` dimensions only. */
void same_images(const Arguments& a, const char* grad, const char* image, int64_t spatial) {
  a.dims(image, spatial + 1, spatial + 2);
  const auto outer = sizes_of(a, grad), inner = sizes_of(a, image);
  const bool fits = outer.size() == inner.size() && std::equal(inner.begin(), inner.end() - spatial, outer.begin());
  require(fits, "'", grad, "' and '", image, "' must agree in all but the last dimensions");
}

template <int64_t spatial>
void average_pool_backward(const Arguments& a) {
  a.plain();
  a.same_dtype({"self", "grad_output"});
  same_images(a, "grad_output", "self", spatial);
  for (const char* name : {"self", "grad_output"}) {
    const auto sizes = sizes_of(a, name);
    require(product(sizes, sizes.size() - spatial) > 0, "'", name, "' must have pixels");
  }
}

template <int64_t spatial>
void max_pool_backward(const Arguments& a) {
  a.plain();
  a.same_dtype({"self", "grad_output", "grad_input"});
  a.same_shape({"grad_output", "indices"});
  same_images(a, "grad_output", "self", spatial);
  require(a.tensor("indices").scalar_type() == c10::kLong, "'indices' must be int64");
  if (a.takes("output_size")) {
    const auto sizes = sizes_of(a, "grad_output");
    require(std::vector<int64_t>(sizes.end() - spatial, sizes.end()) == a.integers("output_size"),
            "'grad_output' must have the size 'output_size'");
  }
  const auto image = sizes_of(a, "self");
  a.within("indices", 0, product(image, image.size() - spatial));
}

template <int64_t spatial, bool reflects>
void pad_backward(const Arguments& a) {
  a.plain();
  a.same_dtype({"self", "grad_output", "grad_input"});
  same_images(a, "grad_output", "self", spatial);
  const auto padding = a.integers("padding");
  require(padding.size() == 2 * spatial, "'padding' must have ", 2 * spatial, " numbers");
  const auto outer = sizes_of(a, "grad_output"), inner = sizes_of(a, "self");
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t before = padding[2 * i], after = padding[2 * i + 1];
    const int64_t size = inner[inner.size() - 1 - i], padded = outer[outer.size() - 1 - i];
    require(size > 0 && padded > 0, "the padded dimensions must not be empty");
    require(!reflects || (std::abs(before) < size && std::abs(after) < size),
            "'padding' must be less than the padded dimension");
    require(std::abs(before) <= padded + size && padded == size + before + after,
            "'grad_output' must have the size of 'self' with its padding");
  }
}

/** A tensor without memory, to ask a forward operator for a shape. */
at::Tensor shaped(const std::vector<int64_t>& sizes) { return at::empty(sizes, at::device(c10::kMeta)); }

/** `self` as the forward operator would take it. */
template <class Forward>
void gradient_of(const Arguments& a, Forward forward) {
  a.plain();
  a.same_dtype({"self", "grad_output"});
  const at::Tensor result = forward(shaped(sizes_of(a, "self")), a.integers("kernel_size"), a.integers("stride"),
                                    a.integers("padding"), a.boolean("ceil_mode"));
  a.shape("grad_output", result.sizes().vec());
}

void avg_pool2d_backward(const Arguments& a) {
  gradient_of(a, [](const auto&... values) { return at::avg_pool2d(values...); });
}

void avg_pool3d_backward(const Arguments& a) {
  gradient_of(a, [](const auto&... values) { return at::avg_pool3d(values...); });
}

void unfold_backward(const Arguments& a) {
  a.plain();
  const at::Tensor folded =
      shaped(a.integers("input_sizes")).unfold(a.integer("dim"), a.integer("size"), a.integer("step"));
  a.shape("grad_in", folded.sizes().vec());
}

/** Gradients go to the pixels that the grid names: no pixel is at infinity. */
void finite_grid(const Arguments& a) {
  const at::Tensor grid = a.tensor("grid");
  if (grid.numel() == 0 || grid.is_meta() || grid.layout() != c10::kStrided) return;
  require(grid.isfinite().all().item<bool>(), "'grid' must not hold NaN or infinities when gradients are wanted");
}

void grid_sampler(const Arguments& a) {
  if (at::GradMode::is_enabled() && (a.tensor("input").requires_grad() || a.tensor("grid").requires_grad()))
    finite_grid(a);
}

void pool1d(const Arguments& a) {
  const at::Tensor self = a.tensor("self");
  if (self.dim() == 0) return;
  const auto kernel = a.integers("kernel_size"), padding = a.integers("padding");
  const bool fits =
      kernel.size() != 1 || padding.size() != 1 || padding[0] < 0 || kernel[0] / 2 <= self.size(-1) + padding[0];
  require(fits, "'kernel_size' must not be larger than 'self' with its padding");
}

void grid_sampler_backward(const Arguments& a) {
  a.plain();
  a.floating({"input"});
  a.same_dtype({"input", "grid", "grad_output"});
  auto wanted = sizes_of(a, "grid");
  const auto input = sizes_of(a, "input");
  require(wanted.size() == input.size() && input.size() >= 4 && wanted.back() + 2 == a.tensor("input").dim() &&
              wanted[0] == input[0],
          "'grid' must be [batch, ..., coordinates] for the 'input' [batch, channels, ...]");
  wanted.pop_back();
  wanted.insert(wanted.begin() + 1, input[1]);
  a.shape("grad_output", wanted);
  finite_grid(a);
}

/** An index is a position divided by the scale; one that is no scale at all is not used. */
void scales(const Arguments& a) {
  constexpr double kMost = 1 << 16;
  const auto check = [](double scale) {
    require(!(scale > 0 && (scale < 1 / kMost || scale > kMost)), "the scale ", scale, " is out of bounds");
  };
  for (const char* name : {"scales", "scales_d", "scales_h", "scales_w"}) {
    if (a.has(name)) check(a.number(name));
  }
  for (const double scale : a.numbers("scale_factors")) check(scale);
}

}  // namespace

const GuardTable& image_guards() {
  static const GuardTable table{
      {"_adaptive_avg_pool2d_backward", guard<average_pool_backward<2>>},
      {"adaptive_avg_pool3d_backward", guard<average_pool_backward<3>>},
      {"_adaptive_avg_pool3d_backward", guard<average_pool_backward<3>>},
      {"max_pool2d_with_indices_backward", guard<max_pool_backward<2>>},
      {"max_pool3d_with_indices_backward", guard<max_pool_backward<3>>},
      {"adaptive_max_pool2d_backward", guard<max_pool_backward<2>>},
      {"adaptive_max_pool3d_backward", guard<max_pool_backward<3>>},
      {"fractional_max_pool2d_backward", guard<max_pool_backward<2>>},
      {"fractional_max_pool3d_backward", guard<max_pool_backward<3>>},
      {"reflection_pad1d_backward", guard<pad_backward<1, true>>},
      {"reflection_pad2d_backward", guard<pad_backward<2, true>>},
      {"reflection_pad3d_backward", guard<pad_backward<3, true>>},
      {"replication_pad1d_backward", guard<pad_backward<1, false>>},
      {"replication_pad2d_backward", guard<pad_backward<2, false>>},
      {"replication_pad3d_backward", guard<pad_backward<3, false>>},
      {"max_pool1d", guard<pool1d>},
      {"max_pool1d_with_indices", guard<pool1d>},
      {"grid_sampler", guard<grid_sampler>},
      {"grid_sampler_2d", guard<grid_sampler>},
      {"grid_sampler_3d", guard<grid_sampler>},
      {"grid_sampler_2d_backward", guard<grid_sampler_backward>},
      {"grid_sampler_3d_backward", guard<grid_sampler_backward>},
      {"avg_pool2d_backward", guard<avg_pool2d_backward>},
      {"avg_pool3d_backward", guard<avg_pool3d_backward>},
      {"unfold_backward", guard<unfold_backward>},
      {"upsample", guard<scales>},  // stands for all whose name begins so
  };
  return table;
}

}  // namespace soo
