// Data sets that are one or two files of plain numbers: MNIST, CIFAR-10, IDX pairs, npy pairs.
#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include "io/idx.h"
#include "io/image.h"
#include "io/input_file.h"
#include "io/npy.h"
#include "train/datasets/kinds.h"

namespace d2nn::datasets {
namespace {

// More classes than this and the labels are something else.
constexpr std::int64_t greatest_label = 999'999;

// Samples of bytes as a file stores them: [samples, dims].
struct Stored {
  std::string place;
  std::vector<std::int64_t> dims;  // of one sample
  std::vector<std::uint8_t> bytes;
};

std::size_t product(std::span<const std::int64_t> dims) {
  std::size_t elements = 1;
  for (const std::int64_t dim : dims) elements *= static_cast<std::size_t>(dim);
  return elements;
}

// The samples as the network wants them. Images may change between grey and RGB, and their size with --resize; any
// other shape must have as many elements.
Result<std::vector<std::uint8_t>> fit(Stored stored, const Request& request) {
  const std::vector<std::int64_t> wanted(request.shape.begin(), request.shape.end());
  std::vector<std::int64_t> dims = stored.dims;
  if (dims.size() == 2) dims.insert(dims.begin(), 1);
  const std::size_t elements = product(stored.dims);
  if (dims == wanted || (!is_image_shape(wanted) && product(wanted) == elements)) return std::move(stored.bytes);
  const auto mismatch = [&](const std::string& fix) {
    return refuse(stored.place, "holds samples of shape " + io::shape_text(stored.dims) + "; the network's input is " +
                                    io::shape_text(wanted) + fix);
  };
  if (!is_image_shape(wanted) || !is_image_shape(dims)) return mismatch("");
  const bool same_size = dims[1] == wanted[1] && dims[2] == wanted[2];
  if (!same_size && !request.options.resize) return mismatch(" (or `--resize`)");
  if (dims[0] == 3 && wanted[0] == 1) return mismatch(", and colour is not made grey for this kind of data");
  const std::size_t samples = stored.bytes.size() / elements;
  std::vector<std::uint8_t> out;
  out.reserve(samples * product(wanted));
  for (std::size_t s = 0; s < samples; ++s) {
    const auto from = stored.bytes.begin() + static_cast<std::ptrdiff_t>(s * elements);
    io::Image image{dims[0], dims[1], dims[2], {from, from + static_cast<std::ptrdiff_t>(elements)}};
    if (!same_size) image = io::resize_image(image, wanted[1], wanted[2]);
    const std::int64_t copies = wanted[0] / dims[0];
    for (std::int64_t c = 0; c < copies; ++c) out.insert(out.end(), image.bytes.begin(), image.bytes.end());
  }
  return out;
}

// Checks labels read from `place` and makes names "0", "1", ... for them, as many as the network tells apart.
Result<std::vector<std::string>> number_classes(const std::string& place, std::span<const std::int64_t> labels,
                                                std::size_t classes) {
  const std::int64_t end = classes != 0 ? static_cast<std::int64_t>(classes) : greatest_label + 1;
  const auto bad =
      std::find_if(labels.begin(), labels.end(), [&](std::int64_t label) { return label < 0 || label >= end; });
  if (bad != labels.end()) {
    return refuse(place, "holds the label " + std::to_string(*bad) + " at position " +
                             std::to_string(bad - labels.begin()) + "; labels from 0 to " + std::to_string(end - 1) +
                             " are needed");
  }
  const auto count =
      classes != 0 ? static_cast<std::int64_t>(classes) : *std::max_element(labels.begin(), labels.end()) + 1;
  std::vector<std::string> names;
  for (std::int64_t c = 0; c < count; ++c) names.push_back(std::to_string(c));
  return names;
}

std::string samples_text(std::size_t samples) {
  return std::to_string(samples) + (samples == 1 ? " sample" : " samples");
}

// A pair of files has no splits.
Status check_whole(const std::string& samples, Split split) {
  if (split != Split::val && split != Split::test) return {};
  return refuse(samples, std::string("has no split `") + split_name(split) +
                             "`: a pair of files is taken whole; leave `--split` out");
}

std::vector<std::int32_t> narrow(std::span<const std::int64_t> labels) {
  std::vector<std::int32_t> out(labels.size());
  std::transform(labels.begin(), labels.end(), out.begin(),
                 [](std::int64_t label) { return static_cast<std::int32_t>(label); });
  return out;
}

Dataset make_bytes(std::vector<std::uint8_t> bytes, std::vector<std::int32_t> labels, std::vector<std::string> names,
                   const std::string& part, const Request& request) {
  const std::string text = part + ": " + samples_text(labels.size());
  auto source = std::make_unique<ByteSource>(std::move(bytes), product(request.shape));
  return Dataset(std::move(source), {request.shape.begin(), request.shape.end()}, std::move(labels), std::move(names),
                 text);
}

Status wrong_count(const std::string& samples, std::int64_t sample_count, const std::string& labels,
                   std::int64_t label_count) {
  return refuse(samples, "holds " + std::to_string(sample_count) + " samples, but `" + labels + "` holds " +
                             std::to_string(label_count) + " labels");
}

std::string part_of(const std::string& place, const Request& request) {
  return place + ", " + split_name(request.split);
}

// Both IDX files, checked against each other. `part` is what they are called in logs.
Result<Dataset> open_idx_files(const std::string& images, const std::string& labels, const std::string& part,
                               const Request& request) {
  auto samples = io::read_idx(images);
  if (!samples.ok()) return samples.status();
  auto marks = io::read_idx(labels);
  if (!marks.ok()) return marks.status();
  if (marks->dims.size() != 1)
    return refuse(labels, "has dimensions " + io::shape_text(marks->dims) + "; labels need [samples]");
  if (samples->dims.size() < 2)
    return refuse(images, "has dimensions " + io::shape_text(samples->dims) + "; [samples, shape] is needed");
  if (samples->dims[0] != marks->dims[0]) return wrong_count(images, samples->dims[0], labels, marks->dims[0]);
  const std::vector<std::int64_t> wide(marks->bytes.begin(), marks->bytes.end());
  auto names = number_classes(labels, wide, request.options.classes);
  if (!names.ok()) return names.status();
  auto bytes = fit({images, {samples->dims.begin() + 1, samples->dims.end()}, std::move(samples->bytes)}, request);
  if (!bytes.ok()) return bytes.status();
  return make_bytes(*std::move(bytes), narrow(wide), *std::move(names), part, request);
}

// One of MNIST's files: plain or .gz, named as on its home page (`train-images-idx3-ubyte`) or as some programs unpack
// it (`train-images.idx3-ubyte`), perhaps in a folder of its own name.
std::optional<std::string> find_mnist_file(const std::string& folder, const std::string& stem,
                                           const std::string& ending) {
  std::error_code error;
  const std::string names[] = {stem + "-" + ending, stem + "." + ending};
  for (const std::string& name : names) {
    for (const std::string& file : {name, name + ".gz", name + "/" + name, name + "/" + names[1]}) {
      std::string path = (std::filesystem::path(folder) / file).string();
      if (std::filesystem::is_regular_file(path, error)) return path;
    }
  }
  return std::nullopt;
}

// Data that is a folder of files with known names.
Status check_folder(const std::string& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return {};
  const bool exists = std::filesystem::exists(folder, error);
  return {D2NN_IO_ERROR,
          "cannot open `" + folder + "`: " +
              (exists ? "it is a file, the folder that holds the data's files is needed" : "there is no such folder")};
}

// Data with a train and a test part.
Status check_split(const std::string& place, Split split) {
  if (split == Split::val)
    return refuse(place, "has a train and a test split, no val; set some of train aside instead (`--holdout`)");
  if (split == Split::all) return refuse(place, "has a train and a test split; name one of them");
  return {};
}

// The samples of an npy file, read when they are asked for.
class NpySource : public Source {
 public:
  explicit NpySource(io::NpyReader reader) : reader_(std::move(reader)) {}
  Status fill(std::size_t index, float* out) const override {
    return reader_.read(static_cast<std::int64_t>(index), 1, out);
  }
  std::string float_file() const override { return reader_.path(); }

 private:
  io::NpyReader reader_;
};

}  // namespace

Result<Dataset> open_idx(const std::string& images, const std::string& labels, const Request& request) {
  if (Status status = check_whole(images, request.split); !status.ok()) return status;
  return open_idx_files(images, labels, images, request);
}

Result<Dataset> open_mnist(const std::string& folder, const Request& request) {
  if (Status status = check_split(folder, request.split); !status.ok()) return status;
  const std::string stem = request.split == Split::train ? "train" : "t10k";
  if (Status status = check_folder(folder); !status.ok()) return status;
  std::array<std::string, 2> paths;
  const std::array<std::array<std::string, 2>, 2> names = {
      {{stem + "-images", "idx3-ubyte"}, {stem + "-labels", "idx1-ubyte"}}};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& [front, ending] = names[i];
    auto path = find_mnist_file(folder, front, ending);
    if (!path) {
      return Status(D2NN_IO_ERROR, "folder `" + folder + "` holds neither `" + front + "-" + ending + "` nor `" +
                                       front + "." + ending + "`, plain or with `.gz` behind");
    }
    paths[i] = *std::move(path);
  }
  return open_idx_files(paths[0], paths[1], part_of(paths[0], request), request);
}

Result<Dataset> open_cifar10(const std::string& folder, const Request& request) {
  static constexpr std::size_t image_bytes = 3 * 32 * 32, record_bytes = image_bytes + 1;
  static constexpr std::uint64_t greatest_file = 1 << 30;
  if (Status status = check_split(folder, request.split); !status.ok()) return status;
  if (Status status = check_folder(folder); !status.ok()) return status;
  std::vector<std::string> files = {"test_batch.bin"};
  if (request.split == Split::train) {
    files.clear();
    for (int i = 1; i <= 5; ++i) files.push_back("data_batch_" + std::to_string(i) + ".bin");
  }
  std::vector<std::string> names = {"airplane", "automobile", "bird",  "cat",  "deer",
                                    "dog",      "frog",       "horse", "ship", "truck"};
  if (request.options.classes != 0 && request.options.classes < names.size()) {
    return refuse(folder, "has 10 classes, the network tells " + std::to_string(request.options.classes) + " apart");
  }
  Stored stored{folder, {3, 32, 32}, {}};
  std::vector<std::int32_t> labels;
  for (const std::string& name : files) {
    const std::string path = (std::filesystem::path(folder) / name).string();
    std::error_code error;
    if (!std::filesystem::exists(path, error) && std::filesystem::exists(path.substr(0, path.size() - 4), error)) {
      return refuse(folder, "holds CIFAR-10 as Python pickles; the binary version (`" + name + "`) is needed");
    }
    auto file = io::read_file(path, greatest_file);
    if (!file.ok()) return file.status();
    if (file->empty() || file->size() % record_bytes != 0) {
      return refuse(
          path, "has " + std::to_string(file->size()) + " bytes; a whole number of records of 3073 bytes is needed");
    }
    for (std::size_t at = 0; at < file->size(); at += record_bytes) {
      const std::uint8_t label = (*file)[at];
      if (label >= names.size()) {
        return refuse(path, "holds the label " + std::to_string(label) + " in record " +
                                std::to_string(at / record_bytes) + "; labels from 0 to 9 are needed");
      }
      labels.push_back(label);
      const auto from = file->begin() + static_cast<std::ptrdiff_t>(at + 1);
      stored.bytes.insert(stored.bytes.end(), from, from + static_cast<std::ptrdiff_t>(image_bytes));
    }
  }
  auto bytes = fit(std::move(stored), request);
  if (!bytes.ok()) return bytes.status();
  return make_bytes(*std::move(bytes), std::move(labels), std::move(names), part_of(folder, request), request);
}

Result<Dataset> open_npy(const std::string& samples, const std::string& labels, const Request& request) {
  if (Status status = check_whole(samples, request.split); !status.ok()) return status;
  auto reader = io::NpyReader::open(samples, request.shape);
  if (!reader.ok()) return reader.status();
  auto marks = io::read_npy_labels(labels);
  if (!marks.ok()) return marks.status();
  const auto label_count = static_cast<std::int64_t>(marks->size());
  if (reader->samples() != label_count) return wrong_count(samples, reader->samples(), labels, label_count);
  if (label_count > std::numeric_limits<std::int32_t>::max()) return refuse(samples, "holds more than 2^31 samples");
  auto names = number_classes(labels, *marks, request.options.classes);
  if (!names.ok()) return names.status();
  auto source = std::make_unique<NpySource>(*std::move(reader));
  return Dataset(std::move(source), {request.shape.begin(), request.shape.end()}, narrow(*marks), *std::move(names),
                 samples + ": " + samples_text(marks->size()));
}

}  // namespace d2nn::datasets
