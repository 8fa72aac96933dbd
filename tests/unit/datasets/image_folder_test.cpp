#include <doctest/doctest.h>

#include "unit/datasets/opening.h"
#include "unit/io/picture_files.h"
#include "unit/io/temp_folder.h"

using namespace d2nn::testing;
using d2nn::datasets::Split;

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

std::string picture(std::uint8_t red, int side = 4) {
  return png_file(side, side, 2, 8, flat_pixels(side, side, red, 0, 0));
}

const std::vector<std::int64_t> shape = {3, 4, 4};

// SPLIT/CLASS/FILE; the red of an image is its number.
Files split_files() {
  return {{"train/face/b.png", picture(2)},       {"train/face/a.png", picture(1)},
          {"train/background/z.png", picture(3)}, {"val/face/v.png", picture(4)},
          {"val/background/w.PNG", picture(5)},   {"train/notes.txt", "no image"},
          {"train/face/.hidden.png", "junk"}};
}

void write_all(const TempFolder& folder, const Files& files) {
  for (const auto& [name, content] : files) folder.write(name, content);
}

std::vector<int> reds(const d2nn::datasets::Dataset& data) {
  std::vector<int> values;
  for (std::size_t i = 0; i < data.size(); ++i) values.push_back(static_cast<int>(sample(data, i)[0] * 255.0f + 0.5f));
  return values;
}

}  // namespace

TEST_CASE("folders, archives and archives with one folder around everything give the same data") {
  const TempFolder folder, archives;
  write_all(folder, split_files());
  Files wrapped;
  for (const auto& [name, content] : split_files()) {
    if (name.ends_with(".txt")) continue;
    wrapped.emplace_back("data/" + name, content);
  }
  Files with_notes = split_files();
  with_notes.emplace_back("boxes.csv", "a,b");
  const std::string places[] = {folder.path(""), archives.write("a.tar", tar_file(with_notes)),
                                archives.write("b.tar", tar_file(wrapped)),
                                archives.write("c.tar.gz", tar_file(with_notes, true))};
  for (const std::string& place : places) {
    CAPTURE(place);
    const auto train = open_data("images:" + place, Split::train, shape, {.threads = 2, .classes = 2});
    REQUIRE_MESSAGE(train.ok(), train.status().message());
    CHECK(train->class_names() == std::vector<std::string>{"background", "face"});
    CHECK(train->labels() == std::vector<std::int32_t>{0, 1, 1});
    CHECK(reds(*train) == std::vector<int>{3, 1, 2});
    CHECK(reds(*open_data("images:" + place, Split::evaluation, shape)) == std::vector<int>{5, 4});
    CHECK(contains(error_of("images:" + place, Split::test, shape), "has no `test/` folder, only `train/`, `val/`"));
  }
}

TEST_CASE("test/ comes before val/ in evaluation and classes are numbered over all splits") {
  const TempFolder folder;
  write_all(folder, split_files());
  folder.write("test/face/t.png", picture(6));
  folder.write("test/background/t.png", picture(7));
  CHECK(reds(*open_data("images:" + folder.path(""), Split::evaluation, shape)) == std::vector<int>{7, 6});
  folder.write("train/animal/t.png", picture(8));
  CHECK(open_data("images:" + folder.path(""), Split::train, shape)->class_names()[0] == "animal");
  CHECK(contains(error_of("images:" + folder.path(""), Split::test, shape),
                 "has no images of class `animal` in `test/`"));
}

TEST_CASE("class folders without splits are divided the same way every time, and hold folders of their own") {
  const TempFolder folder;
  for (int i = 0; i < 10; ++i) {
    folder.write("a/x" + std::to_string(i) + ".png", picture(static_cast<std::uint8_t>(i)));
    folder.write("b/deep/er/x" + std::to_string(i) + ".png", picture(static_cast<std::uint8_t>(100 + i)));
  }
  const std::string spec = "images:" + folder.path("");
  const auto train = open_data(spec, Split::train, shape),
             held = open_data(spec, Split::evaluation, shape, {.seed = 3});
  REQUIRE_MESSAGE(train.ok(), train.status().message());
  CHECK(train->class_counts() == std::vector<std::size_t>{8, 8});
  CHECK(held->class_counts() == std::vector<std::size_t>{2, 2});
  std::vector<int> all = reds(*train);
  for (const int red : reds(*held)) all.push_back(red);
  std::sort(all.begin(), all.end());
  CHECK(std::unique(all.begin(), all.end()) == all.end());
  CHECK(contains(train->description(), "divided here"));
  const auto whole = open_data(spec, Split::all, shape);
  REQUIRE(whole.ok());
  CHECK(whole->class_counts() == std::vector<std::size_t>{10, 10});
  CHECK(contains(whole->description(), ", all: 20 images"));
}

TEST_CASE("image data that is wrong is refused by name") {
  struct Case {
    const char* what;
    Files files;
    std::string words;
  };
  const std::string jpeg = jpeg_file(4, 4, 3, flat_pixels(4, 4, 1, 2, 3));
  const Case cases[] = {
      {"corrupt",
       {{"train/a/x.jpg", jpeg.substr(0, jpeg.size() / 2)}, {"train/b/y.png", picture(1)}},
       "train/a/x.jpg` is a damaged JPEG"},
      {"not an image",
       {{"train/a/x.jpg", "text"}, {"train/b/y.png", picture(1)}},
       "train/a/x.jpg` is neither JPEG nor PNG"},
      {"empty file", {{"train/a/x.jpg", ""}, {"train/b/y.png", picture(1)}}, "train/a/x.jpg` is empty"},
      {"size",
       {{"train/a/x.png", picture(1, 5)}, {"train/b/y.png", picture(1)}},
       "train/a/x.png` is 5 x 5 pixels; 4 x 4 are needed (or `--resize`)"},
      {"no class", {{"train/x.png", picture(1)}}, "holds the image `train/x.png` in no class folder"},
      {"no images", {{"train/a/x.txt", "text"}}, "holds no JPEG or PNG images"},
      {"too many classes",
       {{"train/a/x.png", picture(1)}, {"train/b/x.png", picture(1)}, {"train/c/x.png", picture(1)}},
       "has 3 classes, the network tells 2 apart"},
  };
  const d2nn::datasets::Options options{.threads = 2, .classes = 2};
  for (const Case& item : cases) {
    CAPTURE(item.what);
    const TempFolder folder, archive;
    write_all(folder, item.files);
    for (const std::string& place : {folder.path(""), archive.write("x.tar", tar_file(item.files))}) {
      const std::string message = error_of("images:" + place, Split::train, shape, options);
      CHECK_MESSAGE(contains(message, item.words), message);
      CHECK(contains(message, place));
    }
  }
  const TempFolder folder;
  folder.write("train/a/x.png", picture(1));
  std::filesystem::create_directories(folder.path("train/b"));
  CHECK(contains(error_of("images:" + folder.path(""), Split::train, shape), "has no images of class `b` in `train/`"));
  CHECK(contains(error_of("images:" + folder.path("none"), Split::train, shape), "there is no such folder or archive"));
  CHECK(contains(error_of("images:" + folder.path(""), Split::train, {16}), "[1 or 3, height, width] is needed"));
}

TEST_CASE("an archive that names a file twice or ends early is refused") {
  const TempFolder folder;
  const Files files = {{"train/a/x.png", picture(1)}, {"train/a/x.png", picture(2)}, {"train/b/x.png", picture(2)}};
  CHECK(contains(error_of("images:" + folder.write("x.tar", tar_file(files)), Split::train, shape),
                 "holds `train/a/x.png` twice"));
  const std::string cut =
      tar_file({{"train/a/x.png", picture(1)}, {"train/b/x.png", std::string(5000, 'x')}}).substr(0, 3000);
  const std::string path = folder.write("y.tar", cut);
  CHECK(contains(error_of("images:" + path, Split::train, shape), path));
}

TEST_CASE("images are resized on request, turned grey for one channel, and progress reaches the total") {
  const TempFolder folder;
  for (int i = 0; i < 700; ++i) folder.write("train/a/" + std::to_string(1000 + i) + ".png", picture(255, 3));
  folder.write("train/b/x.png", picture(255, 8));
  std::vector<std::size_t> seen;
  d2nn::datasets::Options options{.resize = true, .threads = 3};
  options.progress = [&](std::size_t done, std::size_t total) {
    CHECK(total == 701);
    seen.push_back(done);
  };
  const auto data = open_data("images:" + folder.path(""), Split::train, {1, 4, 4}, options);
  REQUIRE_MESSAGE(data.ok(), data.status().message());
  CHECK(seen.size() >= 2);
  CHECK(seen.back() == 701);
  for (const std::size_t i : {std::size_t{0}, std::size_t{700}})
    CHECK(sample(*data, i) == std::vector<float>(16, 76.0f / 255.0f));
}

TEST_CASE("the LFW-B archive has its stated classes") {
  const std::string path = real_data() + "/lfw/lfw-b.tar";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: there is no ", path, "; set D2NN_DATA");
    return;
  }
  const auto val = open_data("images:" + path, Split::evaluation, {3, 112, 112}, {.threads = 2, .classes = 2});
  REQUIRE_MESSAGE(val.ok(), val.status().message());
  CHECK(val->class_names() == std::vector<std::string>{"background", "face"});
  CHECK(val->class_counts() == std::vector<std::size_t>{2517, 839});
}
