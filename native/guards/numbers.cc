#include <ATen/ATen.h>
#include <ATen/ExpandUtils.h>
#include <ATen/ScalarOps.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "guards/guarded-arguments.h"

// What arithmetic, linear algebra and transforms take for granted.

namespace soo {

namespace {

using Arguments = GuardedArguments;

void fft(const Arguments& a) {
  a.plain();
  a.no_empty({"self"});
  const int64_t dims = a.tensor("self").dim();
  std::vector<int64_t> seen = a.integers("dim");
  std::sort(seen.begin(), seen.end());
  const bool fits = !seen.empty() && seen.front() >= 0 && seen.back() < dims &&
                    std::adjacent_find(seen.begin(), seen.end()) == seen.end();
  require(fits, "'dim' must name dimensions of 'self', each once and counted from 0");
  require(a.integer("normalization") >= 0 && a.integer("normalization") <= 2, "'normalization' must be 0, 1 or 2");
  const auto type = a.tensor("self").scalar_type();
  const bool real = a.takes("onesided");
  require(
      real ? type == c10::kFloat || type == c10::kDouble : type == c10::kComplexFloat || type == c10::kComplexDouble,
      real ? "'self' must be float32 or float64" : "'self' must be complex64 or complex128");
  if (a.takes("last_dim_size")) {
    const int64_t last = a.integer("last_dim_size");
    require(last >= 1 && last / 2 + 1 == a.tensor("self").size(a.integers("dim").back()),
            "'last_dim_size' does not fit 'self'");
  }
}

void finite(const Arguments& a) {
  const at::Tensor self = a.tensor("self");
  if (self.numel() == 0 || self.is_meta() || self.layout() != c10::kStrided) return;
  require(self.isfinite().all().item<bool>(), "'self' must not hold NaN or infinities");
}

/** The pivots of a factorisation, one for each row: the rows they name are counted from 1. */
void lu_pivots(const Arguments& a, const char* factors, const char* pivots) {
  a.plain();
  if (a.tensor(factors).dim() < 2) return;  // which the operator says itself
  auto wanted = sizes_of(a, factors);
  const int64_t rows = wanted[wanted.size() - 2], columns = wanted.back();
  wanted.pop_back();
  wanted.back() = std::min(rows, columns);
  a.shape(pivots, wanted);
  a.within(pivots, 1, rows + 1);
}

/** As `lu_pivots`, but a block of two rows has its pivot twice and negative. */
void ldl_pivots(const Arguments& a) {
  a.plain();
  if (a.tensor("LD").dim() < 2) return;
  auto wanted = sizes_of(a, "LD");
  const int64_t rows = wanted.back();
  wanted.pop_back();
  a.shape("pivots", wanted);
  a.within("pivots", -rows, rows + 1);
  const at::Tensor pivots = a.tensor("pivots").to(c10::kCPU, c10::kLong).contiguous();
  const int64_t* pivot = pivots.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < pivots.numel(); ++i) {
    if (pivot[i] > 0) continue;
    require(pivot[i] < 0 && i % rows + 1 < rows && pivot[i + 1] == pivot[i],
            "'pivots' must be positive, or negative in pairs");
    ++i;
  }
}

constexpr char kLowest[] = "the lowest integer cannot be divided by -1";

bool is_readable(const at::Tensor& tensor) {
  return tensor.defined() && tensor.numel() > 0 && !tensor.is_meta() && tensor.layout() == c10::kStrided &&
         !tensor.is_quantized();
}

/** The lowest integer that a kernel of this dtype cannot divide by -1; those of fewer bits are divided as int32. */
std::optional<int64_t> lowest_of(c10::ScalarType type) {
  if (type == c10::kInt) return std::numeric_limits<int32_t>::lowest();
  if (type == c10::kLong) return std::numeric_limits<int64_t>::lowest();
  return std::nullopt;
}

/** The processor traps at the one quotient of integers that does not fit. */
void truncated_quotient(const Arguments& a) {
  if (a.text("rounding_mode") != "trunc") return;
  const at::Tensor self = a.tensor("self"), other = a.tensor("other");
  if (!is_readable(self) || (a.is_tensor("other") && !is_readable(other))) return;
  if (other.defined() && !at::are_expandable(self.sizes(), other.sizes())) return;  // which the operator says itself
  const auto type = other.defined() ? at::result_type(self, other) : at::result_type(self, a.scalar("other"));
  const auto lowest = lowest_of(type);
  if (!lowest.has_value()) return;
  const at::Tensor risky = self.eq(*lowest);
  const at::Tensor trapped = other.defined() ? risky.logical_and(other.eq(-1)) : risky;
  require((!other.defined() && a.number("other") != -1) || !trapped.any().item<bool>(), kLowest);
}

/** The greatest common divisor as the kernel computes it: beside the lowest integer it may come out as -1. */
int64_t kernels_divisor(int64_t a, int64_t b) {
  while (a != 0) {
    const int64_t rest = a == -1 ? 0 : b % a;
    b = a;
    a = rest;
  }
  return b;
}

void least_common_multiple(const Arguments& a) {
  at::Tensor self = a.tensor("self"), other = a.tensor("other");
  if (!is_readable(self) || !is_readable(other) || !at::are_expandable(self.sizes(), other.sizes())) return;
  const auto lowest = lowest_of(at::result_type(self, other));
  if (!lowest.has_value()) return;
  const auto both = at::broadcast_tensors({self, other});
  const at::Tensor partners = both[1].masked_select(both[0].eq(*lowest)).cpu().to(c10::kLong);
  const int64_t* partner = partners.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < partners.numel(); ++i) {
    const int64_t size = partner[i] < 0 && partner[i] != *lowest ? -partner[i] : partner[i];
    require(kernels_divisor(*lowest, size) != -1, kLowest);
  }
}

/** For floating-point numbers the lower bound is rounded in steps that never end at the highest integer. */
void random_bounds(const Arguments& a) {
  const bool rounded = c10::isFloatingType(a.tensor("self").scalar_type()) && a.has("from");
  require(!rounded || a.integer("from") < std::numeric_limits<int64_t>::max(), "'from' is out of bounds");
}

void power(const Arguments& a) {
  require(a.integer("n") > std::numeric_limits<int64_t>::lowest(), "'n' is out of bounds");
}

at::Tensor tensor_or_number(const Arguments& a, const char* name) {
  return a.is_tensor(name) ? a.tensor(name) : c10::scalar_to_tensor(a.scalar(name));
}

/**
 * The recurrence takes as many steps as the degree, some hundred million in a second, unless it overflows before:
 * Legendre's polynomials do so beyond 1, Laguerre's below 0.
 */
template <bool laguerre>
void degree(const Arguments& a) {
  constexpr double kFew = 1 << 20, kMost = 2147483648;
  const at::Tensor n = tensor_or_number(a, "n"), x = tensor_or_number(a, "x");
  if (!is_readable(n) || !is_readable(x) || n.is_complex() || x.is_complex()) return;
  const at::Tensor many = n.gt(kFew);
  if (!many.any().item<bool>() || !at::are_expandable(n.sizes(), x.sizes())) return;
  const at::Tensor bounded = laguerre ? x.gt(-0.01) : x.abs().lt(1);
  const at::Tensor steps = at::where(many.logical_and(bounded), n.to(c10::kDouble), 0.0).sum();
  require(!(steps.item<double>() > kMost), "'n' asks for more than 2^31 steps");
}

void range(const Arguments& a) {
  if (!a.takes("step") || (!a.has("dtype") && !a.has("out"))) return;
  const auto type = a.has("out") ? a.tensor("out").scalar_type() : a.dtype("dtype");
  const double step = a.number("step");
  require(!c10::isIntegralType(type, true) || std::abs(step) >= 1, "'step' must be at least 1 for integers");
}

void fill_result(const Arguments& a) {
  a.plain();
  a.dimension("dim", "self");
  if (!a.has("out")) return;
  a.same_shape({"self", "out"});
  a.same_dtype({"self", "out"});
}

void sobol(const Arguments& a, const char* state) {
  constexpr int64_t kBits = 30, kMostDimensions = 21201;
  a.plain();
  const int64_t dimension = a.integer("dimension");
  require(dimension >= 1 && dimension <= kMostDimensions, "'dimension' must be from 1 to 21201");
  a.shape(state, {dimension, kBits});
  require(a.tensor(state).scalar_type() == c10::kLong, "'", state, "' must be int64");
  if (a.has("ltm")) a.shape("ltm", {dimension, kBits, kBits});
  const char* point = a.takes("quasi") ? "quasi" : a.takes("n") ? "self" : nullptr;
  if (point == nullptr) return;
  a.shape(point, {dimension});
  require(a.tensor(point).scalar_type() == c10::kLong, "'", point, "' must be int64");
  const int64_t n = a.integer("n"), before = a.integer("num_generated"), most = int64_t{1} << kBits;
  require(n >= 0 && before >= 0 && n < most && before < most - n,
          "'n' and 'num_generated' must not be negative, and sum to less than 2^30");
}

void segments(const Arguments& a) {
  a.plain();
  const int64_t axis = a.dimension("axis", "data"), size = a.tensor("data").size(axis);
  for (const char* name : {"lengths", "offsets"}) {
    if (!a.has(name)) continue;
    a.dims(name, axis + 1, axis + 1);
    a.within(name, 0, size + 1);
  }
  // `unsafe` leaves out the operator's own look at the sums.
  if (!a.has("lengths") || !a.boolean("unsafe") || a.on_meta()) return;
  require(a.tensor("lengths").sum(-1).eq(size).all().item<bool>(), "'lengths' must sum to ", size);
}

void not_empty(const Arguments& a) { require(a.length("tensors") > 0, "'tensors' must not be empty"); }

/** Without `unpack_pivots` the pivots are not looked at. */
void unpacked_pivots(const Arguments& a) {
  if (a.boolean("unpack_pivots")) return lu_pivots(a, "LU_data", "LU_pivots");
  a.plain();
}

void not_quantised(const Arguments& a) { require(!a.tensor("self").is_quantized(), "'self' must not be quantised"); }

void dense(const Arguments& a) { a.dense(); }

}  // namespace

const GuardTable& number_guards() {
  static const GuardTable table{
      {"_fft_c2c", guard<fft>},
      {"_fft_c2r", guard<fft>},
      {"_fft_r2c", guard<fft>},
      {"_sobol_engine_draw", guard<[](const Arguments& a) { sobol(a, "sobolstate"); }>},
      {"_sobol_engine_ff_", guard<[](const Arguments& a) { sobol(a, "sobolstate"); }>},
      {"_sobol_engine_initialize_state_", guard<[](const Arguments& a) { sobol(a, "self"); }>},
      {"_sobol_engine_scramble_", guard<[](const Arguments& a) { sobol(a, "self"); }>},
      {"linalg_eigvals", guard<finite>},
      {"_linalg_eigvals", guard<finite>},
      {"range", guard<range>},
      {"_logcumsumexp", guard<fill_result>},
      {"cat", guard<not_empty>},
      {"concat", guard<not_empty>},
      {"concatenate", guard<not_empty>},
      {"_neg_view_copy", guard<not_quantised>},
      {"view_copy", guard<not_quantised>},
      {"copy", guard<dense>},
      {"lu_unpack", guard<unpacked_pivots>},
      {"lu_solve", guard<[](const Arguments& a) { lu_pivots(a, "LU_data", "LU_pivots"); }>},
      {"linalg_lu_solve", guard<[](const Arguments& a) { lu_pivots(a, "LU", "pivots"); }>},
      {"linalg_ldl_solve", guard<ldl_pivots>},
      {"segment_reduce", guard<segments>},
      {"div", guard<truncated_quotient>},
      {"div_", guard<truncated_quotient>},
      {"divide", guard<truncated_quotient>},
      {"divide_", guard<truncated_quotient>},
      {"lcm", guard<least_common_multiple>},
      {"lcm_", guard<least_common_multiple>},
      {"linalg_matrix_power", guard<power>},
      {"matrix_power", guard<power>},
      {"random", guard<random_bounds>},
      {"random_", guard<random_bounds>},
      {"special_laguerre_polynomial_l", guard<degree<true>>},
      {"special_legendre_polynomial_p", guard<degree<false>>},
  };
  return table;
}

}  // namespace soo
