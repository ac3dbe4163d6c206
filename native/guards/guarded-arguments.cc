#include "guards/guarded-arguments.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <stdexcept>

#include "values.h"

namespace soo {

namespace {

std::string text_of(c10::IntArrayRef sizes) { return "[" + c10::Join(", ", sizes) + "]"; }

}  // namespace

const c10::IValue& GuardedArguments::value(const char* name) const {
  for (size_t i = 0; i < op_.parameters.size(); ++i) {
    if (op_.parameters[i].name == name) return values_[i];
  }
  static const c10::IValue none;
  return none;
}

bool GuardedArguments::has(const char* name) const {
  const c10::IValue& found = value(name);
  return !found.isNone() && !(found.isTensor() && !found.toTensor().defined());
}

bool GuardedArguments::takes(const char* name) const {
  return std::any_of(op_.parameters.begin(), op_.parameters.end(),
                     [&](const Parameter& each) { return each.name == name; });
}

bool GuardedArguments::is_tensor(const char* name) const { return value(name).isTensor(); }
at::Tensor GuardedArguments::tensor(const char* name) const {
  return is_tensor(name) ? value(name).toTensor() : at::Tensor();
}
size_t GuardedArguments::length(const char* name) const { return value(name).toListRef().size(); }
std::vector<at::Tensor> GuardedArguments::tensors(const char* name) const { return value(name).toTensorVector(); }
int64_t GuardedArguments::integer(const char* name) const { return value(name).toInt(); }
double GuardedArguments::number(const char* name) const { return value(name).toScalar().toDouble(); }
c10::Scalar GuardedArguments::scalar(const char* name) const { return value(name).toScalar(); }
bool GuardedArguments::boolean(const char* name) const { return value(name).toBool(); }
std::string GuardedArguments::text(const char* name) const {
  return value(name).isString() ? value(name).toStringRef() : "";
}
std::vector<int64_t> GuardedArguments::integers(const char* name) const { return value(name).toIntVector(); }
std::vector<double> GuardedArguments::numbers(const char* name) const {
  return has(name) ? value(name).toDoubleVector() : std::vector<double>();
}
c10::ScalarType GuardedArguments::dtype(const char* name) const { return value(name).toScalarType(); }

template <class Look>
void GuardedArguments::each_tensor(Look look) const {
  for (size_t i = 0; i < op_.parameters.size(); ++i) {
    const std::string& name = op_.parameters[i].name;
    if (values_[i].isTensor() && values_[i].toTensor().defined()) look(name, values_[i].toTensor());
    if (!values_[i].isTensorList()) continue;
    for (const at::Tensor& tensor : values_[i].toTensorVector()) {
      if (tensor.defined()) look(name, tensor);
    }
  }
}

void GuardedArguments::dense() const {
  each_tensor([](const std::string& name, const at::Tensor& tensor) {
    require(tensor.layout() == c10::kStrided && !tensor.is_nested(), "'", name, "' must be a dense tensor");
    require(!tensor.is_quantized(), "'", name, "' must not be quantised");
  });
}

void GuardedArguments::plain() const {
  dense();
  std::optional<c10::Device> device;
  each_tensor([&](const std::string&, const at::Tensor& tensor) {
    require(device.value_or(tensor.device()) == tensor.device(), "the tensors must be on one device");
    device = tensor.device();
  });
}

void GuardedArguments::floating(Names names) const {
  for (const char* name : names) {
    if (has(name)) require(c10::isFloatingType(tensor(name).scalar_type()), "'", name, "' must be floating-point");
  }
}

void GuardedArguments::same_dtype(Names names) const {
  const at::Tensor first = tensor(*names.begin());
  for (const char* name : names) {
    require(!has(name) || tensor(name).scalar_type() == first.scalar_type(), "'", name, "' must be ",
            dtype_name(first.scalar_type()), " like '", *names.begin(), "'");
  }
}

void GuardedArguments::parameter_dtype(const char* input, Names names) const {
  const auto wanted = tensor(input).scalar_type();
  for (const char* name : names) {
    if (!has(name)) continue;
    const auto type = tensor(name).scalar_type();
    require(type == wanted || (c10::isReducedFloatingType(wanted) && type == c10::kFloat), "'", name,
            "' must have the dtype of '", input, "'");
  }
}

void GuardedArguments::same_shape(Names names) const {
  for (const char* name : names) {
    if (has(name)) shape(name, tensor(*names.begin()).sizes().vec());
  }
}

void GuardedArguments::dims(const char* name, int64_t least, int64_t most) const {
  const int64_t found = tensor(name).dim();
  require(found >= least && found <= most, "'", name, "' must have from ", least, " to ", most, " dimensions, got ",
          found);
}

void GuardedArguments::shape(const char* name, const std::vector<int64_t>& wanted) const {
  const at::Tensor found = tensor(name);
  const bool fits = found.sizes().equals(wanted);
  require(fits, "'", name, "' must be ", fits ? "" : text_of(wanted), ", got ", fits ? "" : text_of(found.sizes()));
}

void GuardedArguments::count(const char* name, int64_t elements) const {
  const int64_t found = tensor(name).numel();
  require(found == elements, "'", name, "' must have ", elements, " elements, got ", found);
}

void GuardedArguments::no_empty(Names names) const {
  for (const char* name : names) {
    if (has(name)) require(tensor(name).numel() > 0, "'", name, "' must not be empty");
  }
}

int64_t GuardedArguments::dimension(const char* name, const char* of) const {
  const int64_t dims = tensor(of).dim();
  const int64_t found = integer(name);
  require(found >= -dims && found < dims, "'", of, "' of ", dims, " dimensions has no dimension ", found);
  return found < 0 ? found + dims : found;
}

void GuardedArguments::within(const char* name, int64_t least, int64_t end) const {
  require_within(name, tensor(name), least, end);
}

bool GuardedArguments::on_meta() const {
  bool found = false;
  each_tensor([&](const std::string&, const at::Tensor& tensor) { found = found || tensor.is_meta(); });
  return found;
}

void require_within(const char* name, const at::Tensor& tensor, int64_t least, int64_t end) {
  if (!tensor.defined() || tensor.numel() == 0 || tensor.is_meta()) return;
  require(c10::isIntegralType(tensor.scalar_type(), false), "'", name, "' must hold integers");
  const auto lowest = tensor.min().item<int64_t>();
  const auto highest = tensor.max().item<int64_t>();
  require(lowest >= least && highest < end, "'", name, "' must be from ", least, " to below ", end, ", got ",
          lowest < least ? lowest : highest);
}

}  // namespace soo
