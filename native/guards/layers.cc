#include "guards/guarded-arguments.h"
#include "layout.h"

#include <algorithm>
#include <limits>

// What the parts of networks take for granted: norms, recurrence, embeddings, losses, optimisers.

namespace soo {

namespace {

using Arguments = GuardedArguments;

/** What belongs to each channel: a vector as long as dimension 1 of the input. */
void channels(const Arguments& a, const char* input, Names names) {
  for (const char* name : names) {
    if (a.has(name)) a.shape(name, {a.tensor(input).size(1)});
  }
  a.parameter_dtype(input, names);
}

void batch_norm_input(const Arguments& a) {
  a.plain();
  a.floating({"input"});
  require(a.tensor("input").dim() >= 2 && a.tensor("input").size(1) > 0,
          "'input' must be [batch, channels, ...] with channels");
  channels(a, "input", {"weight", "bias", "running_mean", "running_var"});
  require(a.has("running_mean") == a.has("running_var"), "'running_mean' and 'running_var' come together");
}

void require_statistics(bool found) { require(found, "without training 'running_mean' and 'running_var' are needed"); }

void batch_norm(const Arguments& a) {
  batch_norm_input(a);
  require_statistics((a.takes("training") && a.boolean("training")) || a.has("running_mean"));
}

void batch_norm_backward(const Arguments& a, const char* grad, const char* variance, bool trains) {
  batch_norm_input(a);
  a.same_shape({"input", grad});
  a.same_dtype({"input", grad});
  if (!trains) return require_statistics(a.has("running_mean"));
  channels(a, "input", {"save_mean", variance});
  require(a.has("save_mean") && a.has(variance), "in training the saved mean and deviation are needed");
}

void group_norm(const Arguments& a) {
  a.plain();
  a.floating({"input"});
  const int64_t n = a.integer("N"), c = a.integer("C"), hw = a.integer("HxW"), group = a.integer("group");
  require(n >= 0 && c > 0 && hw >= 0 && group > 0 && c % group == 0,
          "'C' must be a multiple of 'group', and neither negative");
  int64_t total = 0;
  const bool large = __builtin_mul_overflow(n, c, &total) || __builtin_mul_overflow(total, hw, &total);
  require(!large, "the sizes are too large");
  a.count("input", total);
  if (a.has("weight")) a.shape("weight", {c});
  if (a.has("bias")) a.shape("bias", {c});
  if (a.has("grad_out")) a.same_shape({"input", "grad_out"});
  if (a.has("mean")) {
    a.count("mean", n * group);
    a.count("rstd", n * group);
  }
}

void layer_norm_backward(const Arguments& a) {
  a.plain();
  a.floating({"input"});
  a.same_shape({"input", "grad_out"});
  a.same_dtype({"input", "grad_out"});
  a.parameter_dtype("input", {"weight", "bias"});
  int64_t size = 1;
  for (const int64_t each : a.integers("normalized_shape")) size *= each;
  require(size > 0, "'normalized_shape' must not be empty");
  const bool half = c10::isReducedFloatingType(a.tensor("input").scalar_type());
  for (const char* name : {"mean", "rstd"}) {
    a.count(name, a.tensor("input").numel() / size);
    if (!half || a.tensor(name).scalar_type() != c10::kFloat) a.same_dtype({"input", name});
  }
}

void softmax_backward(const Arguments& a) {
  a.plain();
  a.floating({"grad_output", "output"});
  a.same_dtype({"output", "grad_output"});
  a.same_shape({"output", "grad_output"});
}

void weight_norm_interface(const Arguments& a) {
  a.plain();
  a.floating({"v", "g"});
  a.same_dtype({"v", "g"});
  a.no_empty({"v"});
  const int64_t dim = a.dimension("dim", "v"), last = a.tensor("v").dim() - 1;
  require(dim == 0 || dim == last, "'dim' must be the first or the last dimension");
  a.count("g", a.tensor("v").size(dim));
}

/** Only the first and the last dimension, counted from the front, have a kernel; others are put together of operators.
 */
void weight_norm(const Arguments& a) {
  const int64_t dim = a.integer("dim");
  if (dim == 0 || dim == a.tensor("v").dim() - 1) weight_norm_interface(a);
}

/** Sequences of falling lengths, step by step: `batch_sizes` tells how many are left at each. */
void packed_sequences(const Arguments& a) {
  a.dims("batch_sizes", 1, 1);
  a.no_empty({"batch_sizes"});
  const at::Tensor sizes = a.tensor("batch_sizes");
  require(sizes.scalar_type() == c10::kLong && sizes.is_cpu() && sizes.is_contiguous(),
          "'batch_sizes' must be int64 on the CPU");
  a.within("batch_sizes", 1, std::numeric_limits<int64_t>::max());
  require(!sizes.diff().gt(0).any().item<bool>(), "'batch_sizes' must not rise");
  const at::Tensor data = a.tensor("data");
  require(data.dim() >= 1 && sizes.sum().item<int64_t>() == data.size(0),
          "'batch_sizes' must sum to the rows of 'data'");
}

template <size_t states>
void recurrent(const Arguments& a) {
  const auto params = a.tensors("params");
  const int64_t layers = a.integer("num_layers");
  require(layers > 0 && layers <= static_cast<int64_t>(params.size()),
          "'num_layers' must be positive, and fit 'params'");
  const int64_t directions = a.boolean("bidirectional") ? 2 : 1;
  const size_t each = a.boolean("has_biases") ? 4 : 2;
  const size_t cells = static_cast<size_t>(layers * directions);
  const bool projected = states == 2 && params.size() == cells * (each + 1);
  require(projected || params.size() == cells * each, "'params' must hold ", cells * each, " tensors, got ",
          params.size());
  const std::vector<at::Tensor> hidden = states == 2 ? a.tensors("hx") : std::vector<at::Tensor>{a.tensor("hx")};
  require(hidden.size() == states, "'hx' must hold ", states, " tensors, got ", hidden.size());
  for (const at::Tensor& state : hidden) require(state.dim() == 3, "'hx' must be [layers, batch, hidden]");
  for (size_t i = 0; i < params.size(); ++i) {
    const bool matrix = i % (projected ? each + 1 : each) < 2 || (projected && i % (each + 1) == each);
    require(params[i].dim() == (matrix ? 2 : 1),
            "'params' must be two matrices and their biases for each layer in turn");
  }
  if (!a.takes("batch_sizes")) return;
  packed_sequences(a);
  a.dims("data", 2, 2);
  a.within("batch_sizes", 1, hidden.front().size(1) + 1);
}

void attention_groups(const Arguments& a) {
  if (!a.boolean("enable_gqa")) return;
  for (const char* name : {"key", "value"}) {
    require(a.tensor(name).dim() < 3 || a.tensor(name).size(-3) > 0, "'", name, "' must have heads");
  }
}

void embedding_gradient(const Arguments& a, const char* grad) {
  a.plain();
  const auto indices = sizes_of(a, "indices"), sizes = sizes_of(a, grad);
  const bool fits = sizes.size() == indices.size() + 1 && std::equal(indices.begin(), indices.end(), sizes.begin());
  require(fits, "'", grad, "' must have the shape of 'indices' and one more dimension");
  a.within("indices", 0, a.integer("num_weights"));
}

void bags(const Arguments& a) {
  a.plain();
  a.within("indices", 0, a.tensor("weight").dim() > 0 ? a.tensor("weight").size(0) : 0);
  a.within("offsets", 0, a.tensor("indices").numel() + 1);
  require(a.tensor("offsets").numel() > 0 || a.tensor("indices").numel() == 0, "'offsets' must not be empty");
}

std::vector<int64_t> lengths_of(const Arguments& a, const char* name) {
  if (!a.is_tensor(name)) return a.integers(name);
  const at::Tensor lengths = a.tensor(name);
  require(c10::isIntegralType(lengths.scalar_type(), false), "'", name, "' must hold integers");
  const at::Tensor listed = lengths.cpu().to(c10::kLong).contiguous();
  return {listed.const_data_ptr<int64_t>(), listed.const_data_ptr<int64_t>() + listed.numel()};
}

/** Each sequence has a row of its own, and what follows its length is never read: any number may fill it up. */
void padded_targets(const Arguments& a, int64_t classes) {
  const at::Tensor targets = a.tensor("targets");
  const auto lengths = lengths_of(a, "target_lengths");
  const int64_t rows = std::min(targets.size(0), static_cast<int64_t>(lengths.size()));
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t read = std::clamp<int64_t>(lengths[static_cast<size_t>(i)], 0, targets.size(1));
    require_within("targets", targets[i].slice(0, 0, read), 0, classes);
  }
}

void ctc_loss(const Arguments& a) {
  a.dense();
  a.dims("log_probs", 2, 3);
  a.dims("targets", 1, 2);
  const int64_t classes = a.tensor("log_probs").size(-1);
  if (a.on_meta()) return;  // where nothing is read; beside other devices the operator refuses it
  if (a.tensor("targets").dim() == 2) {
    padded_targets(a, classes);
  } else {
    a.within("targets", 0, classes);
  }
  require(a.integer("blank") >= 0 && a.integer("blank") < classes, "'blank' must be a class of 'log_probs'");
}

/** Classes for each row of `self`, and one gradient, or one for each row. */
void margin_loss_backward(const Arguments& a, int64_t least) {
  a.plain();
  a.floating({"self"});
  a.same_dtype({"self", "grad_output", "weight", "is_target"});
  a.dims("self", 0, 2);
  a.no_empty({"self"});
  const auto self = sizes_of(a, "self");
  const int64_t classes = self.empty() ? 1 : self.back();
  if (a.has("is_target"))
    a.same_shape({"self", "target", "is_target"});
  else
    a.count("target", self.size() == 2 ? self[0] : 1);
  a.within("target", least, classes);
  if (a.has("weight")) a.shape("weight", {classes});
  const bool each = a.integer("reduction") == 0 && self.size() == 2;
  a.count("grad_output", each ? self[0] : 1);
}

void noisy_relu(const Arguments& a) {
  a.plain();
  a.same_shape({"self", "noise", "out"});
}

/** Integers alone would be divided as integers, by zero. */
void loss_backward(const Arguments& a) {
  const auto floating = [&](const char* name) { return c10::isFloatingType(a.tensor(name).scalar_type()); };
  require(floating("self") || floating("target") || floating("grad_output"), "'self' must be floating-point");
}

/** The lists of a fused optimiser go together, element by element. */
void fused_step(const Arguments& a) {
  a.plain();
  const auto parameters = a.tensors("self");
  for (const char* name :
       {"grads", "exp_avgs", "exp_avg_sqs", "max_exp_avg_sqs", "momentum_buffer_list", "state_sums", "state_steps"}) {
    if (!a.takes(name)) continue;
    const auto list = a.tensors(name);
    const bool optional = (name == std::string("max_exp_avg_sqs") && !a.boolean("amsgrad")) ||
                          (name == std::string("momentum_buffer_list") && a.number("momentum") == 0);
    if (optional && list.empty()) continue;
    const bool steps = name == std::string("state_steps");
    require(list.size() == parameters.size(), "'", name, "' must be as long as 'self'");
    for (size_t i = 0; i < list.size(); ++i) {
      const bool fits = steps
                            ? list[i].numel() == 1 && list[i].scalar_type() == c10::kFloat
                            : lie_alike(list[i], parameters[i]) && list[i].scalar_type() == parameters[i].scalar_type();
      require(fits && (steps || list[i].is_non_overlapping_and_dense()), "'", name, "' must hold ",
              (steps ? "one float32 for each of 'self'" : "tensors of the shapes, strides and dtypes of 'self'"));
    }
  }
}

}  // namespace

const GuardTable& layer_guards() {
  static const GuardTable table{
      {"native_batch_norm", guard<batch_norm>},
      {"_native_batch_norm_legit", guard<batch_norm>},
      {"_native_batch_norm_legit_functional", guard<batch_norm>},
      {"_native_batch_norm_legit_no_training", guard<batch_norm>},
      {"batch_norm_update_stats", guard<batch_norm_input>},
      {"_batch_norm_with_update", guard<batch_norm_input>},
      {"_batch_norm_with_update_functional", guard<batch_norm_input>},
      {"_batch_norm_no_update", guard<batch_norm>},
      {"native_batch_norm_backward",
       guard<[](const Arguments& a) { batch_norm_backward(a, "grad_out", "save_invstd", a.boolean("train")); }>},
      {"batch_norm_backward",
       guard<[](const Arguments& a) { batch_norm_backward(a, "grad_out", "save_var", a.boolean("update")); }>},
      {"native_group_norm", guard<group_norm>},
      {"native_group_norm_backward", guard<group_norm>},
      {"_log_softmax_backward_data", guard<softmax_backward>},
      {"_softmax_backward_data", guard<softmax_backward>},
      {"_weight_norm", guard<weight_norm>},
      {"_weight_norm_interface", guard<weight_norm_interface>},
      {"rrelu_with_noise", guard<noisy_relu>},
      {"rrelu_with_noise_", guard<noisy_relu>},
      {"_pad_packed_sequence", guard<packed_sequences>},
      {"lstm", guard<recurrent<2>>},
      {"gru", guard<recurrent<1>>},
      {"rnn_tanh", guard<recurrent<1>>},
      {"rnn_relu", guard<recurrent<1>>},
      {"ctc_loss", guard<ctc_loss>},
      {"_ctc_loss", guard<ctc_loss>},
      {"embedding_backward", guard<[](const Arguments& a) { embedding_gradient(a, "grad"); }>},
      {"embedding_dense_backward", guard<[](const Arguments& a) { embedding_gradient(a, "grad_output"); }>},
      {"embedding_sparse_backward", guard<[](const Arguments& a) { embedding_gradient(a, "grad"); }>},
      {"scaled_dot_product_attention", guard<attention_groups>},
      {"_fused_sdp_choice", guard<attention_groups>},
      {"_scaled_dot_product_attention_math", guard<attention_groups>},
      {"_fused_adagrad", guard<fused_step>},
      {"_fused_adagrad_", guard<fused_step>},
      {"_fused_adam", guard<fused_step>},
      {"_fused_adam_", guard<fused_step>},
      {"_fused_adamw", guard<fused_step>},
      {"_fused_adamw_", guard<fused_step>},
      {"_fused_sgd", guard<fused_step>},
      {"_fused_sgd_", guard<fused_step>},
      {"smooth_l1_loss_backward", guard<loss_backward>},
      {"huber_loss_backward", guard<loss_backward>},
      {"native_layer_norm_backward", guard<layer_norm_backward>},
      {"multi_margin_loss_backward", guard<[](const Arguments& a) { margin_loss_backward(a, 0); }>},
      {"multilabel_margin_loss_backward", guard<[](const Arguments& a) { margin_loss_backward(a, -1); }>},
      {"embedding_bag", guard<bags>},
      {"_embedding_bag", guard<bags>},
      {"_embedding_bag_forward_only", guard<bags>},
  };
  return table;
}

}  // namespace soo
