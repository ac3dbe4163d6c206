#include <ATen/core/grad_mode.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh_backward.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "callbacks.h"
#include "environment.h"
#include "fields.h"
#include "kernels/column-statistics.h"
#include "kernels/perceptron-layout.h"
#include "kernels/plain-tensor.h"
#include "kernels/registry.h"
#include "kernels/wide.h"
#include "values.h"

// A small network in one piece: normalised input, two hidden layers with leaky rectifiers, a linear output. In networks
// of 64 units, calling libtorch operator by operator takes as long as its matrix products (bench/rl.ts).

namespace soo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Options {
  int64_t hidden, outputs;
  bool training;
  bool bounded;  // whether tanh follows
  double momentum;
  double eps;
  float leak;
};

struct Statistics {
  at::Tensor mean, variance, batches;
};

using Layout = PerceptronLayout;

at::Tensor first_weight(const at::Tensor& all, const Layout& layout) {
  return all.as_strided({layout.hidden, layout.columns}, {layout.columns, 1}, layout.w1);
}
at::Tensor second_weight(const at::Tensor& all, const Layout& layout) {
  return all.as_strided({layout.hidden, layout.hidden}, {layout.hidden, 1}, layout.w2);
}
at::Tensor third_weight(const at::Tensor& all, const Layout& layout) {
  return all.as_strided({layout.outputs, layout.hidden}, {layout.hidden, 1}, layout.w3);
}
at::Tensor last_bias(const at::Tensor& all, const Layout& layout) {
  return all.as_strided({layout.outputs}, {1}, layout.b3);
}

SOO_WIDE void normalise(const float* __restrict x, int64_t stride, int64_t rows, int64_t columns,
                        const float* __restrict means, const float* __restrict scales, const float* __restrict gamma,
                        const float* __restrict beta, float* __restrict centred, float* __restrict out) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const float value = (x[i * stride + j] - means[j]) * scales[j];
      centred[i * columns + j] = value;
      out[i * columns + j] = value * gamma[j] + beta[j];
    }
  }
}

/** z + bias, and what is negative times `leak` */
SOO_WIDE void rectify(float* __restrict z, const float* __restrict bias, int64_t rows, int64_t columns, float leak) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const float value = z[i * columns + j] + bias[j];
      z[i * columns + j] = value * (value > 0 ? 1.0f : leak);
    }
  }
}

/** The gradient before a rectifier, in place, and its column sums: the bias's gradient. */
SOO_WIDE void rectify_backward(float* __restrict grad, const float* __restrict h, int64_t rows, int64_t columns,
                               float leak, float* __restrict sums) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const float value = grad[i * columns + j] * (h[i * columns + j] > 0 ? 1.0f : leak);
      grad[i * columns + j] = value;
      sums[j] += value;
    }
  }
}

/** Sums over rows of the gradient, and of the gradient times the centred input. */
SOO_WIDE void normalise_sums(const float* __restrict grad, const float* __restrict centred, int64_t rows,
                             int64_t columns, float* __restrict sums, float* __restrict products) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      sums[j] += grad[i * columns + j];
      products[j] += grad[i * columns + j] * centred[i * columns + j];
    }
  }
}

/** The gradient of the input, in place. `shift` and `tilt` are 0 where statistics do not depend on the input. */
SOO_WIDE void normalise_backward(float* __restrict grad, const float* __restrict centred, int64_t rows, int64_t columns,
                                 const float* __restrict factors, const float* __restrict shift,
                                 const float* __restrict tilt) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const float value = grad[i * columns + j] - shift[j] - centred[i * columns + j] * tilt[j];
      grad[i * columns + j] = value * factors[j];
    }
  }
}

/** Of each column: what is subtracted and what it is then multiplied by. In training the running statistics move. */
void take_statistics(const at::Tensor& x, const Statistics& running, const Options& options, std::vector<float>& means,
                     at::Tensor& scales) {
  const int64_t rows = x.size(0), columns = x.size(1);
  const RunningStatistics known{running.mean.mutable_data_ptr<float>(), running.variance.mutable_data_ptr<float>(),
                                running.batches.mutable_data_ptr<int64_t>()};
  float* scale = scales.mutable_data_ptr<float>();
  std::vector<double> mean(columns), square(columns);
  if (options.training) {
    column_means(x.const_data_ptr<float>(), x.stride(0), rows, columns, mean.data());
    column_squares(x.const_data_ptr<float>(), x.stride(0), rows, columns, mean.data(), square.data());
  }
  for (int64_t j = 0; j < columns; ++j) {
    const double variance = options.training ? square[j] / rows : known.variance[j];
    means[j] = options.training ? static_cast<float>(mean[j]) : known.mean[j];
    scale[j] = static_cast<float>(1 / std::sqrt(variance + options.eps));
  }
  if (options.training) move_statistics(known, mean.data(), square.data(), rows, columns, options.momentum);
}

/** What a forward pass leaves for the backward pass. */
struct Trace {
  at::Tensor centred, scales, h1, h2, output;
};

Trace run_forward(const at::Tensor& x, const at::Tensor& all, const Statistics& running, const Options& options) {
  const Layout layout(x.size(1), options.hidden, options.outputs);
  const int64_t rows = x.size(0);
  const float* values = all.const_data_ptr<float>();
  Trace trace{at::empty(x.sizes(), x.options()), at::empty({layout.columns}, x.options()), {}, {}, {}};
  const at::Tensor normalised = at::empty(x.sizes(), x.options());
  std::vector<float> means(layout.columns);
  take_statistics(x, running, options, means, trace.scales);
  normalise(x.const_data_ptr<float>(), x.stride(0), rows, layout.columns, means.data(),
            trace.scales.const_data_ptr<float>(), values + layout.gamma, values + layout.beta,
            trace.centred.mutable_data_ptr<float>(), normalised.mutable_data_ptr<float>());
  trace.h1 = at::mm(normalised, first_weight(all, layout).t());
  rectify(trace.h1.mutable_data_ptr<float>(), values + layout.b1, rows, layout.hidden, options.leak);
  trace.h2 = at::mm(trace.h1, second_weight(all, layout).t());
  rectify(trace.h2.mutable_data_ptr<float>(), values + layout.b2, rows, layout.hidden, options.leak);
  trace.output = at::addmm(last_bias(all, layout), trace.h2, third_weight(all, layout).t());
  if (options.bounded) trace.output.tanh_();
  return trace;
}

struct Perceptron : torch::autograd::Function<Perceptron> {
  static at::Tensor forward(AutogradContext* context, const Options& options, const Statistics& running,
                            const at::Tensor& x, const at::Tensor& all) {
    const Trace trace = run_forward(x, all, running, options);
    context->save_for_backward({all, trace.centred, trace.scales, trace.h1, trace.h2, trace.output});
    context->saved_data["training"] = options.training;
    context->saved_data["bounded"] = options.bounded;
    context->saved_data["leak"] = static_cast<double>(options.leak);
    return trace.output;
  }

  /** Gradients of the input and of the parameters, as far as the engine asks for them. */
  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    if (at::GradMode::is_enabled()) throw BadArgument("a fused network cannot be differentiated twice");
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &all = saved[0], &centred = saved[1], &h1 = saved[3], &h2 = saved[4], &output = saved[5];
    const float leak = static_cast<float>(context->saved_data["leak"].toDouble());
    const Layout layout(centred.size(1), h1.size(1), output.size(1));
    const bool of_input = context->needs_input_grad(0), of_parameters = context->needs_input_grad(1);
    at::Tensor result = at::zeros({layout.end}, all.options());
    float* sums = result.mutable_data_ptr<float>();

    at::Tensor grad = grads[0].contiguous();
    if (context->saved_data["bounded"].toBool()) grad = at::tanh_backward(grad, output);
    const auto through_rectifier = [&](const at::Tensor& gradient, const at::Tensor& h, int64_t bias) {
      rectify_backward(gradient.mutable_data_ptr<float>(), h.const_data_ptr<float>(), h.size(0), layout.hidden, leak,
                       sums + bias);
    };
    const auto multiply = [&](at::Tensor into, const at::Tensor& gradient, const at::Tensor& input) {
      if (of_parameters) at::mm_out(into, gradient.t(), input);
    };
    multiply(third_weight(result, layout), grad, h2);
    if (of_parameters) last_bias(result, layout).copy_(grad.sum(0));
    const at::Tensor d2 = at::mm(grad, third_weight(all, layout));
    through_rectifier(d2, h2, layout.b2);
    multiply(second_weight(result, layout), d2, h1);
    const at::Tensor d1 = at::mm(d2, second_weight(all, layout));
    through_rectifier(d1, h1, layout.b1);
    multiply(first_weight(result, layout), d1, centred);
    if (of_parameters) before_scaling(all.const_data_ptr<float>(), layout, sums);
    if (!of_input) return {at::Tensor(), at::Tensor(), at::Tensor(), result};
    const at::Tensor dx = at::mm(d1, first_weight(all, layout));
    before_normalisation(dx, saved, context->saved_data["training"].toBool(), layout);
    return {at::Tensor(), at::Tensor(), dx, of_parameters ? result : at::Tensor()};
  }

  /** Turns the gradient after the normalisation into that before it. */
  static void before_normalisation(const at::Tensor& grad, const variable_list& saved, bool training,
                                   const Layout& layout) {
    const float* gamma = saved[0].const_data_ptr<float>() + layout.gamma;
    const float* centred = saved[1].const_data_ptr<float>();
    const float* scales = saved[2].const_data_ptr<float>();
    const int64_t rows = grad.size(0), columns = layout.columns;
    std::vector<float> factors(columns), shift(columns), tilt(columns);
    for (int64_t j = 0; j < columns; ++j) factors[j] = gamma[j] * scales[j];
    if (training) {
      normalise_sums(grad.const_data_ptr<float>(), centred, rows, columns, shift.data(), tilt.data());
      for (int64_t j = 0; j < columns; ++j) {
        shift[j] /= static_cast<float>(rows);
        tilt[j] /= static_cast<float>(rows);
      }
    }
    normalise_backward(grad.mutable_data_ptr<float>(), centred, rows, columns, factors.data(), shift.data(),
                       tilt.data());
  }
};

/** Rows may lie apart, as those of some columns of a matrix do. */
bool has_whole_rows(const at::Tensor& tensor) { return tensor.stride(1) == 1 && tensor.stride(0) >= tensor.size(1); }

void require_count(const char* name, const at::Tensor& tensor, int64_t wanted) {
  if (tensor.numel() == wanted) return;
  throw BadArgument(std::string("expected ") + name + " of " + std::to_string(wanted) + " numbers, got " +
                    describe(tensor));
}

void check_sizes(const at::Tensor& x, const at::Tensor& all, const Statistics& running, const Options& options) {
  const int64_t most = 1 << 20;
  if (options.hidden < 1 || options.hidden > most || options.outputs < 1 || options.outputs > most ||
      x.size(1) > most) {
    throw BadArgument("expected 1 to " + std::to_string(most) + " columns, hidden units and outputs");
  }
  require_count("parameters", all, Layout(x.size(1), options.hidden, options.outputs).end);
  require_count("a running mean", running.mean, x.size(1));
  require_count("a running variance", running.variance, x.size(1));
  if (options.training && x.size(0) < 2) throw BadArgument("one row has no variance, in training");
}

/**
 * perceptron(input [rows, in], parameters, running mean, running variance, batches counted, { hidden, outputs,
 * training, bounded, momentum, eps, leak }): the output [rows, out]; null where it cannot be done in one piece, because
 * something is not float32 (int64 for the count) on the processor. `parameters` holds gamma, beta, w1, b1, w2, b2, w3,
 * b3.
 */
Napi::Value perceptron(Environment& self, const Napi::CallbackInfo& info) {
  const auto tensor = [&](size_t i) { return self.tensors.get(to_double(self.env, info[i])); };
  const at::Tensor x = tensor(0), all = tensor(1);
  const Statistics running{tensor(2), tensor(3), tensor(4)};
  const Fields fields(info[5]);
  const Options options{fields.integer("hidden"),  fields.integer("outputs"), fields.boolean("training"),
                        fields.boolean("bounded"), fields.number("momentum"), fields.number("eps"),
                        fields.single("leak")};
  const bool plain = is_plain(x, c10::kFloat, 2) && has_whole_rows(x) && is_plain(all, c10::kFloat, 1) &&
                     is_plain(running.mean, c10::kFloat, 1) && is_plain(running.variance, c10::kFloat, 1) &&
                     is_plain(running.batches, c10::kLong, 0);
  if (!plain || !all.is_contiguous() || !running.mean.is_contiguous() || !running.variance.is_contiguous())
    return self.env.Null();
  check_sizes(x, all, running, options);
  if (at::GradMode::is_enabled()) return from_tensor(self, Perceptron::apply(options, running, x, all));
  const at::AutoDispatchBelowADInplaceOrView below;
  return from_tensor(self, run_forward(x, all, running, options).output);
}

const KernelFunctions kFunctions([](Napi::Object exports) { define<perceptron>(exports, "perceptron"); });

}  // namespace

}  // namespace soo
