#pragma once

#include "kernels/perceptron-layout.h"
#include "kernels/scratch.h"
#include "kernels/tiles.h"

namespace soo {

/** Rows that go through a network together, so that what they leave stays in the nearest caches. */
constexpr int64_t kBlock = 48;

/** Hidden layers, `[rows, width]` each; the way back puts their gradients (before the rectifiers) in their place. */
struct HiddenLayers {
  float *h1, *h2;
};

/** Sums over rows, as wide as whole registers. */
struct WeightGradients {
  float *w1, *b1, *w2, *b2, *w3;
  std::vector<double> b3;
};

/**
 * The network of perceptron.cc on inputs that are normalised already, with its weights laid out for tiles.h. Rows of
 * the input may be read up to a register beyond their end.
 */
class SmallNetwork {
 public:
  SmallNetwork(const float* parameters, const PerceptronLayout& layout, float leak, Scratch& scratch);

  /** Floats in a row of a hidden layer. */
  int64_t width() const { return width_; }

  HiddenLayers make_layers(int64_t rows, Scratch& scratch) const;
  WeightGradients make_gradients(Scratch& scratch) const;

  /** @param out [rows, outputs], without what may bound it */
  void forward(Rows input, int64_t rows, const HiddenLayers& layers, float* out) const;

  /** Turns the layers into their gradients. @param grad [rows, outputs] */
  void backward(const float* grad, int64_t rows, const HiddenLayers& layers) const;

  /** The same, and adds to the weights' gradients. */
  void backward(const float* grad, Rows input, int64_t rows, const HiddenLayers& layers, WeightGradients& sums) const;

  /** The gradient of some columns of the normalised input: `[rows, count]`. @param layers after `backward` */
  void input_gradient(const HiddenLayers& layers, int64_t rows, int64_t first, int64_t count, float* out) const;

  /** Writes the gradient of all parameters in their layout. */
  void finish(const WeightGradients& sums, float* gradient) const;

 private:
  void pack(const float* parameters, Scratch& scratch);
  void backward_second(const float* grad, int64_t rows, const HiddenLayers& layers) const;
  void backward_first(int64_t rows, const HiddenLayers& layers) const;

  const float* parameters_;
  PerceptronLayout layout_;
  float leak_;
  int64_t width_;
  /** As they are multiplied by: first [in, width] with gamma, second [width, width] both ways, third [out, width]. */
  float *first_, *first_bias_, *second_, *second_back_, *second_bias_, *third_;
};

}  // namespace soo
