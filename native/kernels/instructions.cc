#include "kernels/instructions.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#endif

namespace soo {

#if defined(__x86_64__) && defined(__GNUC__)

namespace {

enum class Level { kNone, kAvx2, kAvx512, kAvx512BFloat16 };

Level level_allowed() {
  const char* said = std::getenv("ATEN_CPU_CAPABILITY");
  const std::string name = said == nullptr ? "" : said;
  if (name == "default") return Level::kNone;
  return name == "avx2" ? Level::kAvx2 : Level::kAvx512BFloat16;
}

Level level_present() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Level::kNone;
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (!wide) return Level::kAvx2;
  return __builtin_cpu_supports("avx512bf16") ? Level::kAvx512BFloat16 : Level::kAvx512;
}

bool has(Level level) {
  static const Level usable = std::min(level_allowed(), level_present());
  return usable >= level;
}

}  // namespace

bool has_avx2() { return has(Level::kAvx2); }
bool has_avx512() { return has(Level::kAvx512); }
bool has_avx512_bfloat16() { return has(Level::kAvx512BFloat16); }

bool has_amx_bfloat16() {
  // The compiler's own question does not know of them everywhere.
  constexpr unsigned kFeatures = 7, kAmxBFloat16 = 1u << 22;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return has_avx512_bfloat16() && __get_cpuid_count(kFeatures, 0, &a, &b, &c, &d) != 0 && (d & kAmxBFloat16) != 0;
}

#else

bool has_avx2() { return false; }
bool has_avx512() { return false; }
bool has_avx512_bfloat16() { return false; }
bool has_amx_bfloat16() { return false; }

#endif

}  // namespace soo
