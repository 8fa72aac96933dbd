// Names that the files of a library take: beside it, and in the C interface.
#include <doctest/doctest.h>

#include <string>

#include "driver/build.h"
#include "unit/io/temp_folder.h"

namespace {

using namespace d2nn;

/// Builds an object file in `folder`; the messages of what went wrong, or "".
std::string build(const std::string& text, const std::string& output, const std::string& prefix = "") {
  driver::Checked checked = driver::check_text("net.d2nn", text, {});
  driver::BuildRequest request;
  request.output = output;
  request.emit = driver::Emit::object;
  request.prefix = prefix;
  if (!checked.sink.has_errors()) driver::build(checked, request);
  std::string messages;
  for (const diag::Diagnostic& diagnostic : checked.sink.all()) messages += diagnostic.message + "\n";
  return messages;
}

const std::string plain = "node N { dense(2) } output y: f32[2]; x -> N -> y; }\n";

}  // namespace

TEST_CASE("a library that would be overwritten by its header or manifest is refused") {
  const testing::TempFolder folder;
  for (const char* name : {"net.h", "net.json"}) {
    const std::string message = build("network n { input x: f32[2]; " + plain, folder.path(name));
    CHECK(message.find("net.o`") != std::string::npos);
    CHECK(folder.files() == 0);
  }
}

TEST_CASE("an accessor that the C interface has already is refused, unless a prefix changes it") {
  const testing::TempFolder folder;
  const std::string text = "network d2nn { input x: f32[2]; " + plain;
  CHECK(build(text, folder.path("net.o")).find("`d2nn_module`") != std::string::npos);
  CHECK(folder.files() == 0);
  CHECK(build(text, folder.path("net.o"), "my_") == "");
}
