// The header is a Python literal; a small strict parser reads exactly the dictionary that NumPy writes, in any order of
// keys.
#include "io/npy.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace d2nn::io {
namespace {

/// A type as a file spells it, fit for one line of a message: what does not print is shown as `?`.
std::string quoted(std::string text) {
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return "`" + text + "`";
}

static_assert(std::endian::native == std::endian::little, "npy data is read as it stands: little-endian hosts only");

// A header longer than this is no array's: NumPy itself refuses above 10,000 bytes.
constexpr std::uint32_t greatest_header = 1 << 20;

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::uint64_t data_offset = 0;
};

// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  bool parse(Header& header) {
    bool descr = false, order = false, shape = false;
    if (!take('{')) return false;
    while (!take('}')) {
      const auto key = string();
      if (!key || !take(':')) return false;
      if (*key == "descr" && !descr) {
        descr = parse_descr(header.descr);
        if (!descr) return false;
      } else if (*key == "fortran_order" && !order) {
        order = parse_bool(header.fortran_order);
        if (!order) return false;
      } else if (*key == "shape" && !shape) {
        shape = parse_shape(header.shape);
        if (!shape) return false;
      } else {
        return false;
      }
      if (!take(',') && peek() != '}') return false;
    }
    return descr && order && shape && peek() == '\0';
  }

 private:
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  std::optional<std::string_view> string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return std::nullopt;
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const auto value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return value;
  }
  // A structured type is a list; its text is kept whole, for the message that refuses it.
  bool parse_descr(std::string& descr) {
    if (peek() == '[') {
      const auto end = text_.find(']', at_);
      if (end == std::string_view::npos) return false;
      descr = text_.substr(at_, end + 1 - at_);
      at_ = end + 1;
      return true;
    }
    const auto value = string();
    if (value) descr = *value;
    return value.has_value();
  }
  bool parse_bool(bool& value) {
    peek();
    for (const auto& [word, meaning] :
         {std::pair{std::string_view("False"), false}, {std::string_view("True"), true}}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        value = meaning;
        return true;
      }
    }
    return false;
  }
  bool parse_shape(std::vector<std::int64_t>& shape) {
    if (!take('(')) return false;
    while (!take(')')) {
      std::int64_t dim = 0;
      bool any = false;
      for (char c = peek(); c >= '0' && c <= '9'; c = at_ < text_.size() ? text_[at_] : '\0') {
        if (dim > (std::numeric_limits<std::int64_t>::max() - 9) / 10) return false;
        dim = dim * 10 + (c - '0');
        any = true;
        ++at_;
      }
      if (!any || shape.size() == 32) return false;
      shape.push_back(dim);
      if (!take(',') && peek() != ')') return false;
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Status refuse(const std::string& path, const std::string& why) {
  return Status(D2NN_INVALID_ARGUMENT, "`" + path + "` " + why);
}

Result<Header> read_header(const InputFile& file) {
  const std::string& path = file.path();
  char start[12] = {};
  if (file.size() < 10)
    return refuse(path, "is not an npy file: it has only " + std::to_string(file.size()) + " bytes");
  const std::size_t start_bytes = std::min<std::uint64_t>(12, file.size());
  if (Status status = file.read(0, start, start_bytes); !status.ok()) return status;
  if (std::memcmp(start, "\x93NUMPY", 6) != 0) {
    return refuse(path, "is not an npy file: it does not begin with the mark `\\x93NUMPY`");
  }
  const int major = static_cast<unsigned char>(start[6]);
  if (major < 1 || major > 3) {
    return refuse(path, "has npy format version " + std::to_string(major) + "; versions 1, 2 and 3 are read");
  }
  std::uint32_t length = 0;
  Header header;
  if (major == 1) {
    std::uint16_t short_length = 0;
    std::memcpy(&short_length, start + 8, 2);
    length = short_length;
    header.data_offset = 10;
  } else {
    std::memcpy(&length, start + 8, 4);
    header.data_offset = 12;
  }
  if (length > greatest_header || header.data_offset + length > file.size()) {
    return refuse(path, "is truncated or damaged: its header claims " + std::to_string(length) +
                            " bytes, the file has " + std::to_string(file.size()));
  }
  std::string text(length, '\0');
  if (Status status = file.read(header.data_offset, text.data(), length); !status.ok()) return status;
  header.data_offset += length;
  if (!HeaderParser(text).parse(header)) return refuse(path, "is damaged: its npy header cannot be understood");
  return header;
}

// Bytes of the whole array, or nothing when the count exceeds 2^62.
std::optional<std::uint64_t> data_bytes(std::span<const std::int64_t> shape, std::uint64_t element_bytes) {
  std::uint64_t bytes = element_bytes;
  for (const std::int64_t dim : shape) {
    if (dim == 0) return 0;
    if (bytes > (std::uint64_t{1} << 62) / static_cast<std::uint64_t>(dim)) return std::nullopt;
    bytes *= static_cast<std::uint64_t>(dim);
  }
  return bytes;
}

Status check_length(const InputFile& file, const Header& header, std::uint64_t element_bytes) {
  const auto needed = data_bytes(header.shape, element_bytes);
  const std::uint64_t found = file.size() - header.data_offset;
  if (needed && *needed == found) return {};
  const std::string shape = shape_text(header.shape);
  if (!needed) return refuse(file.path(), "is damaged: its shape " + shape + " is larger than any file");
  return refuse(file.path(), (found < *needed ? "is truncated: shape " : "has bytes after its data: shape ") + shape +
                                 " takes " + std::to_string(*needed) + " bytes of data, the file has " +
                                 std::to_string(found));
}

std::string wanted_text(std::span<const std::int64_t> shape) {
  std::string text = "[samples";
  for (const std::int64_t dim : shape) text += ", " + std::to_string(dim);
  return text + "]";
}

}  // namespace

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

NpyReader::NpyReader(InputFile file, std::uint64_t data_offset, std::vector<std::int64_t> dims)
    : file_(std::move(file)), data_offset_(data_offset), samples_(dims.front()), shape_(dims.begin() + 1, dims.end()) {
  for (const std::int64_t dim : shape_) elements_ *= dim;
}

Result<NpyReader> NpyReader::open(const std::string& path) {
  auto file = InputFile::open(path);
  if (!file.ok()) return file.status();
  auto header = read_header(*file);
  if (!header.ok()) return header.status();
  if (header->descr != "<f4") {
    return refuse(path, "holds " + quoted(header->descr) + "; `<f4` is needed (in NumPy: x.astype('<f4'))");
  }
  if (header->fortran_order && header->shape.size() > 1) {
    return refuse(path, "is in Fortran order; C order is needed (in NumPy: numpy.ascontiguousarray(x))");
  }
  if (header->shape.empty()) return refuse(path, "holds a single number; [samples, shape of one sample] is needed");
  if (header->shape.front() == 0) return refuse(path, "holds no samples: its shape is " + shape_text(header->shape));
  if (Status status = check_length(*file, *header, sizeof(float)); !status.ok()) return status;
  return NpyReader(*std::move(file), header->data_offset, std::move(header->shape));
}

Result<NpyReader> NpyReader::open(const std::string& path, std::span<const std::int64_t> shape) {
  auto reader = open(path);
  if (!reader.ok()) return reader;
  if (std::equal(shape.begin(), shape.end(), reader->shape_.begin(), reader->shape_.end())) return reader;
  std::vector<std::int64_t> found = {reader->samples_};
  found.insert(found.end(), reader->shape_.begin(), reader->shape_.end());
  const bool is_one_sample = std::equal(shape.begin(), shape.end(), found.begin(), found.end());
  return refuse(path, "has shape " + shape_text(found) + "; " + wanted_text(shape) + " is needed" +
                          (is_one_sample ? " (one sample still needs the first dimension; in NumPy: x[None])" : ""));
}

Status NpyReader::read(std::int64_t first, std::int64_t count, float* out) const {
  const std::uint64_t row = static_cast<std::uint64_t>(elements_) * sizeof(float);
  return file_.read(data_offset_ + static_cast<std::uint64_t>(first) * row, out, static_cast<std::size_t>(count) * row);
}

NpyWriter::NpyWriter(AtomicFile file, std::int64_t samples, std::int64_t elements)
    : file_(std::move(file)), samples_(samples), elements_(elements) {}

Result<NpyWriter> NpyWriter::create(const std::string& path, std::int64_t samples,
                                    std::span<const std::int64_t> shape) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(samples) + ",";
  std::int64_t elements = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    header += (i == 0 ? " " : ", ") + std::to_string(shape[i]);
    elements *= shape[i];
  }
  header += "), }";
  // The data begins at a multiple of 64 bytes, as the format asks; 10 bytes stand before the header.
  header.append((64 - (10 + header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  if (header.size() > 0xffff)
    return Status(D2NN_INVALID_ARGUMENT, "cannot write `" + path + "`: its shape has too many dimensions");
  auto file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string start("\x93NUMPY\x01\x00", 8);
  start.append(reinterpret_cast<const char*>(&length), 2);
  if (Status status = file->write(start + header); !status.ok()) return status;
  return NpyWriter(*std::move(file), samples, elements);
}

Status NpyWriter::append(const float* rows, std::int64_t count) {
  if (count > samples_ - written_) {
    return Status(D2NN_INVALID_ARGUMENT, "cannot write `" + file_.path() + "`: more than the announced " +
                                             std::to_string(samples_) + " samples were given");
  }
  written_ += count;
  return file_.write(rows, static_cast<std::size_t>(count * elements_) * sizeof(float));
}

Status NpyWriter::finish() {
  if (written_ == samples_) return file_.commit();
  return Status(D2NN_INVALID_ARGUMENT, "cannot write `" + file_.path() + "`: " + std::to_string(written_) +
                                           " samples were given, " + std::to_string(samples_) + " were announced");
}

Result<std::vector<std::int64_t>> read_npy_labels(const std::string& path) {
  auto file = InputFile::open(path);
  if (!file.ok()) return file.status();
  auto header = read_header(*file);
  if (!header.ok()) return header.status();
  const std::string& type = header->descr;
  const std::size_t size = type == "<i8" ? 8 : type == "<i4" || type == "<f4" ? 4 : type == "|u1" ? 1 : 0;
  if (size == 0) return refuse(path, "holds " + quoted(type) + "; labels are `<i8`, `<i4`, `|u1` or `<f4`");
  if (header->shape.size() != 1)
    return refuse(path, "has shape " + shape_text(header->shape) + "; labels need [samples]");
  if (header->shape.front() == 0) return refuse(path, "holds no labels");
  if (Status status = check_length(*file, *header, size); !status.ok()) return status;
  std::vector<unsigned char> bytes(static_cast<std::size_t>(header->shape.front()) * size);
  if (Status status = file->read(header->data_offset, bytes.data(), bytes.size()); !status.ok()) return status;
  std::vector<std::int64_t> labels(static_cast<std::size_t>(header->shape.front()));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const unsigned char* at = bytes.data() + i * size;
    if (type == "<i8") {
      std::memcpy(&labels[i], at, 8);
    } else if (type == "<i4") {
      std::int32_t value = 0;
      std::memcpy(&value, at, 4);
      labels[i] = value;
    } else if (type == "|u1") {
      labels[i] = *at;
    } else {
      float value = 0;
      std::memcpy(&value, at, 4);
      if (!(std::abs(value) <= 16777216.0f) || value != std::floor(value)) {
        return refuse(path, "holds " + std::to_string(value) + " at position " + std::to_string(i) +
                                "; labels are whole numbers");
      }
      labels[i] = static_cast<std::int64_t>(value);
    }
  }
  return labels;
}

}  // namespace d2nn::io
