#include "kernels/small-network.h"

namespace soo {

SmallNetwork::SmallNetwork(const float* parameters, const PerceptronLayout& layout, float leak, Scratch& scratch)
    : parameters_(parameters), layout_(layout), leak_(leak), width_(whole_lanes(layout.hidden)) {
  pack(parameters, scratch);
}

/** Units beyond `hidden` have weights of 0 and stay 0. */
void SmallNetwork::pack(const float* parameters, Scratch& scratch) {
  const int64_t in = layout_.columns, hidden = layout_.hidden, outputs = layout_.outputs;
  const float *gamma = parameters + layout_.gamma, *beta = parameters + layout_.beta;
  const float *w1 = parameters + layout_.w1, *w2 = parameters + layout_.w2, *w3 = parameters + layout_.w3;
  first_ = scratch.zeros(in * width_);
  first_bias_ = scratch.zeros(width_);
  second_ = scratch.zeros(width_ * width_);
  second_back_ = scratch.zeros(width_ * width_);
  second_bias_ = scratch.zeros(width_);
  third_ = scratch.zeros(outputs * width_);
  for (int64_t h = 0; h < hidden; ++h) {
    float bias = parameters[layout_.b1 + h];
    for (int64_t j = 0; j < in; ++j) {
      first_[j * width_ + h] = w1[h * in + j] * gamma[j];
      bias += w1[h * in + j] * beta[j];
    }
    first_bias_[h] = bias;
    second_bias_[h] = parameters[layout_.b2 + h];
    std::copy_n(w2 + h * hidden, hidden, second_back_ + h * width_);
    for (int64_t i = 0; i < hidden; ++i) second_[i * width_ + h] = w2[h * hidden + i];
  }
  for (int64_t o = 0; o < outputs; ++o) std::copy_n(w3 + o * hidden, hidden, third_ + o * width_);
}

HiddenLayers SmallNetwork::make_layers(int64_t rows, Scratch& scratch) const {
  return {scratch.take(rows * width_), scratch.take(rows * width_)};
}

WeightGradients SmallNetwork::make_gradients(Scratch& scratch) const {
  return {scratch.zeros(width_ * whole_lanes(layout_.columns)),
          scratch.zeros(width_),
          scratch.zeros(width_ * width_),
          scratch.zeros(width_),
          scratch.zeros(layout_.outputs * width_),
          std::vector<double>(layout_.outputs)};
}

void SmallNetwork::forward(Rows input, int64_t rows, const HiddenLayers& layers, float* out) const {
  const int64_t hidden = layout_.hidden;
  multiply_rectified(input, {first_, width_}, {rows, layout_.columns, width_}, first_bias_, leak_, layers.h1, width_);
  multiply_rectified({layers.h1, width_}, {second_, width_}, {rows, hidden, width_}, second_bias_, leak_, layers.h2,
                     width_);
  multiply_narrow({layers.h2, width_}, {third_, width_}, rows, width_, layout_.outputs, parameters_ + layout_.b3, out);
}

void SmallNetwork::backward_second(const float* grad, int64_t rows, const HiddenLayers& layers) const {
  multiply_unrectified({grad, layout_.outputs}, {third_, width_}, {rows, layout_.outputs, width_}, leak_, layers.h2,
                       width_);
}

void SmallNetwork::backward_first(int64_t rows, const HiddenLayers& layers) const {
  multiply_unrectified({layers.h2, width_}, {second_back_, width_}, {rows, layout_.hidden, width_}, leak_, layers.h1,
                       width_);
}

void SmallNetwork::backward(const float* grad, int64_t rows, const HiddenLayers& layers) const {
  backward_second(grad, rows, layers);
  backward_first(rows, layers);
}

void SmallNetwork::backward(const float* grad, Rows input, int64_t rows, const HiddenLayers& layers,
                            WeightGradients& sums) const {
  const int64_t outputs = layout_.outputs, columns = whole_lanes(layout_.columns);
  const Rows h1{layers.h1, width_}, h2{layers.h2, width_};
  for (int64_t i = 0; i < rows * outputs; ++i) sums.b3[i % outputs] += grad[i];
  multiply_transposed({grad, outputs}, h2, {outputs, rows, width_}, sums.w3, width_);
  backward_second(grad, rows, layers);
  add_column_sums(h2, rows, width_, sums.b2);
  multiply_transposed(h2, h1, {width_, rows, width_}, sums.w2, width_);
  backward_first(rows, layers);
  add_column_sums(h1, rows, width_, sums.b1);
  multiply_transposed(h1, input, {width_, rows, columns}, sums.w1, columns);
}

void SmallNetwork::input_gradient(const HiddenLayers& layers, int64_t rows, int64_t first, int64_t count,
                                  float* out) const {
  multiply_narrow({layers.h1, width_}, {first_ + first * width_, width_}, rows, width_, count, nullptr, out);
}

void SmallNetwork::finish(const WeightGradients& sums, float* gradient) const {
  const int64_t in = layout_.columns, hidden = layout_.hidden;
  std::fill_n(gradient, layout_.w1, 0.0f);
  for (int64_t h = 0; h < hidden; ++h) {
    std::copy_n(sums.w1 + h * whole_lanes(in), in, gradient + layout_.w1 + h * in);
    std::copy_n(sums.w2 + h * width_, hidden, gradient + layout_.w2 + h * hidden);
  }
  std::copy_n(sums.b1, hidden, gradient + layout_.b1);
  std::copy_n(sums.b2, hidden, gradient + layout_.b2);
  for (int64_t o = 0; o < layout_.outputs; ++o) {
    std::copy_n(sums.w3 + o * width_, hidden, gradient + layout_.w3 + o * hidden);
    gradient[layout_.b3 + o] = static_cast<float>(sums.b3[o]);
  }
  before_scaling(parameters_, layout_, gradient);
}

}  // namespace soo
