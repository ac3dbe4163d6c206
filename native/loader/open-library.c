// A module of its own, linked to nothing: it opens libtorch from wherever it was found, so that the addon proper, which
// is linked without an rpath, finds its libraries already loaded.

#include <dlfcn.h>
#include <node_api.h>
#include <stdlib.h>

enum { kLongestPath = 4096 };

/** OpenMP reads its settings when it is loaded, with libtorch. Left alone its threads spin for milliseconds while they
 * wait for each other, which on a machine that has other work takes the time from those that are waited for: 20 to 40
 * times longer for a pass of a model, as measured. So many turns are microseconds, after which a thread sleeps. A
 * worker's process.env is a copy, so that JavaScript could not set it for the process. */
static void spin_shortly(void) {
  if (getenv("OMP_WAIT_POLICY") == NULL) setenv("GOMP_SPINCOUNT", "1000", 0);
}

/** open(path): opens a shared library for good, its symbols visible to all that follow. Throws with the linker's
 * reason. */
static napi_value open_library(napi_env env, napi_callback_info info) {
  char path[kLongestPath];
  size_t argc = 1, length = 0;
  napi_value argument;
  napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
  if (argc < 1 || napi_get_value_string_utf8(env, argument, path, sizeof path, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "open: expected a path");
    return NULL;
  }
  spin_shortly();
  if (dlopen(path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE) == NULL) {
    napi_throw_error(env, NULL, dlerror());
  }
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, open_library, NULL, &function);
  napi_set_named_property(env, exports, "open", function);
  return exports;
}
