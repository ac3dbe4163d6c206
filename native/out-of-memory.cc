#include "out-of-memory.h"

#include <c10/util/Exception.h>

#include <new>

#include "safety-net.h"

namespace soo {

const char kNoMemory[] = "DefaultCPUAllocator: ";

bool is_out_of_memory(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const c10::OutOfMemoryError&) {
    return true;
  } catch (const c10::Error& other) {
    return std::string(other.what_without_backtrace()).find(kNoMemory) != std::string::npos;
  } catch (const std::bad_alloc&) {
    return true;
  } catch (...) {
    return false;
  }
}

void make_room(Environment& self, const std::unordered_set<double>& reading) {
  self.safety_net->collect_garbage(reading);
}

}  // namespace soo
