#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <array>
#include <atomic>
#include <chrono>

#include "current-device.h"
#include "memory.h"

// Devices that do at once what they are told: a stream is a number, an event is a time.

namespace standin {

namespace {

thread_local int device_now = 0;
thread_local std::array<c10::StreamId, kDevices> streams_now{};

c10::Device device_at(int index) { return {kType, static_cast<c10::DeviceIndex>(index)}; }

int index_of(c10::Device device) {
  TORCH_CHECK(device.type() == kType && device.index() < kDevices, "no such device: ", device);
  return device.has_index() ? device.index() : device_now;
}

struct Mark {
  std::chrono::steady_clock::time_point when;
  bool timing;
};

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device device) const override {
    return device_at(std::exchange(device_now, index_of(device)));
  }
  c10::Device getDevice() const override { return device_at(device_now); }
  void setDevice(c10::Device device) const override { device_now = index_of(device); }
  void uncheckedSetDevice(c10::Device device) const noexcept override { device_now = device.index(); }
  c10::DeviceIndex deviceCount() const noexcept override { return kDevices; }

  c10::Stream getStream(c10::Device device) const override {
    const int index = index_of(device);
    return c10::Stream(c10::Stream::UNSAFE, device_at(index), streams_now[index]);
  }
  c10::Stream getDefaultStream(c10::Device device) const override {
    return c10::Stream(c10::Stream::DEFAULT, device_at(index_of(device)));
  }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override { return getNewStream(device, 0); }
  c10::Stream getNewStream(c10::Device device, int) const override {
    static std::atomic<c10::StreamId> last{0};
    return c10::Stream(c10::Stream::UNSAFE, device_at(index_of(device)), ++last);
  }
  c10::Stream exchangeStream(c10::Stream stream) const override {
    const int index = index_of(stream.device());
    return c10::Stream(c10::Stream::UNSAFE, device_at(index), std::exchange(streams_now[index], stream.id()));
  }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
  void synchronizeDevice(c10::DeviceIndex) const override {}

  void record(void** event, const c10::Stream&, c10::DeviceIndex, c10::EventFlag flag) const override {
    if (*event == nullptr) *event = new Mark;
    *static_cast<Mark*>(*event) = {std::chrono::steady_clock::now(), flag == c10::EventFlag::BACKEND_DEFAULT};
  }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override { delete static_cast<Mark*>(event); }
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void synchronizeEvent(void*) const override {}
  double elapsedTime(void* from, void* to, c10::DeviceIndex) const override {
    const auto *first = static_cast<Mark*>(from), *second = static_cast<Mark*>(to);
    TORCH_CHECK(first->timing && second->timing, "Both events must be created with timing enabled");
    return std::chrono::duration<double, std::milli>(second->when - first->when).count();
  }
};

/** What a processor's generator does, under the device's name. */
struct Generator final : c10::GeneratorImpl {
  Generator(int device, at::Generator inner)
      : GeneratorImpl(device_at(device), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)), inner(std::move(inner)) {}
  static c10::DeviceType device_type() { return kType; }
  void set_current_seed(uint64_t seed) override { inner.set_current_seed(seed); }
  void set_offset(uint64_t) override { TORCH_CHECK(false, "generators of the stand-in have no offset"); }
  uint64_t get_offset() const override { return 0; }
  uint64_t current_seed() const override { return inner.current_seed(); }
  uint64_t seed() override { return inner.seed(); }
  void set_state(const c10::TensorImpl& state) override { inner.unsafeGetGeneratorImpl()->set_state(state); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return inner.unsafeGetGeneratorImpl()->get_state(); }
  Generator* clone_impl() const override { return new Generator(device_.index(), inner.clone()); }

  at::Generator inner;
};

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return kDevices; }
  c10::DeviceIndex getCurrentDevice() const override { return static_cast<c10::DeviceIndex>(device_now); }
  void setCurrentDevice(c10::DeviceIndex device) const override { device_now = index_of(device_at(device)); }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex device) const override {
    return static_cast<c10::DeviceIndex>(std::exchange(device_now, index_of(device_at(device))));
  }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex device) const override { return exchangeDevice(device); }
  c10::Allocator* getPinnedMemoryAllocator() const override { return c10::GetCPUAllocator(); }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex device) const override {
    return default_generator(index_of(device_at(device)));
  }
  at::Generator getNewGenerator(c10::DeviceIndex device) const override {
    return at::make_generator<Generator>(index_of(device_at(device)), at::detail::createCPUGenerator());
  }
};

}  // namespace

int current_device() noexcept { return device_now; }

const at::Generator& default_generator(int device) {
  static const auto* all =
      new std::array<at::Generator, kDevices>{at::make_generator<Generator>(0, at::detail::createCPUGenerator()),
                                              at::make_generator<Generator>(1, at::detail::createCPUGenerator())};
  return all->at(device);
}

at::Generator inner_generator(const at::Generator& generator) {
  if (!generator.defined() || generator.device().type() != kType) return generator;
  return static_cast<Generator*>(generator.unsafeGetGeneratorImpl())->inner;
}

void register_devices() {
  c10::register_privateuse1_backend("standin");
  c10::SetAllocator(kType, &allocator());
  at::RegisterPrivateUse1HooksInterface(new Hooks);
}

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

}  // namespace standin
