// The texts that the client has open. They win over the files on disk wherever a program imports them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lsp/analysis.h"
#include "lsp/transport.h"

namespace d2nn::lsp {

/// "/nets/a b.d2nn" of "file:///nets/a%20b.d2nn"; other URIs stay as they are.
std::string path_of(const std::string& uri);
/// The other way round; what is no absolute path stays as it is.
std::string uri_of(const std::string& path);

class Document {
 public:
  const Analysis& latest() const { return latest_; }
  /// The latest analysis without syntax errors; null before the first.
  const Analysis* good() const { return latest_.is_parsed ? &latest_ : good_ ? &*good_ : nullptr; }
  const source::SourceFile& file() const { return latest_.files[0]; }
  std::string text() const { return std::string(file().text()); }
  std::int64_t version() const { return version_; }

 private:
  friend class Documents;
  Analysis latest_;
  std::optional<Analysis> good_;
  std::set<std::string> imported_;  // paths of the files it imports, over others too, found or not
  std::int64_t version_ = 0;
};

class Documents {
 public:
  /// Opens or replaces a text.
  void set(const std::string& uri, std::string text, std::int64_t version);
  void close(const std::string& uri) { open_.erase(uri); }
  /// Null when it is not open.
  const Document* find(const std::string& uri) const;
  /// Analyses once more the open documents that import this one; their URIs.
  std::vector<std::string> refresh_importers(const std::string& uri);

 private:
  sema::ImportedText load(const sema::ImportRequest& request, std::set<std::string>& paths) const;

  std::map<std::string, Document> open_;  // by URI
};

/// A text with the changes of didChange applied, each a whole text or {"range", "text"}. Throws Json's exceptions.
std::string changed(std::string text, const Json& changes);

}  // namespace d2nn::lsp
