// zlib's gz functions read plain files as well as compressed ones, so both take the same way.
#include "io/idx.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "io/input_file.h"
#include "io/npy.h"

namespace d2nn::io {
namespace {

constexpr std::uint64_t greatest_bytes = std::uint64_t{1} << 33;
constexpr std::size_t step_bytes = std::size_t{16} << 20;

Status refuse(const std::string& path, const std::string& words) {
  return Status(D2NN_INVALID_ARGUMENT, "`" + path + "` " + words);
}

struct Close {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzFile = std::unique_ptr<gzFile_s, Close>;

// Reads up to `size` bytes; fewer only at the end of the file. A damaged stream gives -1.
std::int64_t read_some(gzFile file, void* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const int got = gzread(file, static_cast<char*>(out) + done,
                           static_cast<unsigned>(std::min<std::size_t>(size - done, 1u << 30)));
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  int error = Z_OK;
  gzerror(file, &error);
  return error == Z_OK || error == Z_STREAM_END ? static_cast<std::int64_t>(done) : -1;
}

std::uint32_t big_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

}  // namespace

Result<IdxArray> read_idx(const std::string& path) {
  if (auto probe = InputFile::open(path); !probe.ok()) return probe.status();  // zlib would not say why
  const GzFile file(gzopen(path.c_str(), "rb"));
  if (file == nullptr) return Status(D2NN_IO_ERROR, "cannot open `" + path + "`");
  gzbuffer(file.get(), 1 << 18);
  const auto damaged = [&] { return refuse(path, "is damaged or truncated: its compressed data does not end well"); };

  std::array<unsigned char, 4> magic = {};
  const std::int64_t magic_bytes = read_some(file.get(), magic.data(), magic.size());
  if (magic_bytes < 0) return damaged();
  if (magic_bytes < 4 || magic[0] != 0 || magic[1] != 0) return refuse(path, "is not an IDX file");
  if (magic[2] != 0x08)
    return refuse(path, "holds IDX type " + std::to_string(magic[2]) + "; unsigned bytes (8) are needed");
  const std::size_t rank = magic[3];
  if (rank < 1 || rank > 8) return refuse(path, "has " + std::to_string(rank) + " dimensions; 1 to 8 are read");

  IdxArray array;
  std::uint64_t total = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    std::array<unsigned char, 4> bytes = {};
    const std::int64_t got = read_some(file.get(), bytes.data(), bytes.size());
    if (got < 0) return damaged();
    if (got < 4) return refuse(path, "is truncated inside its header");
    const std::uint32_t dim = big_endian(bytes.data());
    array.dims.push_back(dim);
    if (dim == 0) return refuse(path, "is empty: its dimensions are " + shape_text(array.dims));
    if (total > greatest_bytes / dim)
      return refuse(path, "claims more than " + std::to_string(greatest_bytes) + " bytes of data");
    total *= dim;
  }
  while (array.bytes.size() < total) {  // grows with the data that is there
    const std::size_t before = array.bytes.size();
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(std::max(step_bytes, before), total - before));
    array.bytes.resize(before + step);
    const std::int64_t got = read_some(file.get(), array.bytes.data() + before, step);
    if (got < 0) return damaged();
    if (static_cast<std::size_t>(got) < step) {
      return refuse(path, "is truncated: dimensions " + shape_text(array.dims) + " take " + std::to_string(total) +
                              " bytes, the file has " + std::to_string(before + static_cast<std::size_t>(got)));
    }
  }
  char more = 0;
  const std::int64_t rest = read_some(file.get(), &more, 1);
  if (rest < 0) return damaged();
  if (rest > 0)
    return refuse(path,
                  "has bytes after its data: dimensions " + shape_text(array.dims) + " take " + std::to_string(total));
  return array;
}

}  // namespace d2nn::io
