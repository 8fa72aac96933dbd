#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "io/npy.h"
#include "unit/datasets/opening.h"
#include "unit/io/picture_files.h"
#include "unit/io/temp_folder.h"

using namespace d2nn::testing;
using d2nn::datasets::Split;

namespace {

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string idx_images(std::uint32_t count, std::uint32_t height, std::uint32_t width) {
  std::string file = std::string("\0\0\x08\x03", 4) + big_endian(count) + big_endian(height) + big_endian(width);
  for (std::uint32_t i = 0; i < count * height * width; ++i) file += static_cast<char>(i / (height * width));
  return file;
}

std::string idx_labels(const std::vector<std::uint8_t>& labels) {
  return std::string("\0\0\x08\x01", 4) + big_endian(static_cast<std::uint32_t>(labels.size())) +
         std::string(labels.begin(), labels.end());
}

// A header and data as NumPy writes them, for types that our writer does not make.
std::string npy(const std::string& descr, std::size_t count, const std::string& data) {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + std::to_string(count) + ",), }";
  return std::string("\x93NUMPY\x01\x00", 8) + bytes_of(static_cast<std::uint16_t>(header.size())) + header + data;
}

std::vector<std::uint8_t> twenty_labels() {
  std::vector<std::uint8_t> labels(20);
  for (std::size_t i = 0; i < 20; ++i) labels[i] = i < 10 ? 0 : 1;
  return labels;
}

}  // namespace

TEST_CASE("an IDX pair is taken whole, to train on and to evaluate") {
  const TempFolder folder;
  const std::string spec =
      "idx:" + folder.write("x", idx_images(20, 2, 2)) + "," + folder.write("y", idx_labels(twenty_labels()));
  for (const Split split : {Split::train, Split::evaluation, Split::all}) {
    const auto data = open_data(spec, split, {1, 2, 2}, {.seed = 99});
    REQUIRE_MESSAGE(data.ok(), data.status().message());
    CHECK(data->class_counts() == std::vector<std::size_t>{10, 10});
    CHECK(data->class_names() == std::vector<std::string>{"0", "1"});
    for (std::size_t i = 0; i < data->size(); ++i) {  // pixel values are the sample's number
      CHECK(static_cast<std::size_t>(sample(*data, i)[3] * 255.0f + 0.5f) == i);
      CHECK(data->label(i) == (i < 10 ? 0 : 1));
    }
  }
  CHECK(contains(error_of(spec, Split::val, {1, 2, 2}), "has no split `val`: a pair of files is taken whole"));
}

TEST_CASE("grey samples fit colour inputs, flat inputs and, on request, other sizes") {
  const TempFolder folder;
  const std::string spec =
      "idx:" + folder.write("x", idx_images(20, 2, 2)) + "," + folder.write("y", idx_labels(twenty_labels()));
  CHECK(sample(*open_data(spec, Split::train, {3, 2, 2}), 3) ==
        std::vector<float>(12, sample(*open_data(spec, Split::train, {4}), 3)[0]));
  CHECK(contains(error_of(spec, Split::train, {1, 4, 4}),
                 "holds samples of shape [2, 2]; the network's input is [1, 4, 4] (or `--resize`)"));
  CHECK(open_data(spec, Split::train, {1, 4, 4}, {.resize = true})->elements() == 16);
  CHECK(contains(error_of(spec, Split::train, {5}), "the network's input is [5]"));
}

TEST_CASE("IDX pairs that do not belong together are refused") {
  const TempFolder folder;
  const std::string images = folder.write("x", idx_images(20, 2, 2));
  const auto error = [&](const std::string& labels, std::size_t classes) {
    return error_of("idx:" + images + "," + folder.write("y", labels), Split::train, {1, 2, 2}, {.classes = classes});
  };
  CHECK(contains(error(idx_labels({0, 1, 0}), 2), "holds 20 samples, but `" + folder.path("y") + "` holds 3 labels"));
  std::vector<std::uint8_t> labels = twenty_labels();
  labels[7] = 5;
  CHECK(contains(error(idx_labels(labels), 2), "holds the label 5 at position 7; labels from 0 to 1 are needed"));
  CHECK(error(idx_labels(labels), 0) == "no error");
  CHECK(contains(error(idx_images(20, 1, 1), 2), "labels need [samples]"));
  CHECK(contains(error_of("idx:" + images, Split::train, {1, 2, 2}), "two files are needed"));
}

TEST_CASE("npy samples are read as they are, with labels of whole numbers") {
  const TempFolder folder;
  const std::vector<std::int64_t> shape = {2, 3};
  auto writer = d2nn::io::NpyWriter::create(folder.path("x.npy"), 10, shape);
  std::vector<float> rows(60);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i / 6) - 2.5f;
  REQUIRE(writer->append(rows.data(), 10).ok());
  REQUIRE(writer->finish().ok());
  std::string labels;
  for (std::int64_t i = 0; i < 10; ++i) labels += bytes_of(i % 2);
  const std::string spec = "npy:" + folder.path("x.npy") + "," + folder.write("y.npy", npy("<i8", 10, labels));
  const auto train = open_data(spec, Split::train, shape, {.classes = 2});
  REQUIRE_MESSAGE(train.ok(), train.status().message());
  CHECK(train->size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(sample(*train, i) == std::vector<float>(6, static_cast<float>(i) - 2.5f));
    CHECK(train->label(i) == static_cast<int>(i % 2));
  }
  CHECK(open_data(spec, Split::evaluation, shape)->size() == 10);
  CHECK(contains(error_of(spec, Split::test, shape), "has no split `test`"));
  CHECK(contains(error_of(spec, Split::train, {3, 2}), "has shape [10, 2, 3]; [samples, 3, 2] is needed"));
  folder.write("y.npy", npy("<i8", 1, bytes_of(std::int64_t{0})));
  CHECK(contains(error_of(spec, Split::train, shape), "holds 10 samples"));
  folder.write("y.npy", npy("<i8", 10, labels.substr(8) + bytes_of(std::int64_t{-1})));
  CHECK(contains(error_of(spec, Split::train, shape), "holds the label -1 at position 9"));
}

TEST_CASE("a samples file that shrinks after opening gives an error when a sample is asked for") {
  const TempFolder folder;
  const std::vector<std::int64_t> shape = {4};
  auto writer = d2nn::io::NpyWriter::create(folder.path("x.npy"), 10, shape);
  REQUIRE(writer->append(std::vector<float>(40).data(), 10).ok());
  REQUIRE(writer->finish().ok());
  const auto data =
      open_data("npy:" + folder.path("x.npy") + "," + folder.write("y.npy", npy("|u1", 10, std::string(10, '\0'))),
                Split::train, shape);
  REQUIRE(data.ok());
  std::filesystem::resize_file(folder.path("x.npy"), 130);
  std::vector<float> out(4);
  CHECK(data->fill(7, out.data()).code() == D2NN_IO_ERROR);
}

TEST_CASE("CIFAR-10 records become images with their usual class names") {
  const TempFolder folder;
  std::string records;
  for (int i = 0; i < 3; ++i)
    records +=
        static_cast<char>(i + 3) + std::string(1024, '\x33') + std::string(1024, '\x66') + std::string(1024, '\xff');
  folder.write("test_batch.bin", records);
  const std::string spec = "cifar10:" + folder.path("");
  const auto data = open_data(spec, Split::evaluation, {3, 32, 32}, {.classes = 10});
  REQUIRE_MESSAGE(data.ok(), data.status().message());
  CHECK(data->size() == 3);
  CHECK(data->class_names()[static_cast<std::size_t>(data->label(0))] == "cat");
  CHECK(sample(*data, 1)[0] == 0.2f);
  CHECK(sample(*data, 1)[1024] == 0.4f);
  CHECK(sample(*data, 1)[3071] == 1.0f);
  CHECK(contains(error_of(spec, Split::train, {3, 32, 32}), "data_batch_1.bin"));
  CHECK(contains(error_of(spec, Split::val, {3, 32, 32}), "no val"));
  CHECK(
      contains(error_of(spec, Split::test, {3, 32, 32}, {.classes = 2}), "has 10 classes, the network tells 2 apart"));
  folder.write("test_batch.bin", records.substr(1));
  CHECK(contains(error_of(spec, Split::test, {3, 32, 32}), "a whole number of records of 3073 bytes"));
  records[3073] = 10;
  folder.write("test_batch.bin", records);
  CHECK(contains(error_of(spec, Split::test, {3, 32, 32}), "holds the label 10 in record 1"));
}

TEST_CASE("specs that name nothing known are refused with the list of kinds") {
  for (const char* spec : {"", "mnist", "mnist:", "mnits:/data", "shape:5", "images"}) {
    const std::string message = error_of(spec, Split::train, {1, 28, 28});
    CHECK_MESSAGE(contains(message, "images:FILE.tar"), message);
  }
}

TEST_CASE("a folder that is not there, is a file or lacks the data's files is called that") {
  const TempFolder folder;
  for (const char* kind : {"mnist:", "cmnist:", "cifar10:"}) {
    CAPTURE(kind);
    const std::vector<std::int64_t> shape = {3, 32, 32};
    CHECK(contains(error_of(kind + folder.path("none"), Split::train, shape),
                   "cannot open `" + folder.path("none") + "`: there is no such folder"));
    CHECK(contains(error_of(kind + folder.write("file", "x"), Split::train, shape), "it is a file, the folder"));
  }
  CHECK(contains(error_of("mnist:" + folder.path(""), Split::train, {1, 28, 28}),
                 "holds neither `train-images-idx3-ubyte` nor `train-images.idx3-ubyte`, plain or with `.gz` behind"));
  folder.write("data_batch_1", "pickle");
  CHECK(contains(error_of("cifar10:" + folder.path(""), Split::train, {3, 32, 32}),
                 "as Python pickles; the binary version (`data_batch_1.bin`) is needed"));
}

TEST_CASE("MNIST's files are found under every name that programs give them") {
  const std::string images = idx_images(20, 2, 2), labels = idx_labels(twenty_labels());
  struct Names {
    const char *images, *labels;
  };
  for (const Names& names :
       {Names{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
        Names{"t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"},
        Names{"t10k-images.idx3-ubyte", "t10k-labels-idx1-ubyte"},
        Names{"t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte/t10k-labels.idx1-ubyte"}}) {
    CAPTURE(names.images);
    const TempFolder folder, packed;
    folder.write(names.images, images);
    folder.write(names.labels, labels);
    const auto data = open_data("mnist:" + folder.path(""), Split::evaluation, {1, 2, 2}, {.classes = 2});
    REQUIRE_MESSAGE(data.ok(), data.status().message());
    CHECK(data->class_counts() == std::vector<std::size_t>{10, 10});
    if (std::string(names.images).find('/') != std::string::npos) continue;
    write_gz(packed.path(names.images) + ".gz", images);
    write_gz(packed.path(names.labels) + ".gz", labels);
    CHECK(open_data("mnist:" + packed.path(""), Split::evaluation, {1, 2, 2})->size() == 20);
  }
}

TEST_CASE("values that are not finite are named by file, sample and place, on any number of threads") {
  const TempFolder folder;
  const std::vector<std::int64_t> shape = {2, 3};
  constexpr std::int64_t samples = 700;
  std::vector<float> rows(6 * samples, 0.5f);
  const std::string spec =
      "npy:" + folder.path("x.npy") + "," + folder.write("y.npy", npy("|u1", samples, std::string(samples, '\0')));
  const auto check = [&](std::size_t threads) {
    auto writer = d2nn::io::NpyWriter::create(folder.path("x.npy"), samples, shape);
    REQUIRE(writer->append(rows.data(), samples).ok());
    REQUIRE(writer->finish().ok());
    const auto data = open_data(spec, Split::train, shape);
    REQUIRE_MESSAGE(data.ok(), data.status().message());
    const d2nn::Status status = d2nn::datasets::check_finite(*data, threads);
    return status.ok() ? "finite" : status.message();
  };
  CHECK(check(1) == "finite");
  rows[6 * 612 + 4] = -std::numeric_limits<float>::infinity();
  CHECK(check(2) ==
        "`" + folder.path("x.npy") + "` holds -infinity in sample 612 at [1, 1]: replace it or leave the sample out");
  rows[6 * 17 + 2] = std::numeric_limits<float>::quiet_NaN();
  rows[6 * 17 + 5] = std::numeric_limits<float>::infinity();
  for (const std::size_t threads : {1, 3})
    CHECK(check(threads) == "`" + folder.path("x.npy") +
                                "` holds NaN in sample 17 at [0, 2], and 2 of its samples hold such values: replace "
                                "them or leave the samples out");
  const auto drawn = open_data("shapes:32", Split::train, {1, 16, 16});
  CHECK(d2nn::datasets::check_finite(*drawn, 1).ok());
}

TEST_CASE("Cluttered MNIST lays every digit and eight pieces of others on a picture of the wanted size") {
  const TempFolder folder;
  // Digit i is a square of the grey value i + 1.
  std::string images = std::string("\0\0\x08\x03", 4) + big_endian(20) + big_endian(28) + big_endian(28);
  for (int i = 0; i < 20; ++i) images += std::string(28 * 28, static_cast<char>(i + 1));
  for (const char* split : {"train", "t10k"}) {
    folder.write(std::string(split) + "-images-idx3-ubyte", images);
    folder.write(std::string(split) + "-labels-idx1-ubyte", idx_labels(twenty_labels()));
  }
  const std::string spec = "cmnist:" + folder.path();
  const auto train = open_data(spec, Split::train, {1, 100, 90}, {.seed = 5, .classes = 2});
  REQUIRE_MESSAGE(train.ok(), train.status().message());
  CHECK(train->size() == 20);
  CHECK(train->class_counts() == std::vector<std::size_t>{10, 10});
  std::set<std::size_t> places;
  for (std::size_t i = 0; i < train->size(); ++i) {
    const std::vector<float> picture = sample(*train, i);
    CHECK(picture == sample(*train, i));
    const float digit = static_cast<float>(i + 1) / 255;
    const auto lit = [](float value) { return value > 0; };
    const auto count = std::count_if(picture.begin(), picture.end(), lit);
    CHECK(count >= 28 * 28);
    CHECK(count <= 28 * 28 + 8 * 8 * 8);
    // Pieces of lighter digits may cover it, darker ones never.
    CHECK(std::count(picture.begin(), picture.end(), digit) >= 28 * 28 - 8 * 8 * 8);
    places.insert(static_cast<std::size_t>(std::find_if(picture.begin(), picture.end(), lit) - picture.begin()));
  }
  CHECK(places.size() > 15);
  const auto other = open_data(spec, Split::train, {1, 100, 90}, {.seed = 6, .classes = 2});
  const auto test = open_data(spec, Split::evaluation, {1, 100, 90}, {.seed = 5, .classes = 2});
  REQUIRE((other.ok() && test.ok()));
  CHECK(sample(*other, 0) != sample(*train, 0));
  CHECK(sample(*test, 0) != sample(*train, 0));
  const auto colour = open_data(spec, Split::train, {3, 28, 28}, {.seed = 5, .classes = 2});
  REQUIRE(colour.ok());
  const std::vector<float> picture = sample(*colour, 19);
  CHECK(std::vector<float>(picture.begin(), picture.begin() + 784) ==
        std::vector<float>(picture.begin() + 1568, picture.end()));
  CHECK(std::all_of(picture.begin(), picture.end(), [](float value) { return value == 20.0f / 255; }));
  CHECK(contains(error_of(spec, Split::train, {1, 27, 28}), "28 to 4096 a side"));
  CHECK(contains(error_of(spec, Split::train, {100}), "28 to 4096 a side"));
  CHECK(contains(error_of(spec, Split::val, {1, 28, 28}), "no val"));
  CHECK(contains(error_of("cmnist:/nowhere", Split::train, {1, 28, 28}), "there is no such folder"));
}

TEST_CASE("MNIST is read as it is") {
  const std::string folder = real_data() + "/mnist";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: there is no ", folder, "; set D2NN_DATA");
    return;
  }
  const auto test = open_data("mnist:" + folder, Split::evaluation, {1, 28, 28}, {.classes = 10});
  REQUIRE_MESSAGE(test.ok(), test.status().message());
  CHECK(test->class_counts() == std::vector<std::size_t>{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009});
  CHECK(std::vector<std::int32_t>(test->labels().begin(), test->labels().begin() + 5) ==
        std::vector<std::int32_t>{7, 2, 1, 0, 4});
  const auto train = open_data("mnist:" + folder, Split::train, {1, 28, 28}, {.classes = 10});
  REQUIRE(train.ok());
  REQUIRE(train->size() == 60000);
  double sum = 0;
  for (std::size_t i = 0; i < train->size(); i += 10) {
    for (const float value : sample(*train, i)) sum += value;
  }
  CHECK(sum / (6000 * 784) == doctest::Approx(0.1307).epsilon(0.01));
}

TEST_CASE("a division is the same every time, keeps every class and changes with its seed") {
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 1000; ++i) labels.push_back(i % 10 == 0 ? 1 : 0);
  labels.push_back(2);
  const auto once = d2nn::datasets::divide(labels, 0.1, 5), again = d2nn::datasets::divide(labels, 0.1, 5),
             other = d2nn::datasets::divide(labels, 0.1, 6);
  CHECK(once.held_out == again.held_out);
  CHECK(once.held_out != other.held_out);
  CHECK(once.held_out.size() == 100);
  CHECK(std::count_if(once.held_out.begin(), once.held_out.end(), [&](auto i) { return labels[i] == 1; }) == 10);
  std::vector<std::uint32_t> all = once.kept;
  all.insert(all.end(), once.held_out.begin(), once.held_out.end());
  std::sort(all.begin(), all.end());
  for (std::uint32_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == i);
  CHECK(all.size() == labels.size());
  CHECK(std::find(once.kept.begin(), once.kept.end(), 1000u) != once.kept.end());  // a class of one stays in training
  CHECK(d2nn::datasets::divide(labels, 0, 5).held_out.empty());
}
