#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "counters.h"
#include "current-device.h"
#include "host-view.h"

// Every operator without a kernel of its own here: the processor's, on the same memory.

namespace standin {

namespace {

using c10::IValue;

/** Where an operator's tensors lie. As on a GPU only numbers may lie elsewhere, and indices. */
class Placement {
 public:
  explicit Placement(const c10::OperatorHandle& op) : op_(op) {}

  void see(const at::Tensor& tensor, bool may_be_elsewhere) {
    if (!on_device(tensor)) {
      if (tensor.defined() && tensor.dim() > 0 && !may_be_elsewhere) foreign_ = tensor.device();
    } else if (!device_.has_value()) {
      device_ = tensor.device();
    } else if (*device_ != tensor.device()) {
      foreign_ = tensor.device();
    }
  }
  /** What the arguments named, if no tensor tells. */
  void named(c10::Device device) { named_ = device; }

  c10::Device device() const {
    const auto here = device_.value_or(named_.value_or(c10::Device(kType, current_device())));
    TORCH_CHECK(!foreign_.has_value(),
                "Expected all tensors to be on the same device, but found at least two devices, ", here, " and ",
                *foreign_, "! (", op_.schema().operator_name(), ")");
    return here;
  }

 private:
  const c10::OperatorHandle& op_;
  std::optional<c10::Device> device_, named_, foreign_;
};

/** Lends the device's numbers to an operator that draws from the processor's generator, whatever it is given. */
class Numbers {
 public:
  explicit Numbers(int device) : own_(inner_generator(default_generator(device))) {
    const at::Generator& lent = processors();
    kept_ = lent.get_state();
    set(lent, own_.get_state());
  }
  ~Numbers() {
    own_.set_state(processors().get_state());
    set(processors(), kept_);
  }

 private:
  static const at::Generator& processors() { return at::detail::getDefaultCPUGenerator(); }
  static void set(at::Generator generator, const at::Tensor& state) {
    const std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(state);
  }
  at::Generator own_;
  at::Tensor kept_;
};

bool is_index(const c10::OperatorHandle& op) {
  static const std::unordered_set<std::string> names{"aten::index", "aten::index_put_", "aten::_index_put_impl_"};
  return names.count(op.schema().name()) > 0;
}

/** Whether the host has to be told something before it can go on. */
bool tells_host(const c10::OperatorHandle& op, const std::vector<IValue>& arguments) {
  if (op.hasTag(at::Tag::data_dependent_output)) return true;
  const auto is_mask = [](const std::optional<at::Tensor>& index) {
    return index.has_value() && on_device(*index) &&
           (index->scalar_type() == c10::kBool || index->scalar_type() == c10::kByte);
  };
  if (is_index(op)) {
    const auto indices = arguments[1].toOptionalTensorVector();
    return std::any_of(indices.begin(), indices.end(), is_mask);
  }
  return op.hasTag(at::Tag::dynamic_output_shape);
}

struct Call {
  const c10::OperatorHandle& op;
  HostViews views;
  Placement place{op};
  /** Tensors of the device that the operator may change, and what stands for them. */
  std::vector<std::pair<at::Tensor, at::Tensor>> written;

  at::Tensor given(const at::Tensor& tensor, const c10::Argument& argument, bool may_be_elsewhere) {
    place.see(tensor, may_be_elsewhere);
    at::Tensor view = views.of(tensor);
    const bool writes = argument.alias_info() != nullptr && argument.alias_info()->isWrite();
    if (writes && on_device(tensor)) written.emplace_back(tensor, view);
    return view;
  }

  IValue given(const IValue& value, const c10::Argument& argument) {
    if (value.isTensor()) return given(value.toTensor(), argument, false);
    if (value.isTensorList()) {
      std::vector<at::Tensor> views;
      for (const at::Tensor& each : value.toTensorVector()) views.push_back(given(each, argument, false));
      return views;
    }
    if (value.isOptionalTensorList()) {
      c10::List<std::optional<at::Tensor>> views;
      for (const std::optional<at::Tensor>& each : value.toOptionalTensorVector())
        views.push_back(each.has_value() ? std::optional(given(*each, argument, is_index(op))) : std::nullopt);
      return views;
    }
    if (value.isDevice() && value.toDevice().type() == kType) {
      place.named(value.toDevice());
      return c10::Device(c10::kCPU);
    }
    return value;
  }

  at::Tensor returned(const at::Tensor& result, c10::Device device) {
    for (const auto& [tensor, view] : written)
      if (view.is_same(result)) return tensor;
    return views.back(result, device);
  }

  IValue returned(const IValue& value, c10::Device device) {
    if (value.isTensor()) return returned(value.toTensor(), device);
    if (!value.isTensorList()) return value;
    std::vector<at::Tensor> results;
    for (const at::Tensor& each : value.toTensorVector()) results.push_back(returned(each, device));
    return results;
  }
};

bool takes_generator(const c10::FunctionSchema& schema) {
  return std::any_of(schema.arguments().begin(), schema.arguments().end(),
                     [](const c10::Argument& each) { return each.name() == "generator"; });
}

/** The device's own generator stands in for none. */
void hand_generator(const c10::FunctionSchema& schema, std::vector<IValue>& arguments, int device) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (schema.arguments()[i].name() != "generator") continue;
    arguments[i] = inner_generator(arguments[i].isNone() ? default_generator(device) : arguments[i].toGenerator());
  }
}

void on_processor(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const c10::FunctionSchema& schema = op.schema();
  const size_t count = schema.arguments().size();
  std::vector<IValue> arguments = torch::jit::pop(*stack, count);
  if (tells_host(op, arguments)) ++counters().sizes;
  Call call{op};
  for (size_t i = 0; i < count; ++i) arguments[i] = call.given(arguments[i], schema.arguments()[i]);
  const c10::Device device = call.place.device();
  const bool random = op.hasTag(at::Tag::nondeterministic_seeded);
  if (random && takes_generator(schema)) hand_generator(schema, arguments, device.index());
  stack->insert(stack->end(), arguments.begin(), arguments.end());
  arguments.clear();
  {
    std::optional<Numbers> numbers;
    if (random && !takes_generator(schema)) numbers.emplace(device.index());
    op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  }
  std::vector<IValue> results = torch::jit::pop(*stack, schema.returns().size());
  for (IValue& each : results) each = call.returned(each, device);
  for (const auto& [tensor, view] : call.written) call.views.settle(tensor, view);
  stack->insert(stack->end(), results.begin(), results.end());
}

}  // namespace

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_processor>()); }

// libtorch would hand these a result of the reduced shape, which they resize twice, with a warning.
TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  for (const char* name : {"mse_loss", "smooth_l1_loss"})
    m.impl(name, torch::CppFunction::makeFromBoxedFunction<&on_processor>());
}

}  // namespace standin
