// Folders of images, on disk or in a tar. The names are listed first, which settles splits, classes and labels; then
// the images of the split are decoded, some hundred at a time on all threads, into one block of bytes.
#include <algorithm>
#include <filesystem>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "io/image.h"
#include "io/input_file.h"
#include "io/npy.h"
#include "io/tar.h"
#include "threads/thread_pool.h"
#include "train/datasets/kinds.h"

namespace d2nn::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk_images = 512;
constexpr std::uint64_t greatest_file = std::uint64_t{256} << 20;

// Names relative to the root, '/' between folders.
struct Listing {
  std::vector<std::string> images;
  std::vector<std::string> folders;
};

// One image of the split.
struct Item {
  std::string name;
  std::int32_t label = 0;
};

struct Selection {
  std::vector<Item> items;  // by class, then by name
  std::vector<std::string> class_names;
  std::string split;  // folder, "" when the data was divided here
};

bool is_hidden(std::string_view name) {
  return name.starts_with('.') || name.find("/.") != std::string_view::npos;
}

bool is_split_folder(std::string_view name) {
  return name == "train" || name == "val" || name == "test";
}

std::string_view first_folder(std::string_view name) {
  const auto slash = name.find('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

Result<Listing> list_folder(const std::string& root) {
  Listing listing;
  std::error_code error;
  fs::recursive_directory_iterator at(root, fs::directory_options::follow_directory_symlink, error), end;
  for (; !error && at != end; at.increment(error)) {
    const std::string name = at->path().lexically_relative(root).generic_string();
    std::error_code unknown;
    // Split and class folders may be links; further down a link to a folder above would be followed for ever.
    if (is_hidden(name) || (at.depth() > 1 && at->is_symlink(unknown))) at.disable_recursion_pending();
    if (is_hidden(name)) continue;
    if (at->is_directory(unknown)) {
      listing.folders.push_back(name);
    } else if (io::is_image_name(name)) {
      listing.images.push_back(name);
    }
  }
  if (error) return Status(D2NN_IO_ERROR, "cannot list `" + root + "`: " + error.message());
  return listing;
}

Result<Listing> list_tar(const std::string& path) {
  auto reader = io::TarReader::open(path);
  if (!reader.ok()) return reader.status();
  Listing listing;
  for (;;) {
    auto name = reader->next();
    if (!name.ok()) return name.status();
    if (!*name) return listing;
    if (!is_hidden(**name) && io::is_image_name(**name)) listing.images.push_back(**name);
  }
}

// An archive often has one folder around everything: `data/train/face/a.jpg`. Returns it with its slash, or "".
std::string common_folder(const std::vector<std::string>& images) {
  if (images.empty()) return {};
  const std::string_view folder = first_folder(images.front());
  if (folder.empty() || is_split_folder(folder)) return {};
  const std::string prefix = std::string(folder) + "/";
  const auto is_inside = [&](const std::string& name) {
    return name.starts_with(prefix) && name.find('/', prefix.size()) != std::string::npos;
  };
  return std::all_of(images.begin(), images.end(), is_inside) ? prefix : std::string();
}

// Which folder stands for the wanted split among those there.
Result<std::string> choose_split(const std::string& place, const std::set<std::string>& splits, Split split) {
  std::string wanted = split_name(split);
  if (split == Split::evaluation && !splits.contains("test")) wanted = "val";
  if (splits.contains(wanted)) return wanted;
  std::string found;
  for (const std::string& name : splits) found += (found.empty() ? "`" : ", `") + name + "/`";
  if (split == Split::all) return refuse(place, "is divided into " + found + ": name one of them");
  return refuse(place, std::string("has no `") + (split == Split::evaluation ? "test/` or `val/" : wanted + "/") +
                           "` folder, only " + found);
}

Result<Selection> select(const std::string& place, const Listing& listing, const std::string& prefix, Split split) {
  if (listing.images.empty()) return refuse(place, "holds no JPEG or PNG images");
  const auto inner = [&](const std::string& name) { return std::string_view(name).substr(prefix.size()); };
  std::set<std::string> splits;
  for (const std::string& name : listing.folders) {
    if (is_split_folder(name)) splits.insert(name);
  }
  for (const std::string& name : listing.images) {
    if (const auto folder = first_folder(inner(name)); is_split_folder(folder)) splits.emplace(folder);
  }
  Selection selection;
  if (!splits.empty()) {
    auto chosen = choose_split(place, splits, split);
    if (!chosen.ok()) return chosen.status();
    selection.split = *std::move(chosen);
  }
  // Classes are those of all splits, so that a label means the same in each.
  std::map<std::string, std::vector<std::string>> classes;
  for (const std::string& name : listing.folders) {
    std::string_view rest = inner(name);
    if (!splits.empty()) {
      if (!splits.contains(std::string(first_folder(rest)))) continue;
      rest.remove_prefix(rest.find('/') + 1);
    }
    if (rest.find('/') == std::string_view::npos) classes[std::string(rest)];
  }
  for (const std::string& name : listing.images) {
    std::string_view rest = inner(name);
    std::string_view folder;
    if (!splits.empty()) {
      folder = first_folder(rest);
      if (!splits.contains(std::string(folder))) continue;
      rest.remove_prefix(folder.size() + 1);
    }
    const std::string_view label = first_folder(rest);
    if (label.empty())
      return refuse(place,
                    "holds the image `" + name + "` in no class folder; images belong into CLASS/ or SPLIT/CLASS/");
    auto& members = classes[std::string(label)];
    if (folder == selection.split) members.push_back(name);
  }
  for (auto& [name, members] : classes) {
    if (members.empty()) {
      return refuse(place, "has no images of class `" + name + "`" +
                               (selection.split.empty() ? "" : " in `" + selection.split + "/`"));
    }
    std::sort(members.begin(), members.end());
    for (std::string& member : members)
      selection.items.push_back({std::move(member), static_cast<std::int32_t>(selection.class_names.size())});
    selection.class_names.push_back(name);
  }
  if (splits.empty() && split != Split::all) {
    std::vector<std::int32_t> labels;
    for (const Item& item : selection.items) labels.push_back(item.label);
    const Division division = divide(labels, 0.2, 0);
    std::vector<Item> kept;
    for (const std::uint32_t index : split == Split::train ? division.kept : division.held_out)
      kept.push_back(std::move(selection.items[index]));
    if (kept.empty())
      return refuse(place, std::string("has too few images of each class to set some aside for ") + split_name(split));
    selection.items = std::move(kept);
  }
  return selection;
}

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
  auto selection = select(place, *listing, is_folder ? std::string() : common_folder(listing->images), request.split);
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
  return Dataset(std::move(source), {request.shape.begin(), request.shape.end()}, std::move(labels),
                 std::move(selection->class_names), text);
}

}  // namespace d2nn::datasets
