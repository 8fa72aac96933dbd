// d2nn_samples: writes some samples of a data set as PNG files, so that a compiled executable can be shown images that
// its training never saw, whatever the data set (tools/demo). The samples are spread evenly over the classes.
#include <png.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "train/datasets/dataset.h"

namespace {

using d2nn::Status;
namespace fs = std::filesystem;

struct Arguments {
  std::string data;
  std::vector<std::int64_t> shape{3, 112, 112};
  std::string folder;
  std::size_t per_class = 3;
  std::uint64_t seed = 1;
  bool resizes = false;
  bool describes = false;
};

/// Writes one sample f32 [C, H, W] in [0, 1] as PNG, grey or RGB; false when the file cannot be written.
bool write_png(const fs::path& path, const std::vector<float>& sample, const std::vector<std::int64_t>& shape) {
  const auto channels = static_cast<std::size_t>(shape[0]);
  const auto pixels = static_cast<std::size_t>(shape[1] * shape[2]);
  std::vector<std::uint8_t> bytes(sample.size());
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      bytes[pixel * channels + channel] =
          static_cast<std::uint8_t>(std::clamp(sample[channel * pixels + pixel], 0.0f, 1.0f) * 255.0f + 0.5f);
    }
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(shape[2]);
  image.height = static_cast<png_uint_32>(shape[1]);
  image.format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  return png_image_write_to_file(&image, path.c_str(), 0, bytes.data(), 0, nullptr) != 0;
}

int fail(const std::string& sentence) {
  std::cerr << "error: " << sentence << "\n";
  return 1;
}

/// The first samples of each class, as FOLDER/LABEL_NAME/NUMBER.png; prints "PATH\tLABEL\tNAME" for each.
int write_samples(const d2nn::datasets::Dataset& data, const Arguments& arguments) {
  std::vector<std::size_t> written(data.class_names().size(), 0);
  std::vector<float> sample(static_cast<std::size_t>(data.elements()));
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto label = static_cast<std::size_t>(data.label(i));
    if (written[label] == arguments.per_class) continue;
    ++written[label];
    const std::string& name = data.class_names()[label];
    const fs::path folder = fs::path(arguments.folder) / (std::to_string(label) + "_" + name);
    std::error_code failed;
    fs::create_directories(folder, failed);
    const fs::path path = folder / (std::to_string(i) + ".png");
    if (const Status status = data.fill(i, sample.data()); !status.ok()) return fail(status.message());
    if (failed || !write_png(path, sample, data.shape())) return fail("cannot write `" + path.string() + "`");
    std::cout << path.string() << '\t' << label << '\t' << name << '\n';
  }
  std::cout.flush();
  return std::cout.good() ? 0 : fail("standard output cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Writes samples that evaluation uses as PNG files, and prints PATH, LABEL and CLASS of each");
  app.add_option("--data", arguments.data, "data set, as of d2nn eval")->type_name("SPEC")->required();
  app.add_option("--shape", arguments.shape, "shape of a sample")
      ->expected(3)
      ->capture_default_str()
      ->type_name("C H W");
  app.add_option("-o,--output", arguments.folder, "folder for the files")->type_name("DIR");
  app.add_option("--per-class", arguments.per_class, "samples of each class")->capture_default_str();
  app.add_option("--seed", arguments.seed, "of generated samples")->capture_default_str();
  app.add_flag("--resize", arguments.resizes, "resize images to the shape");
  app.add_flag("--describe", arguments.describes,
               "only print what training would use, as JSON: number of samples, class names");
  CLI11_PARSE(app, argc, argv);

  d2nn::datasets::Options options;
  options.resize = arguments.resizes;
  options.seed = arguments.seed;
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  using d2nn::datasets::Split;
  const auto data = d2nn::datasets::open(arguments.data, arguments.describes ? Split::train : Split::evaluation,
                                         arguments.shape, options);
  if (!data.ok()) return fail(data.status().message());
  if (arguments.describes) {
    std::cout << nlohmann::json{{"samples", data->size()}, {"classes", data->class_names()}}.dump(
                     -1, ' ', false, nlohmann::json::error_handler_t::replace)
              << '\n';
    return 0;
  }
  if (arguments.folder.empty()) return fail("say where the files go, with -o DIR");
  if (data->shape().size() != 3) return fail("the samples of `" + arguments.data + "` are no images");
  return write_samples(*data, arguments);
}
