#include "thread-count.h"

#include <ATen/Parallel.h>

namespace soo {

int default_thread_count() {
  static const int count = at::get_num_threads();
  return count;
}

void set_thread_count(int threads) {
  at::get_num_threads();  // a thread that asks for the first time takes over the number that was given last
  at::set_num_threads(threads);
}

}  // namespace soo
