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
  const TempFolder folder, archives, unpacked;
  write_all(folder, split_files());
  Files wrapped;
  for (const auto& [name, content] : split_files()) {
    if (name.ends_with(".txt")) continue;
    wrapped.emplace_back("data/" + name, content);
  }
  Files with_notes = split_files();
  with_notes.emplace_back("boxes.csv", "a,b");
  write_all(unpacked, wrapped);
  unpacked.write("boxes.csv", "a,b");
  const std::string places[] = {folder.path(""), unpacked.path(""), archives.write("a.tar", tar_file(with_notes)),
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

TEST_CASE("test/ comes before val/ in evaluation") {
  const TempFolder folder;
  write_all(folder, split_files());
  folder.write("test/face/t.png", picture(6));
  folder.write("test/background/t.png", picture(7));
  CHECK(reds(*open_data("images:" + folder.path(""), Split::evaluation, shape)) == std::vector<int>{7, 6});
}

TEST_CASE("classes are those of train/, whatever another split lacks, in folders and archives") {
  const std::vector<std::string> names = {"ant", "cat", "dog"};
  const Files files = {{"train/ant/a.png", picture(1)}, {"train/cat/a.png", picture(2)},
                       {"train/dog/a.png", picture(3)}, {"test/cat/a.png", picture(4)},
                       {"test/dog/a.png", picture(5)},  {"val/dog/a.jfif", ""}};
  for (const bool has_empty_folder : {false, true}) {
    Files listed = files;
    listed.back().second = jpeg_file(4, 4, 1, std::vector<std::uint8_t>(16, 77));
    const TempFolder folder, archive;
    write_all(folder, listed);
    if (has_empty_folder) {
      listed.emplace_back("test/ant/", "");
      folder.write("test/ant/.keep", "");
    }
    for (const std::string& place : {folder.path(""), archive.write("x.tar", tar_file(listed))}) {
      CAPTURE(place);
      const auto test = open_data("images:" + place, Split::evaluation, shape, {.classes = 3});
      REQUIRE_MESSAGE(test.ok(), test.status().message());
      CHECK(test->class_names() == names);
      CHECK(test->labels() == std::vector<std::int32_t>{1, 2});
      CHECK(reds(*test) == std::vector<int>{4, 5});
      CHECK(test->class_counts() == std::vector<std::size_t>{0, 1, 1});
      CHECK(open_data("images:" + place, Split::val, shape)->labels() == std::vector<std::int32_t>{2});
      CHECK(open_data("images:" + place, Split::train, shape)->labels() == std::vector<std::int32_t>{0, 1, 2});
    }
  }
  const TempFolder folder;
  write_all(folder, {files.begin(), files.end() - 1});
  folder.write("test/bee/a.png", picture(6));
  CHECK(contains(error_of("images:" + folder.path(""), Split::test, shape),
                 "holds images of class `bee` in `test/`, which `train/` lacks: classes are the folders of `train/` "
                 "(`ant`, `cat`, `dog`)"));
  CHECK(open_data("images:" + folder.path(""), Split::train, shape)->class_names() == names);
}

TEST_CASE("without train/ the classes are those of all splits, and an empty folder keeps the place of its class") {
  const TempFolder folder, undivided;
  write_all(folder, {{"val/b/x.png", picture(1)}, {"test/a/x.png", picture(2)}});
  CHECK(open_data("images:" + folder.path(""), Split::val, shape)->labels() == std::vector<std::int32_t>{1});
  std::filesystem::create_directories(folder.path("train"));  // nothing in it says what the classes are
  CHECK(open_data("images:" + folder.path(""), Split::val, shape)->labels() == std::vector<std::int32_t>{1});
  write_all(undivided, {{"ant/x.png", picture(1)}, {"dog/x.png", picture(2)}});
  std::filesystem::create_directories(undivided.path("cat"));
  const auto all = open_data("images:" + undivided.path(""), Split::all, shape);
  REQUIRE_MESSAGE(all.ok(), all.status().message());
  CHECK(all->labels() == std::vector<std::int32_t>{0, 2});
  CHECK(contains(error_of("images:" + undivided.path(""), Split::train, shape),
                 "has no images of class `cat` to train on: add some, or remove the folder"));
}

TEST_CASE("what systems leave in folders is passed over in silence, in folders and archives") {
  const TempFolder folder, archive;
  Files files;
  for (int i = 0; i < 5; ++i) {
    files.emplace_back("cat/" + std::to_string(i) + ".png", picture(static_cast<std::uint8_t>(i)));
    files.emplace_back("dog/" + std::to_string(i) + ".png", picture(static_cast<std::uint8_t>(10 + i)));
  }
  for (const char* name : {"__MACOSX/cat/._0.png", "__MACOSX/x.png", ".DS_Store", "cat/.DS_Store", "cat/._1.png",
                           ".ipynb_checkpoints/x.png", "dog/Thumbs.db", "dog/desktop.ini", "cat/__MACOSX/x.png",
                           "cat/@eaDir/0.png/thumb.jpg", "lost+found/x.png"})
    files.emplace_back(name, "junk");
  write_all(folder, files);
  for (const std::string& place : {folder.path(""), archive.write("x.tar", tar_file(files))}) {
    CAPTURE(place);
    const auto data = open_data("images:" + place, Split::all, shape, {.classes = 2});
    REQUIRE_MESSAGE(data.ok(), data.status().message());
    CHECK(data->class_counts() == std::vector<std::size_t>{5, 5});
    CHECK(data->notes().empty());
  }
}

TEST_CASE("one folder around everything is none of the classes, unless another folder stands beside it") {
  const TempFolder folder;
  write_all(folder, {{"photos/cat/x.png", picture(1)}, {"photos/dog/x.png", picture(2)}, {"__MACOSX/x", "junk"}});
  CHECK(open_data("images:" + folder.path(""), Split::all, shape)->class_names() ==
        std::vector<std::string>{"cat", "dog"});
  std::filesystem::create_directories(folder.path("scans"));
  CHECK(open_data("images:" + folder.path(""), Split::all, shape)->class_names() ==
        std::vector<std::string>{"photos", "scans"});
}

TEST_CASE("files that were left out are counted and named once, those of the split alone") {
  Files files = split_files();
  for (const char* name : {"train/face/1.webp", "train/face/2.HEIC", "train/background/3.gif", "val/face/4.webp"})
    files.emplace_back(name, "picture");
  files.emplace_back("extra/face/5.png", picture(9));
  files.emplace_back("README.md", "text");
  const TempFolder folder, archive;
  write_all(folder, files);
  for (const std::string& place : {folder.path(""), archive.write("x.tar", tar_file(files))}) {
    const auto train = open_data("images:" + place, Split::train, shape);
    REQUIRE_MESSAGE(train.ok(), train.status().message());
    CHECK(train->notes() ==
          std::vector<std::string>{
              "`" + place +
                  "`: left out 4 files named neither JPEG nor PNG: `train/background/3.gif`, `train/face/1.webp`, "
                  "`train/face/2.HEIC` and 1 more; convert images of other kinds to JPEG or PNG",
              "`" + place + "`: left out 1 image outside of `train/`, `val/` and `test/`: `extra/face/5.png`"});
    CHECK(contains(open_data("images:" + place, Split::val, shape)->notes()[0],
                   "left out 1 file named neither JPEG nor PNG: `val/face/4.webp`; convert"));
  }
  folder.write("train/maybe/x.webp", "picture");
  CHECK(contains(error_of("images:" + folder.path(""), Split::train, shape),
                 "has no JPEG or PNG images of class `maybe`, but 1 other file (`train/maybe/x.webp`): convert them"));
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
