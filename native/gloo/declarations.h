#pragma once

// What torch/csrc/distributed/c10d/ProcessGroupGloo.hpp needs of gloo. libtorch carries gloo inside but ships none of
// its headers; of these classes it only holds pointers, so that their size and members need not be known here. The
// headers beside this one have gloo's names, as c10d includes them, and hold nothing else.

#include <chrono>
#include <string>
#include <vector>

namespace gloo {

class Algorithm {};

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

namespace rendezvous {

class Store {
 public:
  virtual ~Store() = default;
  virtual void set(const std::string& key, const std::vector<char>& value) = 0;
  virtual std::vector<char> get(const std::string& key) = 0;
  virtual void wait(const std::vector<std::string>& keys) = 0;
  virtual void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) = 0;
};

}  // namespace rendezvous

namespace transport {

class Device {
 public:
  virtual ~Device() = 0;
};

class UnboundBuffer {
 public:
  virtual ~UnboundBuffer() = 0;
};

}  // namespace transport

}  // namespace gloo
