// The search for NaN and infinity in the samples of a file, on several threads; the answer does not depend on their
// number.
#include <algorithm>
#include <cmath>
#include <new>
#include <span>
#include <system_error>

#include "io/npy.h"
#include "threads/thread_pool.h"
#include "train/datasets/dataset.h"
#include "train/datasets/kinds.h"

namespace d2nn::datasets {
namespace {

/// Samples of one task.
constexpr std::size_t range_samples = 256;

/// What a range of samples holds: its first value that is not finite, and how many samples have such values.
struct Found {
  std::size_t sample = 0, element = 0, count = 0;
  float value = 0;
  Status status;  // a sample that cannot be read
};

Found search_range(const Dataset& data, std::size_t begin, std::span<float> values) {
  Found found;
  for (std::size_t i = begin; i < std::min(data.size(), begin + range_samples); ++i) {
    found.status = data.fill(i, values.data());
    if (!found.status.ok()) return found;
    const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
    if (bad == values.end() || found.count++ > 0) continue;
    found.sample = i;
    found.element = static_cast<std::size_t>(bad - values.begin());
    found.value = *bad;
  }
  return found;
}

/// An element's indices in a sample.
std::vector<std::int64_t> indices_of(std::size_t element, std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> indices(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    indices[d] = static_cast<std::int64_t>(element % static_cast<std::size_t>(shape[d]));
    element /= static_cast<std::size_t>(shape[d]);
  }
  return indices;
}

Status search(const Dataset& data, const std::string& file, std::size_t threads) {
  std::vector<Found> ranges((data.size() + range_samples - 1) / range_samples);
  threads::ThreadPool pool(std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(1, ranges.size())));
  std::vector<std::vector<float>> buffers(pool.threads(),
                                          std::vector<float>(static_cast<std::size_t>(data.elements())));
  auto task = [&](std::size_t t, std::size_t thread) {
    ranges[t] = search_range(data, t * range_samples, buffers[thread]);
  };
  pool.run(ranges.size(), task);
  std::size_t count = 0;
  for (const Found& range : ranges) {
    if (!range.status.ok()) return range.status;
    count += range.count;
  }
  if (count == 0) return {};
  const Found& first = *std::find_if(ranges.begin(), ranges.end(), [](const Found& range) { return range.count > 0; });
  const std::string value = std::isnan(first.value) ? "NaN" : first.value > 0 ? "infinity" : "-infinity";
  return refuse(file, "holds " + value + " in sample " + std::to_string(first.sample) + " at " +
                          io::shape_text(indices_of(first.element, data.shape())) +
                          (count == 1 ? ": replace it or leave the sample out"
                                      : ", and " + std::to_string(count) +
                                            " of its samples hold such values: replace them or leave the samples out"));
}

}  // namespace

Status check_finite(const Dataset& data, std::size_t threads) {
  const std::string file = data.float_file();
  if (file.empty()) return {};
  try {
    return search(data, file, threads);
  } catch (const std::bad_alloc&) {
    return Status(D2NN_OUT_OF_MEMORY, "the samples of `" + file + "` do not fit into memory");
  } catch (const std::system_error& error) {
    return Status(D2NN_OUT_OF_MEMORY, "the samples of `" + file + "` cannot be looked at: " + error.what());
  }
}

}  // namespace d2nn::datasets
