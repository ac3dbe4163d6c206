#pragma once

#include <napi.h>

namespace soo {

/**
 * Products of float32 are of float32 until somebody says otherwise, whatever libtorch and its variables say: for the
 * whole process, as that is where libtorch keeps it, and so by the first environment alone.
 */
void forbid_tf32_once();

void define_precision(Napi::Object exports);

}  // namespace soo
