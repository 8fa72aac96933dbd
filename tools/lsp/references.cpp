// Where a name is used, and how it is changed everywhere at once. A name is known by the place of its declaration. What
// a new name would break is not derived from rules: the changed texts are analysed, and every name must lead where it
// led before.
#include <algorithm>
#include <filesystem>

#include "diag/spelling.h"
#include "driver/imports.h"
#include "lsp/features.h"
#include "lsp/positions.h"

namespace d2nn::lsp {
namespace {

/// The declaration of a name.
struct Target {
  std::string path;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string name;
};

/// The texts in which a name stands, with its places, ascending.
struct Uses {
  std::string path;
  Analysis analysis;
  std::vector<SourceRange> places;
};

std::optional<Target> target_of(const Analysis& analysis, const Occurrence& occurrence) {
  if (!occurrence.definition || occurrence.definition->begin == occurrence.definition->end) return std::nullopt;
  const SourceRange place = *occurrence.definition;
  return Target{analysis.files[place.file].name(), place.begin, place.end, std::string(analysis.files.text(place))};
}

std::vector<SourceRange> places_of(const Target& target, const Analysis& analysis) {
  std::vector<SourceRange> places;
  for (const Occurrence& name : analysis.names) {
    if (!name.definition || name.definition->begin != target.begin || name.definition->end != target.end) continue;
    if (analysis.files[name.definition->file].name() != target.path) continue;
    if (places.empty() || places.back().begin != name.range.begin) places.push_back(name.range);
  }
  return places;
}

/// Programs beside a file whose text speaks of it and of the name: they may import it without being open.
std::vector<std::string> neighbours(const Documents& documents, const Target& target) {
  constexpr int most_files = 1000;
  const std::filesystem::path declaring(target.path);
  std::vector<std::string> found;
  std::error_code error;
  int seen = 0;
  for (std::filesystem::directory_iterator entry(declaring.parent_path(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (++seen > most_files) break;
    if (entry->path().extension() != ".d2nn") continue;
    const std::string path = entry->path().string();
    const std::optional<std::string> text = documents.text_of(path);
    if (text && text->find(declaring.stem().string()) != std::string::npos &&
        text->find(target.name) != std::string::npos)
      found.push_back(path);
  }
  return found;
}

std::vector<Uses> find_uses(const Documents& documents, const Target& target) {
  std::set<std::string> paths{target.path};
  for (const auto& [path, document] : documents.open()) paths.insert(path);
  for (std::string& path : neighbours(documents, target)) paths.insert(std::move(path));
  std::vector<Uses> all;
  for (const std::string& path : paths) {
    std::optional<Analysis> analysis = documents.analyse_as(path);
    if (!analysis || !analysis->is_parsed) continue;
    std::vector<SourceRange> places = places_of(target, *analysis);
    if (!places.empty()) all.push_back({path, std::move(*analysis), std::move(places)});
  }
  return all;
}

/// A file of the library that nobody is editing.
bool is_of_library(const Documents& documents, const std::string& path) {
  if (documents.open().contains(path)) return false;
  const auto library = driver::import_path({"", {"std", "vision"}, ""});
  return library && std::filesystem::path(*library).parent_path() == std::filesystem::path(path).parent_path();
}

/// The name at a position that may be renamed. Null where there is no name.
const Occurrence* renamed_name(const Documents& documents, const Document& document, const Json& position) {
  if (!document.latest().is_parsed) throw Refusal("the text has syntax errors: mend them before renaming");
  const Occurrence* occurrence = name_at(document, position);
  if (occurrence == nullptr) return nullptr;
  const std::string text(document.latest().files.text(occurrence->range));
  const std::optional<Target> target = target_of(document.latest(), *occurrence);
  if (!target) {
    throw Refusal(occurrence->definition ? "a module has the name of its file, or what `import ... as` says"
                                         : "`" + text + "` is a word of the language");
  }
  if (is_of_library(documents, target->path))
    throw Refusal("`" + text + "` belongs to the library, `" + target->path + "`");
  return occurrence;
}

std::string replaced(const std::string& text, const std::vector<SourceRange>& places, const std::string& name) {
  std::string result;
  std::size_t done = 0;
  for (const SourceRange& place : places) {
    result.append(text, done, place.begin - done).append(name);
    done = place.end;
  }
  return result.append(text, done);
}

/// What the texts are before and after a renaming, and which offset of the one is which of the other.
class Renaming {
 public:
  Renaming(const Documents& documents, const std::vector<Uses>& uses, const std::string& name)
      : documents_(documents), uses_(uses), name_(name) {
    for (const Uses& use : uses)
      texts_[use.path] = replaced(std::string(use.analysis.files[0].text()), use.places, name);
  }

  /// Throws Refusal when the new texts have an error more, or a name that leads elsewhere.
  void check() const {
    for (const Uses& use : uses_) {
      const std::optional<Analysis> after = documents_.analyse_as(use.path, texts_);
      if (!after) continue;
      check_errors(use, *after);
      check_names(use, *after);
    }
  }

 private:
  static std::vector<const diag::Diagnostic*> errors(const Analysis& analysis) {
    std::vector<const diag::Diagnostic*> list;
    for (const diag::Diagnostic& diagnostic : analysis.sink.all()) {
      if (diagnostic.code == nullptr || diagnostic.code->severity == diag::Severity::error) list.push_back(&diagnostic);
    }
    return list;
  }

  void check_errors(const Uses& use, const Analysis& after) const {
    const auto former = errors(use.analysis);
    const auto latter = errors(after);
    if (latter.size() <= former.size()) return;
    throw Refusal("`" + name_ + "` cannot be its name: " + latter.front()->message);
  }

  void check_names(const Uses& use, const Analysis& after) const {
    const std::vector<Occurrence>& former = use.analysis.names;
    const std::size_t count = std::min(former.size(), after.names.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_same(use, former[i], after, after.names[i])) refuse(use, former[i]);
    }
    if (former.size() != after.names.size()) refuse(use, former.back());
  }

  bool is_same(const Uses& use, const Occurrence& former, const Analysis& after, const Occurrence& latter) const {
    if (moved(use.path, former.range.begin) != latter.range.begin) return false;
    if (former.definition.has_value() != latter.definition.has_value()) return false;
    if (!former.definition) return true;
    const std::string& path = use.analysis.files[former.definition->file].name();
    return path == after.files[latter.definition->file].name() &&
           moved(path, former.definition->begin) == latter.definition->begin;
  }

  [[noreturn]] void refuse(const Uses& use, const Occurrence& occurrence) const {
    const source::SourceFile& file = use.analysis.files[0];
    throw Refusal("`" + name_ + "` has a meaning already: `" + std::string(use.analysis.files.text(occurrence.range)) +
                  "` in line " + std::to_string(file.position(occurrence.range.begin).line) + " of `" + use.path +
                  "` would lead elsewhere");
  }

  /// The offset in the new text of a path.
  std::uint32_t moved(const std::string& path, std::uint32_t offset) const {
    const auto use = std::find_if(uses_.begin(), uses_.end(), [&](const Uses& other) { return other.path == path; });
    if (use == uses_.end()) return offset;
    std::int64_t shift = 0;
    for (const SourceRange& place : use->places) {
      if (place.begin >= offset) break;
      shift += static_cast<std::int64_t>(name_.size()) - (place.end - place.begin);
    }
    return static_cast<std::uint32_t>(offset + shift);
  }

  const Documents& documents_;
  const std::vector<Uses>& uses_;
  const std::string& name_;
  Documents::Texts texts_;
};

void check_spelling(const std::string& name) {
  const bool is_name =
      !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), diag::is_name_char);
  if (!is_name) throw Refusal("`" + name + "` is no name: letters, digits and _, not beginning with a digit");
}

}  // namespace

Json references(const Documents& documents, const Document& document, const Json& position, bool with_declaration) {
  const Occurrence* occurrence = name_at(document, position);
  if (occurrence == nullptr) return nullptr;
  const std::optional<Target> target = target_of(*document.good(), *occurrence);
  if (!target) return nullptr;
  Json list = Json::array();
  for (const Uses& use : find_uses(documents, *target)) {
    for (const SourceRange& place : use.places) {
      if (!with_declaration && use.path == target->path && place.begin == target->begin) continue;
      list.push_back({{"uri", documents.uri_of_path(use.path)}, {"range", to_range(use.analysis.files[0], place)}});
    }
  }
  return list;
}

Json prepare_rename(const Documents& documents, const Document& document, const Json& position) {
  const Occurrence* occurrence = renamed_name(documents, document, position);
  if (occurrence == nullptr) return nullptr;
  return {{"range", to_range(document.file(), occurrence->range)},
          {"placeholder", document.latest().files.text(occurrence->range)}};
}

Json rename(const Documents& documents, const Document& document, const Json& position, const std::string& new_name) {
  const Occurrence* occurrence = renamed_name(documents, document, position);
  if (occurrence == nullptr) throw Refusal("there is no name here");
  check_spelling(new_name);
  const std::vector<Uses> uses = find_uses(documents, *target_of(document.latest(), *occurrence));
  Renaming(documents, uses, new_name).check();
  Json changes = Json::object();
  for (const Uses& use : uses) {
    Json edits = Json::array();
    for (const SourceRange& place : use.places)
      edits.push_back({{"range", to_range(use.analysis.files[0], place)}, {"newText", new_name}});
    changes[documents.uri_of_path(use.path)] = std::move(edits);
  }
  return {{"changes", std::move(changes)}};
}

}  // namespace d2nn::lsp
