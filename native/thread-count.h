#pragma once

namespace soo {

/** How many threads libtorch gives an operator as long as nobody has said. */
int default_thread_count();

/**
 * Gives operators that this thread calls so many threads, for good. libtorch keeps the number a thread was given last
 * for all threads that have not called it yet: every thread that calls it is therefore given its own as it starts.
 */
void set_thread_count(int threads);

}  // namespace soo
