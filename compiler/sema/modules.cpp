// Depth first along the imports, so that a module's constants can use those of what it imports.
#include "sema/modules.h"

#include <algorithm>
#include <utility>

#include "diag/spelling.h"
#include "sema/report.h"
#include "syntax/parse.h"

namespace d2nn::sema {
namespace {

/// A program of more files than this is a mistake, or meant to exhaust us.
constexpr std::size_t max_modules = 1000;
/// Files that import one another in a row; loading recurses.
constexpr std::size_t max_nesting = 100;

bool is_name(const std::string& text) {
  const bool begins_with_digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
  return !text.empty() && !begins_with_digit && std::all_of(text.begin(), text.end(), diag::is_name_char);
}

/// As written: "std.vision" or "\"heads.d2nn\"".
std::string text_of(const ast::Import& import) {
  if (import.path.empty()) return "\"" + import.file + "\"";
  std::string text;
  for (const ast::Name& step : import.path) text += (text.empty() ? "" : ".") + step.text;
  return text;
}

class Loader {
 public:
  Loader(source::SourceFiles& files, const ImportLoader& loader, diag::Sink& sink)
      : files_(files), loader_(loader), sink_(sink) {}

  Modules run(const ast::File& file) {
    open_.push_back({files_[file.file].name(), {}});
    load(file, std::make_unique<Module>());
    return std::move(modules_);
  }

 private:
  /// A file whose imports are being loaded, and the import that led from it to the next.
  struct Open {
    std::string name;
    SourceRange import;
  };

  const Module* load(const ast::File& file, std::unique_ptr<Module> module) {
    std::map<std::string, SourceRange> names;
    std::map<std::string, SourceRange> module_names;  // apart: they stand before a dot only
    std::vector<const ast::Const*> constants;
    for (const ast::FileItem& item : file.items) {
      if (const auto* constant = std::get_if<ast::Const>(&item)) {
        if (declare(names, constant->name)) constants.push_back(constant);
      } else if (const auto* network = std::get_if<ast::Network>(&item)) {
        if (declare(names, network->name)) module->networks.push_back(network);
      } else if (const auto* block = std::get_if<ast::Block>(&item)) {
        if (declare(names, block->name)) module->blocks[block->name.text] = {block, module.get(), false};
      } else {
        import(std::get<ast::Import>(item), file, module_names, *module);
      }
    }
    for (const auto& [name, imported] : module->imports) {
      if (imported != nullptr) module->constants.declare_members(name, imported->constants);
    }
    evaluate_constants(constants, module->constants, sink_);
    modules_.all.push_back(std::move(module));
    return modules_.all.back().get();
  }

  bool declare(std::map<std::string, SourceRange>& names, const ast::Name& name, const std::string& fix = "") {
    const auto [first, is_new] = names.emplace(name.text, name.range);
    if (is_new) return true;
    Report(code("E0202"), name.range, quoted(name.text) + " is declared twice")
        .note(first->second, "first declared here")
        .advise(fix)
        .to(sink_);
    return false;
  }

  void import(const ast::Import& import, const ast::File& importer, std::map<std::string, SourceRange>& names,
              Module& module) {
    ast::Name name{module_name(import), import.range};
    if (import.alias) {
      name.range = import.alias->range;
    } else if (!import.path.empty()) {
      name.range = import.path.back().range;
    } else if (!is_name(name.text)) {
      Report(code("E0214"), import.range, "the file name " + quoted(import.file) + " gives no name for the module")
          .advise("name it, as in `import \"" + import.file + "\" as heads;`")
          .to(sink_);
      return;
    }
    const Module* imported = find(import, importer);
    if (declare(names, name, "give one of them another name with `as`")) module.imports[name.text] = imported;
  }

  /// The module of an import, loaded the first time; null after an error.
  const Module* find(const ast::Import& import, const ast::File& importer) {
    ImportRequest request{files_[importer.file].name(), {}, import.file};
    for (const ast::Name& step : import.path) request.path.push_back(step.text);
    ImportedText found;
    found.error = "there is nowhere to import from";
    if (loader_) found = loader_(request);
    if (const auto known = loaded_.find(found.name); known != loaded_.end() && found.text) return known->second;
    if (is_cycle(found, import)) return nullptr;
    if (!found.text) {
      Report report(code("E0214"), import.range, "cannot import " + quoted(text_of(import)) + ": " + found.error);
      const std::vector<std::string_view> known(found.known.begin(), found.known.end());
      const std::string_view nearest = diag::closest(text_of(import), known);
      if (!nearest.empty()) {
        report.did_you_mean(cover(import.path.front().range, import.path.back().range), nearest);
      } else if (!found.known.empty()) {
        std::string list;
        for (const std::string& module : found.known) list += (list.empty() ? "" : ", ") + quoted(module);
        report.advise("the library has " + list);
      }
      report.to(sink_);
      return nullptr;
    }
    if (++module_count_ > max_modules) {
      Report(code("E0214"), import.range, "the program has more than " + std::to_string(max_modules) + " files")
          .to(sink_);
      return loaded_[found.name] = nullptr;
    }
    if (open_.size() > max_nesting) {
      Report(code("E0214"), import.range, "the imports lead more than " + std::to_string(max_nesting) + " files deep")
          .to(sink_);
      return loaded_[found.name] = nullptr;
    }
    const source::FileId id = files_.add(found.name, std::move(*found.text));
    const std::size_t errors_before = sink_.errors_reported();
    auto module = std::make_unique<Module>();
    module->owned_file = std::make_unique<const ast::File>(syntax::parse(files_, id, sink_));
    if (sink_.errors_reported() > errors_before) return loaded_[found.name] = nullptr;
    open_.back().import = import.range;
    open_.push_back({found.name, {}});
    const ast::File& file = *module->owned_file;
    const Module* result = load(file, std::move(module));
    open_.pop_back();
    return loaded_[found.name] = result;
  }

  /// True after reporting that the file found is one of those that are being loaded.
  bool is_cycle(const ImportedText& found, const ast::Import& import) {
    const auto first =
        std::find_if(open_.begin(), open_.end(), [&](const Open& open) { return open.name == found.name; });
    if (!found.text || first == open_.end()) return false;
    const bool is_itself = first + 1 == open_.end();
    Report report(code("E0215"), import.range,
                  is_itself ? "the file imports itself" : "the files import one another in a circle");
    for (auto open = first; open + 1 != open_.end(); ++open) report.note(open->import, "by way of this import");
    report.advise("move what both need into a file of its own").to(sink_);
    return true;
  }

  source::SourceFiles& files_;
  const ImportLoader& loader_;
  diag::Sink& sink_;
  Modules modules_;
  std::vector<Open> open_;
  std::map<std::string, const Module*> loaded_;
  std::size_t module_count_ = 0;  // those being loaded too
};

}  // namespace

std::string module_name(const ast::Import& import) {
  if (import.alias) return import.alias->text;
  if (!import.path.empty()) return import.path.back().text;
  const std::string last = import.file.substr(import.file.find_last_of('/') + 1);  // npos + 1 is 0: the whole
  return last.substr(0, last.find('.'));
}

Modules load_modules(const ast::File& file, source::SourceFiles& files, const ImportLoader& loader, diag::Sink& sink) {
  return Loader(files, loader, sink).run(file);
}

}  // namespace d2nn::sema
