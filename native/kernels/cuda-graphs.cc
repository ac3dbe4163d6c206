#include "cuda/graphs.h"

#include "environment.h"
#include "externals.h"
#include "kernels/registry.h"
#include "values.h"

// The way to native/cuda/graphs.cc, whose library is opened before this one where it was built: else there is no such
// symbol.

namespace soo {

__attribute__((weak)) std::unique_ptr<CudaGraph> begin_cuda_graph(c10::Device device);

namespace {

const napi_type_tag kGraphTag = {0x736f6f5f67726170, 0x6800000000000001};

/** Empty once it was dropped. */
std::unique_ptr<CudaGraph>& graph_at(const Napi::Value& value) {
  return external_at<std::unique_ptr<CudaGraph>>(value, kGraphTag, "a captured graph");
}

CudaGraph& live_graph_at(const Napi::Value& value) {
  const auto& graph = graph_at(value);
  if (!graph) throw BadArgument("the captured graph was dropped");
  return *graph;
}

/** hasGraphs(): whether this build can capture graphs */
Napi::Value has_graphs(Environment& self, const Napi::CallbackInfo&) {
  return Napi::Boolean::New(self.env, begin_cuda_graph != nullptr);
}

/** beginGraph(device): from here on what is queued on its current stream is recorded */
Napi::Value begin_graph(Environment& self, const Napi::CallbackInfo& info) {
  const c10::Device device = to_device(self.env, info[0]);
  if (begin_cuda_graph == nullptr || !device.is_cuda())
    throw BadArgument("graphs are captured on GPUs, by builds for CUDA");
  return make_external(self.env, kGraphTag, begin_cuda_graph(device));
}

Napi::Value end_graph(Environment&, const Napi::CallbackInfo& info) {
  live_graph_at(info[0]).end();
  return {};
}

Napi::Value replay_graph(Environment&, const Napi::CallbackInfo& info) {
  live_graph_at(info[0]).replay();
  return {};
}

/** dropGraph(graph): gives its memory back, and ends recording where it still goes on */
Napi::Value drop_graph(Environment&, const Napi::CallbackInfo& info) {
  graph_at(info[0]).reset();
  return {};
}

const KernelFunctions kFunctions([](Napi::Object exports) {
  define<has_graphs>(exports, "hasGraphs");
  define<begin_graph>(exports, "beginGraph");
  define<end_graph>(exports, "endGraph");
  define<replay_graph>(exports, "replayGraph");
  define<drop_graph>(exports, "dropGraph");
});

}  // namespace

}  // namespace soo
