// Folders of images, on disk or in a tar. image_selection.h settles which images are meant; here they are decoded, some
// hundred at a time on all threads, into one block of bytes.
#include <algorithm>
#include <filesystem>
#include <map>
#include <new>
#include <string_view>
#include <utility>

#include "io/image.h"
#include "io/input_file.h"
#include "io/npy.h"
#include "io/tar.h"
#include "threads/thread_pool.h"
#include "train/datasets/image_selection.h"
#include "train/datasets/kinds.h"

namespace d2nn::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk_images = 512;
constexpr std::uint64_t greatest_file = std::uint64_t{256} << 20;

// Decodes images into their places, a chunk at a time.
class Decoder {
 public:
  Decoder(const Request& request, std::size_t images)
      : request_(request), total_(images), pool_(std::max<std::size_t>(1, request.options.threads)) {
    elements_ = static_cast<std::size_t>(request.shape[0] * request.shape[1] * request.shape[2]);
    bytes_.resize(images * elements_);
  }

  // One image to decode: its content, or a path to read it from.
  struct Job {
    std::size_t index = 0;
    std::string name;  // for messages; the path where `content` is empty and `from_disk` set
    std::vector<std::uint8_t> content;
    bool from_disk = false;
  };

  Status add(Job job) {
    jobs_.push_back(std::move(job));
    return jobs_.size() == chunk_images ? flush() : Status();
  }

  Status flush() {
    std::vector<Status> results(jobs_.size());
    auto task = [&](std::size_t i, std::size_t) {
      try {
        results[i] = decode(jobs_[i]);
      } catch (const std::bad_alloc&) {
        results[i] = Status(D2NN_OUT_OF_MEMORY, "image `" + jobs_[i].name + "` does not fit into memory");
      }
    };
    pool_.run(jobs_.size(), task);
    for (const Status& result : results) {
      if (!result.ok()) return result;
    }
    done_ += jobs_.size();
    jobs_.clear();
    if (request_.options.progress) request_.options.progress(done_, total_);
    return {};
  }

  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  Status decode(Job& job) {
    if (job.from_disk) {
      auto content = io::read_file(job.name, greatest_file);
      if (!content.ok()) return content.status();
      job.content = *std::move(content);
    }
    const auto& shape = request_.shape;
    auto image = io::decode_image(job.content, job.name, shape[0] == 1 ? io::Colour::grey : io::Colour::rgb);
    if (!image.ok()) return image.status();
    if (image->height != shape[1] || image->width != shape[2]) {
      if (!request_.options.resize) {
        return refuse(job.name, "is " + std::to_string(image->width) + " x " + std::to_string(image->height) +
                                    " pixels; " + std::to_string(shape[2]) + " x " + std::to_string(shape[1]) +
                                    " are needed (or `--resize`)");
      }
      image = io::resize_image(*image, shape[1], shape[2]);
    }
    std::copy(image->bytes.begin(), image->bytes.end(),
              bytes_.begin() + static_cast<std::ptrdiff_t>(job.index * elements_));
    return {};
  }

  const Request& request_;
  std::size_t total_ = 0, done_ = 0, elements_ = 0;
  threads::ThreadPool pool_;
  std::vector<Job> jobs_;
  std::vector<std::uint8_t> bytes_;
};

Status decode_folder(const std::string& root, const std::vector<Item>& items, Decoder& decoder) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (Status status = decoder.add({i, (fs::path(root) / items[i].name).string(), {}, true}); !status.ok())
      return status;
  }
  return decoder.flush();
}

Status decode_tar(const std::string& path, const std::vector<Item>& items, Decoder& decoder) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!places.emplace(items[i].name, i).second) return refuse(path, "holds `" + items[i].name + "` twice");
  }
  auto reader = io::TarReader::open(path);
  if (!reader.ok()) return reader.status();
  std::size_t found = 0;
  for (;;) {
    auto name = reader->next();
    if (!name.ok()) return name.status();
    if (!*name) break;
    const auto place = places.find(**name);
    if (place == places.end()) continue;
    auto content = reader->read();
    if (!content.ok()) return content.status();
    ++found;
    if (Status status = decoder.add({place->second, path + "/" + **name, *std::move(content), false}); !status.ok())
      return status;
  }
  if (found != items.size()) return refuse(path, "changed while it was read");
  return decoder.flush();
}

}  // namespace

Result<Dataset> open_images(const std::string& place, const Request& request) {
  if (!is_image_shape(request.shape)) {
    return refuse(place, "holds images; the network's input is " + io::shape_text(request.shape) +
                             ", [1 or 3, height, width] is needed");
  }
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (!fs::exists(status))
    return Status(D2NN_IO_ERROR, "cannot open `" + place + "`: there is no such folder or archive");
  const bool is_folder = fs::is_directory(status);
  auto listing = is_folder ? list_folder(place) : list_tar(place);
  if (!listing.ok()) return listing.status();
  auto selection = select(place, *listing, request.split);
  if (!selection.ok()) return selection.status();
  const std::size_t classes = selection->class_names.size();
  if (request.options.classes != 0 && classes > request.options.classes) {
    return refuse(place, "has " + std::to_string(classes) + " classes, the network tells " +
                             std::to_string(request.options.classes) + " apart");
  }
  Decoder decoder(request, selection->items.size());
  Status decoded =
      is_folder ? decode_folder(place, selection->items, decoder) : decode_tar(place, selection->items, decoder);
  if (!decoded.ok()) return decoded;
  std::vector<std::int32_t> labels;
  for (const Item& item : selection->items) labels.push_back(item.label);
  std::string split = selection->split.empty() ? split_name(request.split) : selection->split;
  if (selection->split.empty() && request.split != Split::all) split += " (divided here)";
  const std::string text = place + ", " + split + ": " + std::to_string(labels.size()) + " images";
  auto source = std::make_unique<ByteSource>(
      decoder.take(), static_cast<std::size_t>(request.shape[0] * request.shape[1] * request.shape[2]));
  Dataset data(std::move(source), {request.shape.begin(), request.shape.end()}, std::move(labels),
               std::move(selection->class_names), text);
  for (std::string& note : selection->notes) data.add_note(std::move(note));
  return data;
}

}  // namespace d2nn::datasets
