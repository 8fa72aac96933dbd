// URIs of files, and texts that wait for their analysis.
#include "lsp/documents.h"

#include <doctest/doctest.h>

using namespace d2nn;

TEST_CASE("every spelling of a local file's URI gives its path") {
  for (const char* uri : {"file:///nets/a%20b.d2nn", "file:/nets/a%20b.d2nn", "file://localhost/nets/a%20b.d2nn",
                          "FILE://LocalHost/nets/a%20b.d2nn", "file:///nets/%61%20b.d2nn",
                          "file:///nets/../nets/./a b.d2nn", "file:///nets/%2e%2E/nets/a b.d2nn"}) {
    CAPTURE(std::string(uri));
    CHECK(lsp::path_of(uri) == "/nets/a b.d2nn");
  }
  CHECK(lsp::path_of("file:///n%C3%A9t.d2nn") == "/n\xC3\xA9t.d2nn");
  CHECK(lsp::path_of("file:///a%FF") == "/a\xFF");
  CHECK(lsp::path_of("file:///a%2") == "/a%2");
  CHECK(lsp::path_of("file:///a%zz") == "/a%zz");
}

TEST_CASE("what is no local file keeps its URI") {
  for (const char* uri : {"untitled:Untitled-1", "file://server/share/a.d2nn", "file://localhost", "file:a.d2nn",
                          "file:", "http://localhost/a.d2nn", "file://localhost.org/a", ""}) {
    CAPTURE(std::string(uri));
    CHECK(lsp::path_of(uri) == uri);
  }
}

TEST_CASE("paths become URIs that lead back") {
  CHECK(lsp::uri_of("/nets/a b.d2nn") == "file:///nets/a%20b.d2nn");
  CHECK(lsp::uri_of("/\xC3\xA9") == "file:///%C3%A9");
  CHECK(lsp::uri_of("relative") == "relative");
  for (const char* path : {"/a/b c.d2nn", "/100%/x", "/\xFF\x01"}) CHECK(lsp::path_of(lsp::uri_of(path)) == path);
}

TEST_CASE("a text is found at once, and analysed once however often it changed") {
  lsp::Documents documents;
  documents.set("file:///n.d2nn", "network n { input x: f32[2]; output y: f32[2]; x -> y; }", 1);
  documents.set("file:/n.d2nn", "network n {", 2);
  documents.set("file:///n.d2nn", "network m { input x: f32[2]; output y: f32[2]; x -> y; }", 3);
  REQUIRE(documents.find("file://localhost/n.d2nn") != nullptr);
  CHECK(documents.find("file:///n.d2nn")->text().starts_with("network m"));
  CHECK(documents.has_pending());
  const lsp::Document* analysed = documents.analyse_next();
  REQUIRE(analysed != nullptr);
  CHECK(analysed->version() == 3);
  CHECK(analysed->uri() == "file:///n.d2nn");
  REQUIRE(analysed->latest().programs.size() == 1);
  CHECK(analysed->latest().programs[0].name == "m");
  CHECK(documents.analyse_next() == nullptr);
}

TEST_CASE("a text that changes makes those that import it wait too, and so does its closing") {
  lsp::Documents documents;
  documents.set("file:///none/a.d2nn",
                "import \"b.d2nn\";\nnetwork n { input x: f32[2]; node A { b.f } output y: f32[2]; x -> A -> y; }", 1);
  documents.set("file:///none/c.d2nn", "network n { input x: f32[2]; output y: f32[2]; x -> y; }", 1);
  while (documents.analyse_next() != nullptr) {
  }
  CHECK(documents.find("file:///none/a.d2nn")->latest().sink.has_errors());
  documents.set("file:///none/b.d2nn", "block f()(x) { x -> relu }", 1);
  int analysed = 0;
  while (documents.analyse_next() != nullptr) ++analysed;
  CHECK(analysed == 2);
  CHECK_FALSE(documents.find("file:///none/a.d2nn")->latest().sink.has_errors());
  documents.close("file:///none/b.d2nn");
  const lsp::Document* importer = documents.analyse_next();
  REQUIRE(importer != nullptr);
  CHECK(importer->uri() == "file:///none/a.d2nn");
  CHECK(importer->latest().sink.has_errors());
  CHECK(documents.analyse_next() == nullptr);
}
