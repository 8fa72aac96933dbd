#include "lsp/documents.h"

#include <algorithm>

#include "driver/imports.h"
#include "lsp/positions.h"

namespace d2nn::lsp {
namespace {

constexpr std::string_view scheme = "file://";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool stays(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("/-_.~").find(c) != std::string_view::npos;
}

}  // namespace

std::string path_of(const std::string& uri) {
  if (!uri.starts_with(scheme)) return uri;
  std::string path;
  for (std::size_t i = scheme.size(); i < uri.size(); ++i) {
    const bool is_escape =
        uri[i] == '%' && i + 2 < uri.size() && hex_digit(uri[i + 1]) >= 0 && hex_digit(uri[i + 2]) >= 0;
    path += is_escape ? static_cast<char>(16 * hex_digit(uri[i + 1]) + hex_digit(uri[i + 2])) : uri[i];
    if (is_escape) i += 2;
  }
  return path;
}

std::string uri_of(const std::string& path) {
  if (!path.starts_with('/')) return path;
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string uri(scheme);
  for (const char c : path) {
    if (stays(c)) {
      uri += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      uri += '%';
      uri += digits[byte >> 4];
      uri += digits[byte & 15];
    }
  }
  return uri;
}

const Document* Documents::find(const std::string& uri) const {
  const auto found = open_.find(uri);
  return found != open_.end() ? &found->second : nullptr;
}

sema::ImportedText Documents::load(const sema::ImportRequest& request, std::set<std::string>& paths) const {
  if (const auto path = driver::import_path(request)) {
    paths.insert(*path);
    for (const auto& [uri, document] : open_) {
      if (path_of(uri) == *path) return {*path, document.text(), "", {}};
    }
  }
  return driver::load_import(request);
}

void Documents::set(const std::string& uri, std::string text, std::int64_t version) {
  std::set<std::string> imported;
  Analysis analysis = analyse(path_of(uri), std::move(text),
                              [&](const sema::ImportRequest& request) { return load(request, imported); });
  Document& document = open_[uri];
  if (analysis.is_parsed) {
    document.good_.reset();
  } else if (document.latest_.is_parsed) {
    document.good_ = std::move(document.latest_);
  }
  document.latest_ = std::move(analysis);
  document.imported_ = std::move(imported);
  document.version_ = version;
}

std::vector<std::string> Documents::refresh_importers(const std::string& uri) {
  const std::string path = path_of(uri);
  std::vector<std::string> importers;
  for (const auto& [other, document] : open_) {
    if (document.imported_.contains(path) && other != uri) importers.push_back(other);
  }
  for (const std::string& other : importers) set(other, find(other)->text(), find(other)->version());
  return importers;
}

std::string changed(std::string text, const Json& changes) {
  for (const Json& change : changes) {
    std::string replacement = change.at("text").get<std::string>();
    if (!change.contains("range")) {
      text = std::move(replacement);
      continue;
    }
    const source::SourceFile file("", text);
    const std::uint32_t begin = to_offset(file, change.at("range").at("start"));
    const std::uint32_t end = std::max(begin, to_offset(file, change.at("range").at("end")));
    text.replace(begin, end - begin, replacement);
  }
  return text;
}

}  // namespace d2nn::lsp
