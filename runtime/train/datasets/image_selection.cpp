// Names to splits, classes and labels. A class is a folder of `train/`, so that a label means the same in every split,
// whatever images a split lacks.
#include "train/datasets/image_selection.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "io/image_kinds.h"
#include "io/tar.h"
#include "train/datasets/kinds.h"

namespace d2nn::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t named_files = 3;  // of those left out

/// Names that no user gave: folders that archives of a Mac, Windows, network storage and file systems leave, and the
/// files of file managers. All that begin with a dot are passed over too.
bool is_of_the_system(std::string_view name) {
  static constexpr std::array<std::string_view, 7> names = {
      "__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found", "Thumbs.db", "desktop.ini"};
  return name.starts_with('.') || std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether any part of the path is a name of the system.
bool is_passed_over(std::string_view path) {
  for (;;) {
    const auto slash = path.find('/');
    if (is_of_the_system(path.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

bool is_split_folder(std::string_view name) {
  return name == "train" || name == "val" || name == "test";
}

std::string_view first_folder(std::string_view name) {
  const auto slash = name.find('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

void add_file(std::string name, Listing& listing) {
  (io::is_image_name(name) ? listing.images : listing.others).push_back(std::move(name));
}

/// An archive, and so what is unpacked from it, often has one folder around everything: `data/train/face/a.jpg`.
/// Returns it with its slash, or "".
std::string common_folder(const Listing& listing) {
  if (listing.images.empty()) return {};
  const std::string folder(first_folder(listing.images.front()));
  if (folder.empty() || is_split_folder(folder)) return {};
  const std::string prefix = folder + "/";
  const auto is_deep_inside = [&](const std::string& name) {
    return name.starts_with(prefix) && name.find('/', prefix.size()) != std::string::npos;
  };
  const auto is_inside = [&](const std::string& name) { return name == folder || name.starts_with(prefix); };
  const bool is_around = std::all_of(listing.images.begin(), listing.images.end(), is_deep_inside) &&
                         std::all_of(listing.folders.begin(), listing.folders.end(), is_inside);
  return is_around ? prefix : std::string();
}

/// "`a`, `b`, `c` and 4 more".
std::string first_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), named_files); ++i) text += (i == 0 ? "`" : ", `") + names[i] + "`";
  return names.size() > named_files ? text + " and " + std::to_string(names.size() - named_files) + " more" : text;
}

std::string count_text(std::size_t count, const char* one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

/// What one class folder of one split holds.
struct ClassFolder {
  std::vector<std::string> images, others;
};

/// The listing by split ("" for all of it when there are no split folders) and class.
class Contents {
 public:
  Contents(const std::string& place, const Listing& listing);

  const std::set<std::string>& splits() const { return splits_; }
  /// Why the contents cannot be taken, or D2NN_OK.
  const Status& status() const { return status_; }
  std::map<std::string, ClassFolder>& of(const std::string& split) { return classes_[split]; }
  /// Names of files that are no images, in the split's folder (without splits: anywhere).
  std::vector<std::string>& others_of(const std::string& split) { return others_[split]; }
  /// Images that stand beside the split folders.
  std::vector<std::string>& outside() { return outside_; }

  /// The classes and their order: folders of `train/`, else of all that is there.
  std::vector<std::string> class_names() const;
  bool has_images(const std::string& name) const;
  std::vector<std::string> other_files(const std::string& name) const;

 private:
  /// Takes the split's folder off `rest`; false when it has none.
  bool take_split(std::string_view& rest, std::string& split) const;

  std::set<std::string> splits_;
  std::map<std::string, std::map<std::string, ClassFolder>> classes_;
  std::map<std::string, std::vector<std::string>> others_;
  std::vector<std::string> outside_;
  Status status_;
};

Contents::Contents(const std::string& place, const Listing& listing) {
  const auto inner = [&](const std::string& name) {
    return name.starts_with(listing.root) ? std::string_view(name).substr(listing.root.size()) : std::string_view();
  };
  for (const std::string& name : listing.folders) {
    if (is_split_folder(inner(name))) splits_.emplace(inner(name));
  }
  for (const std::vector<std::string>* files : {&listing.images, &listing.others}) {
    for (const std::string& name : *files) {
      if (const auto folder = first_folder(inner(name)); is_split_folder(folder)) splits_.emplace(folder);
    }
  }
  std::string split;
  for (const std::string& name : listing.folders) {
    std::string_view rest = inner(name);
    if (take_split(rest, split) && !rest.empty() && rest.find('/') == std::string_view::npos)
      classes_[split][std::string(rest)];
  }
  for (const std::string& name : listing.images) {
    std::string_view rest = inner(name);
    if (!take_split(rest, split)) {
      outside_.push_back(name);
      continue;
    }
    const std::string_view label = first_folder(rest);
    if (label.empty()) {
      status_ =
          refuse(place, "holds the image `" + name + "` in no class folder; images belong into CLASS/ or SPLIT/CLASS/");
      return;
    }
    classes_[split][std::string(label)].images.push_back(name);
  }
  for (const std::string& name : listing.others) {
    std::string_view rest = inner(name);
    if (!take_split(rest, split)) continue;
    others_[split].push_back(name);
    if (const auto label = first_folder(rest); !label.empty())
      classes_[split][std::string(label)].others.push_back(name);
  }
}

bool Contents::take_split(std::string_view& rest, std::string& split) const {
  split.clear();
  if (splits_.empty()) return true;
  split = first_folder(rest);
  if (!splits_.contains(split)) return false;
  rest.remove_prefix(split.size() + 1);
  return true;
}

std::vector<std::string> Contents::class_names() const {
  std::set<std::string> names;
  const bool has_train = classes_.contains("train");  // with a class folder at least
  for (const auto& [split, classes] : classes_) {
    if (has_train && split != "train") continue;
    for (const auto& [name, folder] : classes) names.insert(name);
  }
  return {names.begin(), names.end()};
}

bool Contents::has_images(const std::string& name) const {
  return std::any_of(classes_.begin(), classes_.end(), [&](const auto& split) {
    const auto found = split.second.find(name);
    return found != split.second.end() && !found->second.images.empty();
  });
}

std::vector<std::string> Contents::other_files(const std::string& name) const {
  std::vector<std::string> files;
  for (const auto& [split, classes] : classes_) {
    if (const auto found = classes.find(name); found != classes.end())
      files.insert(files.end(), found->second.others.begin(), found->second.others.end());
  }
  return files;
}

/// Which folder stands for the wanted split among those there.
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

/// Whether every folder that counts as a class may be one.
Status check_classes(const std::string& place, Contents& contents, const std::vector<std::string>& names,
                     const std::string& folder, Split split) {
  const std::string where = folder.empty() ? "" : " in `" + folder + "/`";
  for (const std::string& name : names) {
    const std::vector<std::string> others = contents.other_files(name);
    if (!contents.has_images(name) && !others.empty()) {
      return refuse(place, "has no JPEG or PNG images of class `" + name + "`, but " +
                               count_text(others.size(), "other file") + " (" + first_names(others) +
                               "): convert them, or move the folder away if it is no class");
    }
    const bool is_empty = contents.of(folder)[name].images.empty();
    if (split == Split::train && is_empty)
      return refuse(place, "has no images of class `" + name + "`" + where +
                               " to train on: add some, or remove the folder if it is no class");
  }
  for (const auto& [name, of_class] : contents.of(folder)) {
    if (of_class.images.empty() || std::binary_search(names.begin(), names.end(), name)) continue;
    return refuse(place, "holds images of class `" + name + "`" + where +
                             ", which `train/` lacks: classes are the folders of `train/` (" + first_names(names) +
                             ")");
  }
  return {};
}

void note_files_left_out(const std::string& place, const std::vector<std::string>& others,
                         const std::vector<std::string>& outside, std::vector<std::string>& notes) {
  if (!others.empty()) {
    const bool has_pictures = std::any_of(others.begin(), others.end(), io::is_other_image_name);
    notes.push_back("`" + place + "`: left out " + count_text(others.size(), "file") + " named neither JPEG nor PNG: " +
                    first_names(others) + (has_pictures ? "; convert images of other kinds to JPEG or PNG" : ""));
  }
  if (!outside.empty()) {
    notes.push_back("`" + place + "`: left out " + count_text(outside.size(), "image") +
                    " outside of `train/`, `val/` and `test/`: " + first_names(outside));
  }
}

/// Keeps one part of what is not divided by its folders.
Status divide_here(const std::string& place, Split split, std::vector<Item>& items) {
  std::vector<std::int32_t> labels;
  for (const Item& item : items) labels.push_back(item.label);
  const Division division = divide(labels, 0.2, 0);
  std::vector<Item> kept;
  for (const std::uint32_t index : split == Split::train ? division.kept : division.held_out)
    kept.push_back(std::move(items[index]));
  if (kept.empty())
    return refuse(place, std::string("has too few images of each class to set some aside for ") + split_name(split));
  items = std::move(kept);
  return {};
}

}  // namespace

Result<Listing> list_folder(const std::string& root) {
  Listing listing;
  std::error_code error;
  fs::recursive_directory_iterator at(root, fs::directory_options::follow_directory_symlink, error), end;
  for (; !error && at != end; at.increment(error)) {
    std::string name = at->path().lexically_relative(root).generic_string();
    std::error_code unknown;
    const bool is_system = is_of_the_system(at->path().filename().string());
    // Split and class folders may be links; further down a link to a folder above would be followed for ever.
    if (is_system || (at.depth() > 1 && at->is_symlink(unknown))) at.disable_recursion_pending();
    if (is_system) continue;
    if (at->is_directory(unknown)) {
      listing.folders.push_back(std::move(name));
    } else {
      add_file(std::move(name), listing);
    }
  }
  if (error) return Status(D2NN_IO_ERROR, "cannot list `" + root + "`: " + error.message());
  listing.root = common_folder(listing);
  std::sort(listing.others.begin(), listing.others.end());
  return listing;
}

Result<Listing> list_tar(const std::string& path) {
  auto reader = io::TarReader::open(path);
  if (!reader.ok()) return reader.status();
  Listing listing;
  for (;;) {
    auto member = reader->next();
    if (!member.ok()) return member.status();
    if (!*member) break;
    std::string name = **std::move(member);
    const bool is_folder = name.ends_with('/');
    if (is_folder) name.pop_back();
    if (is_passed_over(name)) continue;
    if (is_folder) {
      listing.folders.push_back(std::move(name));
    } else {
      add_file(std::move(name), listing);
    }
  }
  listing.root = common_folder(listing);
  std::sort(listing.others.begin(), listing.others.end());
  return listing;
}

Result<Selection> select(const std::string& place, const Listing& listing, Split split) {
  if (listing.images.empty()) {
    return refuse(place, listing.others.empty()
                             ? "holds no JPEG or PNG images"
                             : "holds no JPEG or PNG images, but " + count_text(listing.others.size(), "other file") +
                                   " (" + first_names(listing.others) + ")");
  }
  Contents contents(place, listing);
  if (!contents.status().ok()) return contents.status();
  Selection selection;
  if (!contents.splits().empty()) {
    auto chosen = choose_split(place, contents.splits(), split);
    if (!chosen.ok()) return chosen.status();
    selection.split = *std::move(chosen);
  }
  selection.class_names = contents.class_names();
  if (Status status = check_classes(place, contents, selection.class_names, selection.split, split); !status.ok())
    return status;
  for (std::size_t c = 0; c < selection.class_names.size(); ++c) {
    std::vector<std::string>& members = contents.of(selection.split)[selection.class_names[c]].images;
    std::sort(members.begin(), members.end());
    for (std::string& member : members) selection.items.push_back({std::move(member), static_cast<std::int32_t>(c)});
  }
  if (selection.items.empty()) return refuse(place, "holds no JPEG or PNG images in `" + selection.split + "/`");
  note_files_left_out(place, contents.others_of(selection.split), contents.outside(), selection.notes);
  if (selection.split.empty() && split != Split::all) {
    if (Status status = divide_here(place, split, selection.items); !status.ok()) return status;
  }
  return selection;
}

}  // namespace d2nn::datasets
