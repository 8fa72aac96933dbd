// Data sets for training and evaluation, behind one door. A spec names the kind and the place:
//
// clang-format off
//   mnist:DIR            four IDX files, plain or .gz
//   cmnist:DIR           MNIST's digits among clutter, drawn on the fly (cluttered_mnist.cpp)
//   cifar10:DIR          the binary version
//   idx:IMAGES,LABELS    IDX files, plain or .gz
//   npy:X,Y              <f4 [samples, shape]; <i8, <i4, |u1 or <f4 [samples]
//   images:DIR           SPLIT/CLASS/FILE or CLASS/FILE, JPEG or PNG
//   images:X.tar         the same in a tar archive (or .tar.gz)
//   shapes, shapes:N     drawn on the fly, needs no files (shapes.cpp): N samples whatever the split, else 8192 to train
//                        on and 2048 to evaluate
// clang-format on
//
// Which samples. Split::train is `train/`; Split::evaluation is `test/` if there, else `val/`; val and test are those
// folders. CIFAR-10 and MNIST (cmnist too) have train and test files. A pair of files (idx, npy) has no splits: all of
// it is trained on and all of it evaluated. Images without split folders are divided here, the same way whatever the
// seed: 20 % of each class, drawn by divide() with key 0, are for evaluation (val and test name them too); Split::all
// takes them whole. Labels: class folders in byte order of their names, those of train/ where there is one (empty ones
// too), so that a label means the same in every split; CIFAR-10's usual names; otherwise the numbers "0", "1", ...
// Images may lie in folders below their class folder. What systems leave behind is passed over in silence (names that
// begin with a dot, __MACOSX, Thumbs.db and the like); other files are left out and counted in a note.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/file_roles.h"
#include "status/status.h"

namespace d2nn::datasets {

enum class Split { train, val, test, evaluation, all };

/// "train", "val", "test", "all" as `--split` spells them; anything else gives nothing.
std::optional<Split> parse_split(std::string_view text);

struct Options {
  bool resize = false;      // resize images to the wanted shape; otherwise another size is an error
  std::uint64_t seed = 0;   // of generated samples
  std::size_t threads = 1;  // for decoding images; at least 1
  /// Classes that the network tells apart: a label at or above it is an error. 0: not checked (shapes: 2).
  std::size_t classes = 0;
  /// Called from the opening thread now and then while images are decoded: done, and the total where it is known (else
  /// 0). May be empty.
  std::function<void(std::size_t done, std::size_t total)> progress;
};

/// Where samples come from; one of the kinds above. Implementations are thread-safe and do not change.
class Source {
 public:
  virtual ~Source() = default;
  /// Writes sample `index` as f32, Dataset::shape(). D2NN_IO_ERROR when a file that is read on demand fails.
  virtual Status fill(std::size_t index, float* out) const = 0;
  /// The file whose floats fill() hands out as they are, so that they may be NaN or infinite; "" where they cannot be.
  virtual std::string float_file() const { return {}; }
};

/// Labelled samples of one shape, addressed by index. Move-only; every const method may be called from several threads.
class Dataset {
 public:
  Dataset(std::unique_ptr<Source> source, std::vector<std::int64_t> shape, std::vector<std::int32_t> labels,
          std::vector<std::string> class_names, std::string description);

  std::size_t size() const { return labels_.size(); }
  /// Of one sample, as wanted: [C, H, W] or what npy holds.
  const std::vector<std::int64_t>& shape() const { return shape_; }
  /// Product of shape().
  std::int64_t elements() const { return elements_; }
  /// Writes sample `index` (< size()) as f32: byte / 255 for images, C, H, W order.
  Status fill(std::size_t index, float* out) const { return source_->fill(index, out); }
  /// In 0 .. class_names().size()-1.
  std::int32_t label(std::size_t index) const { return labels_[index]; }
  const std::vector<std::int32_t>& labels() const { return labels_; }
  const std::vector<std::string>& class_names() const { return class_names_; }
  /// Samples per class, in the order of class_names().
  const std::vector<std::size_t>& class_counts() const { return class_counts_; }
  /// "lfw-b.tar, train: 33568 samples" for logs.
  const std::string& description() const { return description_; }
  /// Sentences that whoever opened the data should see once: files that were left out.
  const std::vector<std::string>& notes() const { return notes_; }
  void add_note(std::string sentence) { notes_.push_back(std::move(sentence)); }
  /// Source::float_file().
  std::string float_file() const { return source_->float_file(); }

 private:
  std::unique_ptr<Source> source_;
  std::vector<std::int64_t> shape_;
  std::int64_t elements_ = 1;
  std::vector<std::int32_t> labels_;
  std::vector<std::string> class_names_;
  std::vector<std::size_t> class_counts_;
  std::string description_;
  std::vector<std::string> notes_;
};

/// Opens the split of `spec` for a network input of `shape` ([C, H, W], C = 1 or 3, for images). Everything is checked
/// here: a sample of a data set that opened has the right size and a label in range. D2NN_INVALID_ARGUMENT: the spec,
/// the data or their shape is wrong; D2NN_IO_ERROR: missing or unreadable. The message names the file. Throws
/// std::bad_alloc only.
Result<Dataset> open(std::string_view spec, Split split, std::span<const std::int64_t> shape, const Options& options);

/// Adds the files that open() would read for `spec` to those of a command, so that no output overwrites one. Looks at
/// names alone; a wrong spec adds nothing.
void add_files(std::string_view spec, io::FileRoles& files);

/// D2NN_OK when no value of any sample is NaN or infinite; else D2NN_INVALID_ARGUMENT with the file, the first such
/// sample, the value and its place, and how many samples have such values. Reads every sample where there may be one
/// (npy), on `threads` threads. D2NN_IO_ERROR: a sample cannot be read. D2NN_OUT_OF_MEMORY.
Status check_finite(const Dataset& data, std::size_t threads);

/// Sample numbers of a data set in two parts, each ascending.
struct Division {
  std::vector<std::uint32_t> kept;
  std::vector<std::uint32_t> held_out;
};

/// Sets `fraction` (0 <= fraction < 1) of every class aside, rounded to the nearest count, at least one sample of a
/// class staying in each part when it has two and the fraction is not 0. The same labels, fraction and seed give the
/// same division.
Division divide(std::span<const std::int32_t> labels, double fraction, std::uint64_t seed);

}  // namespace d2nn::datasets
