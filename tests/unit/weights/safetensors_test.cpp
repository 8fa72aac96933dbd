#include "weights/safetensors.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <vector>

#include "unit/io/full_disk.h"
#include "unit/io/temp_folder.h"

using d2nn::testing::bytes_of;
using d2nn::testing::TempFolder;
using d2nn::weights::Safetensors;

namespace {

std::string file_of(const std::string& header, const std::string& data) {
  return bytes_of(static_cast<std::uint64_t>(header.size())) + header + data;
}

auto parse(const std::string& file) {
  return Safetensors::from_memory({reinterpret_cast<const std::byte*>(file.data()), file.size()}, "w.safetensors");
}

const std::string two_tensors =
    R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}})";
const std::string twelve_bytes = bytes_of(1.0f) + bytes_of(2.0f) + bytes_of(3.0f);

}  // namespace

TEST_CASE("a header padded with spaces, metadata and scalars are read") {
  const std::string header =
      R"({"__metadata__":{"step":"7"},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"n":{"data_offsets":[4,12],"shape":[1],"dtype":"I64"}}      )";
  const std::string bytes = file_of(header, twelve_bytes);
  const auto file = parse(bytes);
  REQUIRE(file.ok());
  CHECK(file->metadata() == std::map<std::string, std::string>{{"step", "7"}});
  REQUIRE(file->find("s") != nullptr);
  CHECK(file->find("S") == nullptr);
  float value = 0;
  REQUIRE(file->read(*file->find("s"), {&value, 1}).ok());
  CHECK(value == 1.0f);
  std::array<float, 1> whole{};
  CHECK(file->read(*file->find("n"), whole).message().find("has type `I64`; `F32` is needed") != std::string::npos);
}

TEST_CASE("other float types are converted, other types refused, and room must be right") {
  const std::string header =
      R"({"half":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"brain":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},)"
      R"("double":{"dtype":"F64","shape":[1],"data_offsets":[12,20]},"count":{"dtype":"I64","shape":[],"data_offsets":[20,28]}})";
  const std::string bytes = file_of(header, bytes_of(std::uint16_t{0x3c00}) + bytes_of(std::uint16_t{0x8001}) +
                                                bytes_of(std::uint16_t{0xfc00}) + bytes_of(std::uint16_t{0x7e00}) +
                                                bytes_of(std::uint16_t{0x3fc0}) + bytes_of(std::uint16_t{0xff80}) +
                                                bytes_of(1e300) + bytes_of(std::int64_t{7}));
  const auto file = parse(bytes);
  REQUIRE(file.ok());
  const auto converted = [&](const char* name, std::size_t room) {
    std::vector<float> values(room);
    const d2nn::Status status = file->read_converted(*file->find(name), values);
    CHECK_MESSAGE(status.ok(), status.message());
    return values;
  };
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> half = converted("half", 4);
  CHECK(half[0] == 1.0f);
  CHECK(half[1] == -std::ldexp(1.0f, -24));
  CHECK(half[2] == -infinity);
  CHECK(std::isnan(half[3]));
  CHECK(converted("brain", 2) == std::vector<float>{1.5f, -infinity});
  CHECK(converted("double", 1) == std::vector<float>{infinity});
  std::array<float, 1> one{};
  CHECK(file->read_converted(*file->find("count"), one).message().find("has type `I64`") != std::string::npos);
  CHECK(file->read_converted(*file->find("half"), one).message().find("has 4 values, there is room for 1") !=
        std::string::npos);
  CHECK_FALSE(d2nn::weights::is_convertible("I64"));
}

TEST_CASE("hostile and damaged files are refused in one sentence that names the file") {
  struct Case {
    std::string file, words;
  };
  const auto tensor = [](const std::string& entry, const std::string& data = twelve_bytes) {
    return file_of("{" + entry + "}", data);
  };
  const auto one = [&](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return tensor(R"("a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}");
  };
  const Case cases[] = {
      {"", "has only 0 bytes"},
      {"1234567", "has only 7 bytes"},
      {std::string(8, '\xff') + "{}", "its header claims 18446744073709551615 bytes, the file has 10"},
      {bytes_of(std::uint64_t{50}) + "{}", "its header claims 50 bytes"},
      {file_of("", ""), "the header is not JSON"},
      {file_of("{\"a\":", ""), "the header is not JSON"},
      {file_of("{} x", ""), "the header is not JSON"},
      {file_of("[]", ""), "the header is a list, not an object"},
      {file_of("7", ""), "the header is the number 7, not an object"},
      {file_of("{\"a\xff\":{}}", ""), "the header is not JSON"},
      {file_of("{\"a\":7}", ""), "holds the number 7 as `a`"},
      {file_of(std::string(100000, '['), ""), "the header is a list"},
      {file_of("{\"a\":{\"shape\":" + std::string(100000, '[') + "}}", ""), "gives tensor `a` a list as `shape`"},
      {file_of("{\"__metadata__\":{\"k\":1}}", ""), "holds the number 1 as `k`"},
      {file_of("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", ""), "holds the metadata `k` twice"},
      {tensor(R"("a":{"dtype":"F32","shape":[3]})"), "gives tensor `a` no `data_offsets`"},
      {tensor(R"("a":{"dtype":"F32","shape":[3],"data_offsets":[0,12],"more":1})"), "the unknown key `more`"},
      {tensor(R"("a":{"dtype":"F32","dtype":"F32","shape":[3],"data_offsets":[0,12]})"), "the key `dtype` twice"},
      {one("F32", "[3]", "[0]"), "`data_offsets` that are not two numbers"},
      {one("F32", "[3]", "[0,6,12]"), "the number 12 as `data_offsets`"},
      {one("F32", "[3]", "[-1,12]"), "the negative number -1"},
      {one("F32", "[3.0]", "[0,12]"), "the number 3.0"},
      {one("F32", "[-3]", "[0,12]"), "the negative number -3"},
      {one("F32", "[18446744073709551615]", "[0,12]"), "a dimension of 18446744073709551615"},
      {one("F32", "[3037000500,3037000500,3]", "[0,12]"), "larger than any file"},
      {one("F33", "[3]", "[0,12]"), "the unknown type `F33`"},
      {one("F32", "[3]", "[12,0]"), "which end before they begin"},
      {one("F32", "[3]", "[0,18446744073709551615]"), "the file holds only 12 bytes of data"},
      {one("F32", "[4]", "[0,16]"), "is it truncated?"},
      {one("F32", "[2]", "[0,12]"), "takes 8 bytes, its data offsets [0, 12] hold 12"},
      {one("F16", "[3]", "[0,12]"), "takes 6 bytes"},
      {one("F32", "[1]", "[0,4]"), "the last 8 bytes belong to no tensor"},
      {one("F32", "[1]", "[8,12]"), "8 bytes between the start of the data and tensor `a`"},
      {tensor(
           R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]})"),
       "tensor `b` overlaps tensor `a`"},
      {tensor(
           R"("a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]})"),
       "tensor `a` stands in the header twice"},
      {tensor(R"("a\u0007b":{"dtype":"F99","shape":[3],"data_offsets":[0,12]})"), "tensor `a?b`"},
  };
  for (const Case& item : cases) {
    const auto file = parse(item.file);
    CAPTURE(item.words);
    REQUIRE_FALSE(file.ok());
    CHECK(file.status().code() == D2NN_INVALID_WEIGHTS);
    CHECK_MESSAGE(file.status().message().find(item.words) != std::string::npos, file.status().message());
    CHECK(file.status().message().find("`w.safetensors`") == 0);
    CHECK(file.status().message().size() < 400);
  }
}

TEST_CASE("a header beyond the bound is refused even where the file is as large") {
  const TempFolder folder;
  const std::string path = folder.write("big", bytes_of(std::uint64_t{200'000'000}));
  std::filesystem::resize_file(path, 200'000'008);  // sparse
  CHECK(Safetensors::open(path).status().message().find("at most 100000000 are read") != std::string::npos);
}

TEST_CASE("every cut of a good file is refused") {
  const std::string good = file_of(two_tensors, twelve_bytes);
  REQUIRE(parse(good).ok());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(parse(good.substr(0, size)).ok());
  }
}

TEST_CASE("what is saved comes back bit for bit, and equal content gives equal bytes") {
  const TempFolder folder;
  const std::array<float, 4> values = {1.5f, -0.0f, 3e-45f, 3.4e38f};
  const std::array<d2nn::weights::TensorView, 3> tensors = {
      {{"z", {2, 2}, values}, {"empty", {0, 5}, {}}, {"a.\"b\"", {4}, values}}};
  REQUIRE(d2nn::weights::save(folder.path("w"), tensors, {{"step", "12"}}).ok());
  const auto file = Safetensors::open(folder.path("w"));
  REQUIRE_MESSAGE(file.ok(), file.status().message());
  CHECK(file->metadata().at("step") == "12");
  for (const char* name : {"z", "a.\"b\""}) {
    std::array<float, 4> read{};
    REQUIRE(file->find(name) != nullptr);
    REQUIRE(file->read(*file->find(name), read).ok());
    CHECK(std::memcmp(read.data(), values.data(), sizeof(read)) == 0);
  }
  const std::string bytes = TempFolder::read(folder.path("w"));
  CHECK(bytes == *d2nn::weights::encode(tensors, {{"step", "12"}}));
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  CHECK(header % 8 == 0);
}

TEST_CASE("metadata of any bytes comes back as it was given, and stays readable for others") {
  const std::map<std::string, std::string> metadata = {
      {"init", "b\xFF/w.st"}, {"plain", "w%FF \xC3\xA9"}, {"text_encoded", "%"}, {"text", "kept"}};
  const std::string bytes = *d2nn::weights::encode({}, metadata);
  CHECK(bytes.find("\"init_encoded\":\"b%FF/w.st\"") != std::string::npos);
  const auto file = parse(bytes);
  REQUIRE_MESSAGE(file.ok(), file.status().message());
  CHECK(file->metadata() == metadata);
}

TEST_CASE("files of other formats are told by their first bytes, with the way out") {
  const std::string rest(200, 'x');
  const auto message = [&](const std::string& begin) { return parse(begin + rest).status().message(); };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  CHECK(has(message("PK\x03\x04"
                    "aaaaaa archive/data.pkl"),
            "torch.save"));
  CHECK(has(message("PK\x03\x04"
                    "aaaaaa archive/data.pkl"),
            "save_file(torch.load(\"w.safetensors\", weights_only=True)"));
  CHECK(has(message("PK\x03\x04"
                    "aaaaaa a.npy"),
            "numpy.load"));
  CHECK(has(message("PK\x03\x04"
                    "aaaaaa readme"),
            "zip archive"));
  CHECK(has(message("\x80\x02\x8a\x0al\xfc\x9c"
                    "F"),
            "before PyTorch 1.6"));
  CHECK(has(message("\x08\x09\x12\x07pytorch"), "ONNX"));
  CHECK(has(message("\x93NUMPY"), "is an npy file"));
  CHECK(has(message("\x1f\x8b\x08\x00\x00\x00\x00\x00"), "gunzip"));
  CHECK(has(message("version https://git-lfs.github.com"), "git lfs pull"));
  CHECK(has(message("anything else"), "is truncated or no safetensors file"));
}

TEST_CASE("the writer refuses names twice and sizes that are not the shape's") {
  const std::array<float, 2> values = {1, 2};
  const std::array<d2nn::weights::TensorView, 2> twice = {{{"a", {2}, values}, {"a", {2}, values}}};
  CHECK(d2nn::weights::encode(twice).status().message().find("its name is taken") != std::string::npos);
  const std::array<d2nn::weights::TensorView, 1> wrong = {{{"a", {3}, values}}};
  CHECK(d2nn::weights::encode(wrong).status().message().find("it has 2 values, its shape [3] has 3") !=
        std::string::npos);
}

TEST_CASE("a full disk while saving is reported and the old weights stay") {
  const TempFolder folder;
  const std::string path = folder.write("w", "old");
  const std::vector<float> values(1 << 20, 1.0f);
  const std::array<d2nn::weights::TensorView, 1> tensors = {{{"a", {1 << 20}, values}}};
  d2nn::Status status;
  {
    const d2nn::testing::FullDisk full(1 << 20);
    status = d2nn::weights::save(path, tensors);
  }
  CHECK(status.code() == D2NN_IO_ERROR);
  CHECK(status.message().find(path) != std::string::npos);
  CHECK(TempFolder::read(path) == "old");
  CHECK(folder.files() == 1);
}
