#include "kernels/pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

namespace soo {

namespace {

/** Whole pages within a stretch of memory. */
struct Pages {
  uintptr_t first, count, size;
};

Pages pages_within(const void* begin, size_t bytes) {
  const auto size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)), from = reinterpret_cast<uintptr_t>(begin);
  const uintptr_t first = (from + size - 1) / size, end = (from + bytes) / size;
  return {first, end > first ? end - first : 0, size};
}

/** What /proc/self/pagemap says of each page; empty where it cannot be read. */
std::vector<uint64_t> kinds_of(const Pages& pages) {
  std::vector<uint64_t> kinds(pages.count);
  const int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const size_t bytes = pages.count * sizeof(uint64_t);
  const ssize_t got = pread(file, kinds.data(), bytes, static_cast<off_t>(pages.first * sizeof(uint64_t)));
  close(file);
  if (got != static_cast<ssize_t>(bytes)) kinds.clear();
  return kinds;
}

/** Bit 61: the page belongs to a file, and so was not copied to be written to. */
bool is_of_file(uint64_t kind) { return kind >> 61 & 1; }

}  // namespace

void release_clean_pages(const void* begin, size_t bytes) {
  const Pages pages = pages_within(begin, bytes);
  const std::vector<uint64_t> kinds = kinds_of(pages);
  for (size_t i = 0; i < kinds.size();) {
    size_t end = i;
    while (end < kinds.size() && is_of_file(kinds[end])) ++end;
    if (end > i)
      madvise(reinterpret_cast<void*>((pages.first + i) * pages.size), (end - i) * pages.size, MADV_DONTNEED);
    i = end + 1;
  }
}

}  // namespace soo
