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

/// "/nets/a b.d2nn" of "file:///nets/a%20b.d2nn", "file:/nets/a%20b.d2nn" (RFC 8089) and the same with the host
/// localhost; other URIs, those of other hosts too, stay as they are.
std::string path_of(const std::string& uri);
/// "file:///nets/a%20b.d2nn"; what is no absolute path stays as it is.
std::string uri_of(const std::string& path);

class Document {
 public:
  /// The analysis of text(); of an earlier text while Documents::has_pending().
  const Analysis& latest() const { return latest_; }
  /// The latest analysis without syntax errors; null before the first.
  const Analysis* good() const { return latest_.is_parsed ? &latest_ : good_ ? &*good_ : nullptr; }
  const source::SourceFile& file() const { return file_; }
  std::string text() const { return std::string(file_.text()); }
  std::int64_t version() const { return version_; }
  /// As the client spells it.
  const std::string& uri() const { return uri_; }

 private:
  friend class Documents;
  std::string uri_;
  source::SourceFile file_{"", ""};
  Analysis latest_;
  std::optional<Analysis> good_;
  std::set<std::string> imported_;  // paths of the files it imports, over others too, found or not
  std::int64_t version_ = 0;
};

/// Texts are taken at once and analysed when it is asked for, so that of many edits the newest alone costs an analysis.
class Documents {
 public:
  /// Opens or replaces a text; it and the open documents that import it wait for their analysis.
  void set(const std::string& uri, std::string text, std::int64_t version);
  /// The open documents that import it wait for their analysis.
  void close(const std::string& uri);
  /// Null when it is not open. All spellings of a file's URI find it.
  const Document* find(const std::string& uri) const;
  /// By path.
  const std::map<std::string, Document>& open() const { return open_; }
  bool has_pending() const { return !pending_.empty(); }
  /// Analyses one of the documents that wait for it. Null when none does.
  const Document* analyse_next();
  /// Texts by path that stand in for those that are open and for files.
  using Texts = std::map<std::string, std::string>;
  /// The text of a path: the given one, the open one or the file's. Nothing when it cannot be read.
  std::optional<std::string> text_of(const std::string& path, const Texts& texts = {}) const;
  /// The analysis of text_of(path), with imports from there too.
  std::optional<Analysis> analyse_as(const std::string& path, const Texts& texts = {}) const;
  /// How the client spells the URI of a path.
  std::string uri_of_path(const std::string& path) const;

 private:
  sema::ImportedText load(const sema::ImportRequest& request, const Texts& texts, std::set<std::string>& paths) const;
  void await_importers(const std::string& path);

  std::map<std::string, Document> open_;  // by path
  std::set<std::string> pending_;         // paths
};

/// A text with the changes of didChange applied, each a whole text or {"range", "text"}. Throws Json's exceptions.
std::string changed(std::string text, const Json& changes);

}  // namespace d2nn::lsp
