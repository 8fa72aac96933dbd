// Which images of a folder or archive are meant, and what class each is of: by names alone, nothing is decoded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "status/status.h"
#include "train/datasets/dataset.h"

namespace d2nn::datasets {

/// Names relative to the root, '/' between folders. What a system leaves behind (dot files, `__MACOSX`, `Thumbs.db`,
/// ...) is in none of the lists.
struct Listing {
  std::vector<std::string> images;   // by their endings
  std::vector<std::string> others;   // any other file
  std::vector<std::string> folders;  // empty ones too
  std::string root;                  // the one folder around everything, with its '/', or ""
};

/// D2NN_IO_ERROR: the folder cannot be listed.
Result<Listing> list_folder(const std::string& root);
/// D2NN_IO_ERROR, D2NN_INVALID_ARGUMENT: the archive cannot be read.
Result<Listing> list_tar(const std::string& path);

/// One image of the split.
struct Item {
  std::string name;
  std::int32_t label = 0;
};

struct Selection {
  std::vector<Item> items;  // by class, then by name; at least one
  std::vector<std::string> class_names;
  std::string split;               // folder, "" when the data was divided here
  std::vector<std::string> notes;  // sentences about files that were left out
};

/// The images of `split` (rules in dataset.h). `place` stands in messages. D2NN_INVALID_ARGUMENT: no such split, no
/// images, images in no class folder, or a class that `train/` lacks.
Result<Selection> select(const std::string& place, const Listing& listing, Split split);

}  // namespace d2nn::datasets
