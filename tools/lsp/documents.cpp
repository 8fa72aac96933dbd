#include "lsp/documents.h"

#include <algorithm>
#include <filesystem>

#include "driver/imports.h"
#include "lsp/positions.h"

namespace d2nn::lsp {
namespace {

constexpr std::string_view scheme = "file:";
constexpr std::string_view local_host = "localhost";

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Schemes and hosts are the same in any case.
bool starts_with_folded(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                    [](char left, char right) { return left == folded(right); });
}

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
  if (!starts_with_folded(uri, scheme)) return uri;
  std::size_t begin = scheme.size();
  if (uri.compare(begin, 2, "//") == 0) {  // a host, perhaps an empty one
    const std::size_t slash = uri.find('/', begin + 2);
    if (slash == std::string::npos) return uri;
    const std::string host = uri.substr(begin + 2, slash - begin - 2);
    if (!host.empty() && !(host.size() == local_host.size() && starts_with_folded(host, local_host))) return uri;
    begin = slash;
  }
  if (uri.compare(begin, 1, "/") != 0) return uri;  // relative: to what is nowhere said
  std::string path;
  for (std::size_t i = begin; i < uri.size(); ++i) {
    const bool is_escape =
        uri[i] == '%' && i + 2 < uri.size() && hex_digit(uri[i + 1]) >= 0 && hex_digit(uri[i + 2]) >= 0;
    path += is_escape ? static_cast<char>(16 * hex_digit(uri[i + 1]) + hex_digit(uri[i + 2])) : uri[i];
    if (is_escape) i += 2;
  }
  return std::filesystem::path(path).lexically_normal().string();  // as paths of imports are
}

std::string uri_of(const std::string& path) {
  if (!path.starts_with('/')) return path;
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string uri = std::string(scheme) + "//";
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
  const auto found = open_.find(path_of(uri));
  return found != open_.end() ? &found->second : nullptr;
}

std::string Documents::uri_of_path(const std::string& path) const {
  const auto open = open_.find(path);
  return open != open_.end() ? open->second.uri() : uri_of(path);
}

sema::ImportedText Documents::load(const sema::ImportRequest& request, const Texts& texts,
                                   std::set<std::string>& paths) const {
  if (const auto path = driver::import_path(request)) {
    paths.insert(*path);
    if (const auto given = texts.find(*path); given != texts.end()) return {*path, given->second, "", {}};
    if (const auto open = open_.find(*path); open != open_.end()) return {*path, open->second.text(), "", {}};
  }
  return driver::load_import(request);
}

void Documents::await_importers(const std::string& path) {
  for (const auto& [other, document] : open_) {
    if (document.imported_.contains(path)) pending_.insert(other);
  }
}

void Documents::set(const std::string& uri, std::string text, std::int64_t version) {
  const std::string path = path_of(uri);
  Document& document = open_[path];
  document.uri_ = uri;
  document.file_ = source::SourceFile(path, std::move(text));
  document.version_ = version;
  pending_.insert(path);
  await_importers(path);
}

void Documents::close(const std::string& uri) {
  const std::string path = path_of(uri);
  open_.erase(path);
  pending_.erase(path);
  await_importers(path);
}

const Document* Documents::analyse_next() {
  if (pending_.empty()) return nullptr;
  const std::string path = *pending_.begin();
  pending_.erase(pending_.begin());
  Document& document = open_.at(path);
  std::set<std::string> imported;
  Analysis analysis =
      analyse(path, document.text(), [&](const sema::ImportRequest& request) { return load(request, {}, imported); });
  if (analysis.is_parsed) {
    document.good_.reset();
  } else if (document.latest_.is_parsed) {
    document.good_ = std::move(document.latest_);
  }
  document.latest_ = std::move(analysis);
  document.imported_ = std::move(imported);
  return &document;
}

std::optional<std::string> Documents::text_of(const std::string& path, const Texts& texts) const {
  if (const auto given = texts.find(path); given != texts.end()) return given->second;
  if (const auto open = open_.find(path); open != open_.end()) return open->second.text();
  return driver::read_text(path);
}

std::optional<Analysis> Documents::analyse_as(const std::string& path, const Texts& texts) const {
  std::optional<std::string> text = text_of(path, texts);
  if (!text) return std::nullopt;
  std::set<std::string> imported;
  return analyse(path, std::move(*text),
                 [&](const sema::ImportRequest& request) { return load(request, texts, imported); });
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
