// The one check of a command's files: see io/file_roles.h.
#include "io/file_roles.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "unit/io/temp_folder.h"

using d2nn::io::FileRoles;
using d2nn::testing::TempFolder;
namespace fs = std::filesystem;

namespace {

/// What is wrong with writing `output` where `input` is read; "" when nothing is.
std::string check(const std::string& input, const std::string& output) {
  FileRoles files;
  files.reads(input, "the data");
  files.writes(output, "the results (`-o`)", "give another name with `-o`");
  return files.check().message();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an output that is an input is refused by whatever name, with both roles and the fix") {
  const TempFolder folder;
  const std::string data = folder.write("x.npy", "data");
  fs::create_symlink("x.npy", folder.path("link"));
  fs::create_hard_link(data, folder.path("hard"));
  fs::create_directory_symlink(".", folder.path("here"));
  for (const char* name : {"x.npy", "./x.npy", "link", "hard", "here/x.npy", "here/./x.npy"}) {
    const std::string output = folder.path("") + name;
    CAPTURE(output);
    CHECK(check(data, output) == "cannot write `" + output + "`: the results (`-o`) would overwrite the data `" + data +
                                     "`, which this command reads; give another name with `-o`");
  }
  CHECK(check(folder.path("link"), data) != "");
  CHECK(check(data, folder.path("y.npy")) == "");
  CHECK(check(data, folder.write("other", "data")) == "");
  CHECK(check("", folder.path("y.npy")) == "");
  CHECK(folder.files() == 5);
}

TEST_CASE("names under which nothing stands are compared by folder and name") {
  const TempFolder folder;
  fs::create_directory_symlink(".", folder.path("here"));
  fs::create_symlink("nowhere", folder.path("dangling"));
  const auto both = [&](const std::string& one, const std::string& two) {
    FileRoles files;
    files.writes(folder.path("") + one, "the results", "");
    files.writes(folder.path("") + two, "the trace", "give another name with `--trace`");
    return files.check().message();
  };
  for (const char* same : {"y", "./y", "here/y", "here/./y"}) {
    CAPTURE(same);
    CHECK(contains(both("y", same), "the results and the trace would be the same file; give another name with"));
  }
  CHECK(both("y", "z") == "");
  CHECK(both("dangling", "nowhere") == "");  // the link itself is what is replaced
  FileRoles files;
  files.writes("relative-name", "a", "");
  files.writes((fs::current_path() / "relative-name").string(), "b", "");
  CHECK(contains(files.check().message(), "a and b would be the same file"));
}

TEST_CASE("of a folder the files count whose names are read, also through links") {
  const TempFolder folder, elsewhere;
  folder.write("set/cat/a.png", "a");
  const std::string outside = elsewhere.write("b", "b");
  fs::create_symlink(outside, folder.path("set/cat/link.png"));
  const std::string hard = elsewhere.path("hard");
  fs::create_hard_link(folder.path("set/cat/a.png"), hard);
  const auto refuses = [&](const std::string& output) {
    FileRoles files;
    files.reads_below(folder.path("set"), "the data", [](std::string_view name) { return name.ends_with(".png"); });
    files.writes(output, "the weights", "");
    return contains(files.check().message(), "would overwrite the data");
  };
  CHECK(refuses(folder.path("set/cat/a.png")));
  CHECK(refuses(outside));
  CHECK(refuses(hard));
  CHECK_FALSE(refuses(folder.path("set/cat/new.png")));
  CHECK_FALSE(refuses(folder.write("set/w.safetensors", "w")));
}

TEST_CASE("the running program is an input, devices are not overwritten, and folders must be there") {
  const TempFolder folder;
  FileRoles program;
  program.reads_running_program();
  program.writes(fs::canonical("/proc/self/exe").string(), "the results", "");
  CHECK(contains(program.check().message(), "the results would overwrite the running program, which"));

  CHECK(check("/dev/null", "/dev/null") == "");
  FileRoles devices;
  devices.writes("/dev/null", "a", "");
  devices.writes("/dev/null", "b", "");
  CHECK(devices.check().ok());
  devices.writes("/dev/full", "c", "");
  devices.writes("/dev/full", "d", "");
  CHECK(contains(devices.check().message(), "c and d would be the same file"));

  const std::string missing = folder.path("") + "none";
  CHECK(check("", missing + "/y") == "cannot write `" + missing + "/y`: the folder `" + missing +
                                         "` does not exist; make it first, with `mkdir -p " + missing + "`");
  CHECK(contains(check("", folder.write("file", "") + "/y"), "file` is no folder"));
  CHECK(contains(check("", folder.path("")), "it names a folder"));
}
