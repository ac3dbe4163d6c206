#include "random-state.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>

#include <atomic>

namespace soo {

namespace {

std::atomic<bool> accelerator_named{false};

at::CPUGeneratorImpl* processor_generator() {
  return at::check_generator<at::CPUGeneratorImpl>(at::detail::getDefaultCPUGenerator());
}

/** The accelerators' generators: none until one was named, so that work on the processor wakes no GPU. */
std::vector<at::Generator> accelerator_generators() {
  std::vector<at::Generator> generators;
  const auto type = accelerator_named.load() ? at::getAccelerator() : std::nullopt;
  if (!type.has_value()) return generators;
  for (int i = 0; i < at::accelerator::deviceCount(); ++i)
    generators.push_back(at::globalContext().defaultGenerator(c10::Device(*type, static_cast<c10::DeviceIndex>(i))));
  return generators;
}

}  // namespace

void note_accelerator() noexcept { accelerator_named.store(true); }

/** Who has libtorch's generators: known to the whole process, as they are. */
struct RandomState::Lender {
  std::mutex mutex;
  RandomState* borrower = nullptr;
  /** The accelerators' that are lent with it, and whether any had been named by then. */
  std::vector<at::Generator> accelerators;
  bool knew_accelerators = false;
};

RandomState::Lender& RandomState::lender() {
  static Lender instance;
  return instance;
}

RandomState::RandomState() { start(c10::detail::getNonDeterministicRandom()); }

RandomState::~RandomState() {
  Lender& all = lender();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (all.borrower == this) all.borrower = nullptr;
}

void RandomState::start(uint64_t seed) {
  ++uses_;
  engine_ = at::mt19937(seed);
  next_float_.reset();
  next_double_.reset();
  accelerator_seed_ = seed;
  accelerators_.clear();
}

void RandomState::seed(uint64_t seed) {
  Lender& all = lender();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (all.borrower == this) all.borrower = nullptr;
  start(seed);
}

std::unique_ptr<RandomState> RandomState::copy() {
  auto other = std::make_unique<RandomState>();
  Lender& all = lender();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (all.borrower == this) take_back();
  other->become(*this);
  other->uses_of_original_ = uses_;
  return other;
}

void RandomState::go_on_from(RandomState& copy) {
  Lender& all = lender();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (uses_ != copy.uses_of_original_) return;
  if (all.borrower == &copy) copy.take_back();
  if (all.borrower == this) all.borrower = nullptr;
  become(copy);
}

/** The lender's mutex is held. */
void RandomState::become(const RandomState& other) {
  ++uses_;
  engine_ = other.engine_;
  next_float_ = other.next_float_;
  next_double_ = other.next_double_;
  accelerator_seed_ = other.accelerator_seed_;
  accelerators_.clear();
  for (const at::Tensor& state : other.accelerators_) accelerators_.push_back(state.clone());
}

/** The lender's mutex is held. */
void RandomState::take_back() {
  at::CPUGeneratorImpl* generator = processor_generator();
  {
    const std::lock_guard<std::mutex> drawing(generator->mutex_);
    engine_ = generator->engine();
    next_float_ = generator->next_float_normal_sample();
    next_double_ = generator->next_double_normal_sample();
  }
  accelerators_.clear();
  for (at::Generator& each : lender().accelerators) {
    const std::lock_guard<std::mutex> drawing(each.mutex());
    accelerators_.push_back(each.get_state());
  }
}

/** The lender's mutex is held. */
void RandomState::put_in() {
  Lender& all = lender();
  at::CPUGeneratorImpl* generator = processor_generator();
  {
    const std::lock_guard<std::mutex> drawing(generator->mutex_);
    generator->set_engine(engine_);
    generator->set_next_float_normal_sample(next_float_);
    generator->set_next_double_normal_sample(next_double_);
  }
  all.knew_accelerators = accelerator_named.load();
  all.accelerators = accelerator_generators();
  for (size_t i = 0; i < all.accelerators.size(); ++i) {
    at::Generator& each = all.accelerators[i];
    const std::lock_guard<std::mutex> drawing(each.mutex());
    if (i < accelerators_.size())
      each.set_state(accelerators_[i]);
    else
      each.set_current_seed(accelerator_seed_);
  }
  all.borrower = this;
}

RandomState::Loan::Loan(RandomState& state, For purpose) : lock_(lender().mutex) {
  if (purpose == For::drawing) ++state.uses_;
  Lender& all = lender();
  if (all.borrower == &state && all.knew_accelerators == accelerator_named.load()) return;
  if (all.borrower != nullptr) all.borrower->take_back();
  all.borrower = nullptr;
  state.put_in();
}

}  // namespace soo
