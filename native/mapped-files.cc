#include "mapped-files.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "environment.h"
#include "kernels/pages.h"
#include "values.h"

namespace soo {

namespace {

std::runtime_error failed(const std::string& path) { return std::runtime_error(path + ": " + std::strerror(errno)); }

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : value(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (value < 0) throw failed(path);
  }
  ~Descriptor() { ::close(value); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int value;
};

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  const Descriptor file(path);
  struct stat info{};
  if (::fstat(file.value, &info) != 0) throw failed(path);
  if (!S_ISREG(info.st_mode)) throw std::runtime_error(path + ": not a regular file");
  size_ = static_cast<uint64_t>(info.st_size);
  if (size_ == 0) return;
  void* mapping = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.value, 0);
  if (mapping == MAP_FAILED) throw failed(path);
  data_ = static_cast<uint8_t*>(mapping);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

namespace {

std::shared_ptr<MappedFile> file_at(Environment& self, napi_value value) {
  const auto found = self.mapped_files.find(static_cast<uint32_t>(to_int64(self.env, value)));
  if (found == self.mapped_files.end()) throw BadArgument("the file is closed");
  return found->second;
}

struct Range {
  uint64_t offset;
  uint64_t length;
};

Range range_in(const MappedFile& file, int64_t offset, int64_t length) {
  if (offset < 0 || length < 0 || static_cast<uint64_t>(offset) > file.size() ||
      static_cast<uint64_t>(length) > file.size() - static_cast<uint64_t>(offset)) {
    throw std::out_of_range("bytes " + std::to_string(offset) + " to " + std::to_string(offset) + " + " +
                            std::to_string(length) + " lie outside the file's " + std::to_string(file.size()));
  }
  return {static_cast<uint64_t>(offset), static_cast<uint64_t>(length)};
}

/** A byte that is neither 0 nor 1 is no bool to C++, and kernels that count and then write would not agree. */
void require_booleans(const MappedFile& file, const Range& range) {
  const uint8_t* begin = file.data() + range.offset;
  const uint8_t* end = begin + range.length;
  const uint8_t* odd = std::find_if(begin, end, [](uint8_t byte) { return byte > 1; });
  if (odd != end) {
    throw BadArgument("byte " + std::to_string(odd - file.data()) + " is " + std::to_string(*odd) +
                      ", which is no boolean");
  }
}

/** mapFile(path) -> id */
Napi::Value map_file(Environment& self, const Napi::CallbackInfo& info) {
  const std::string path = to_string(self.env, info[0]);
  if (path.find('\0') != std::string::npos) throw BadArgument("a path has no null bytes, got one");
  auto file = std::make_shared<MappedFile>(path);
  const uint32_t id = self.next_mapped_file++;
  self.mapped_files.emplace(id, std::move(file));
  return from_int64(self.env, id);
}

Napi::Value mapped_size(Environment& self, const Napi::CallbackInfo& info) {
  return from_int64(self.env, static_cast<int64_t>(file_at(self, info[0])->size()));
}

/** readMapped(id, offset, Uint8Array): copies bytes out */
Napi::Value read_mapped(Environment& self, const Napi::CallbackInfo& info) {
  const auto file = file_at(self, info[0]);
  if (!info[2].IsTypedArray()) throw BadArgument("Invalid argument");
  auto into = info[2].As<Napi::Uint8Array>();
  if (into.TypedArrayType() != napi_uint8_array) throw BadArgument("expected a Uint8Array");
  const Range range = range_in(*file, to_int64(self.env, info[1]), static_cast<int64_t>(into.ElementLength()));
  if (range.length > 0) std::memcpy(into.Data(), file->data() + range.offset, range.length);
  return {};
}

/** mappedTensor(id, offset, dtype, shape): a tensor that lies in the mapping and keeps it alive */
Napi::Value mapped_tensor(Environment& self, const Napi::CallbackInfo& info) {
  const auto file = file_at(self, info[0]);
  const int64_t offset = to_int64(self.env, info[1]);
  const c10::ScalarType dtype = to_dtype(self.env, info[2]);
  if (c10::isQIntType(dtype)) throw BadArgument("a quantised dtype cannot be mapped");
  const std::vector<int64_t> shape = to_int_list(self.env, info[3]);
  auto length = static_cast<int64_t>(c10::elementSize(dtype));
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(length, size, &length))
      throw BadArgument("the shape [" + c10::Join(", ", shape) + "] is impossible");
  }
  const Range range = range_in(*file, offset, length);
  if (range.offset % c10::elementSize(dtype) != 0) {
    throw std::out_of_range("offset " + std::to_string(offset) + " is not aligned for " + dtype_name(dtype));
  }
  if (dtype == c10::kBool) require_booleans(*file, range);
  const auto options = at::TensorOptions().dtype(dtype);
  if (range.length == 0) return from_tensor(self, at::empty(shape, options));
  return from_tensor(self, at::from_blob(file->data() + range.offset, shape, [file](void*) {}, options));
}

/** releaseMapped(tensor): its pages, as far as they are a file's and unchanged, are read anew when they are needed */
Napi::Value release_mapped(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor tensor = self.tensors.get(to_double(self.env, info[0]));
  if (tensor.layout() == c10::kStrided && tensor.is_cpu() && tensor.is_contiguous() && tensor.nbytes() > 0)
    release_clean_pages(tensor.const_data_ptr(), tensor.nbytes());
  return {};
}

Napi::Value unmap_file(Environment& self, const Napi::CallbackInfo& info) {
  self.mapped_files.erase(static_cast<uint32_t>(to_int64(self.env, info[0])));
  return {};
}

}  // namespace

void define_mapped_files(Napi::Object exports) {
  define<map_file>(exports, "mapFile");
  define<mapped_size>(exports, "mappedSize");
  define<read_mapped>(exports, "readMapped");
  define<mapped_tensor>(exports, "mappedTensor");
  define<unmap_file>(exports, "unmapFile");
  define<release_mapped>(exports, "releaseMapped");
}

}  // namespace soo
