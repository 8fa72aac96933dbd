#include "weight_import/import.h"

#include <algorithm>
#include <map>
#include <utility>

#include "diag/catalogue.h"
#include "diag/spelling.h"
#include "driver/embed_weights.h"
#include "weight_import/renames.h"
#include "weight_import/resemblance.h"
#include "weights/safetensors.h"
#include "weights/safetensors_header.h"

namespace d2nn::weight_import {

namespace {

using weights::quote_name;
using weights::Safetensors;
using weights::TensorEntry;

/// Errors of one kind that are searched for a name alike; no more of them are printed.
constexpr std::size_t greatest_hints = 20;

std::string text_of(const std::vector<std::int64_t>& shape) {
  return weights::shape_text(shape.data(), shape.size());
}

/// One import: the file's tensors under their new names, held against the parameters of the network.
class Import {
 public:
  Import(driver::Checked& checked, const Request& request)
      : sink_(checked.sink), request_(request), program_(checked.programs.front()), table_(program_) {}

  void run() {
    Result<Safetensors> file = Safetensors::open(request_.from);
    if (!file.ok()) return report(file.status(), diag::code("E0701"));
    Result<Renames> renames = Renames::read(request_.map, request_.rules);
    if (!renames.ok()) return report(renames.status(), diag::code("E0705"));
    rename(*file, *renames);
    if (sink_.has_errors()) return;
    assign();
    if (sink_.has_errors()) return;
    write(*file);
  }

 private:
  void report(const diag::DiagnosticCode* code, std::string message, std::vector<diag::Fix> fixes = {}) {
    sink_.report(
        {.code = code, .message = std::move(message), .range = {source::no_file, 0, 0}, .fixes = std::move(fixes)});
  }
  void report(const Status& status, const diag::DiagnosticCode* code) {
    report(status.code() == D2NN_IO_ERROR ? diag::code("E0801") : code, status.message());
  }

  /// Fills renamed_, by name in the network.
  void rename(const Safetensors& file, const Renames& renames) {
    std::vector<std::string_view> names;
    for (const TensorEntry& entry : file.tensors()) names.push_back(entry.name);
    for (const auto& [name, renamed] : renames.map()) {
      if (file.find(name) != nullptr) continue;
      const std::string_view close = diag::closest(name, names);
      std::vector<diag::Fix> fixes;
      if (!close.empty()) fixes.push_back({.message = "did you mean " + quote_name(close) + "?"});
      report(
          diag::code("E0705"),
          "the map `" + request_.map + "` renames " + quote_name(name) + ", which `" + file.name() + "` does not hold",
          std::move(fixes));
    }
    for (const TensorEntry& entry : file.tensors()) {
      if (entry.name.ends_with(".num_batches_tracked")) continue;
      const std::optional<std::string> name = renames.apply(entry.name);
      if (!name) continue;
      const auto [place, is_new] = renamed_.emplace(*name, &entry);
      if (is_new) continue;
      report(diag::code("E0705"), "tensors " + quote_name(place->second->name) + " and " + quote_name(entry.name) +
                                      " of `" + file.name() + "` are both called " + quote_name(*name) +
                                      " once they are renamed");
    }
  }

  /// Finds every parameter's tensor; tells what is missing, what does not fit, and what is left over.
  void assign() {
    std::vector<Named> missing;
    std::vector<const graph::Parameter*> unfit;
    std::map<std::string, const TensorEntry*> loose = renamed_;
    for (const graph::Parameter& parameter : program_.parameters) {
      const auto found = renamed_.find(parameter.name);
      if (found == renamed_.end()) {
        missing.push_back({parameter.name, parameter.shape.dims});
        continue;
      }
      loose.erase(parameter.name);
      if (!weights::fits_shape(found->second->shape, parameter.shape.dims) ||
          !weights::is_convertible(found->second->dtype))
        unfit.push_back(&parameter);
    }
    std::vector<Named> left_over;
    for (const auto& [name, entry] : loose) left_over.push_back({name, entry->shape});
    report_missing(missing, left_over);
    for (const graph::Parameter* parameter : unfit) report_unfit(*parameter, left_over);
    if (!request_.allow_unused) report_left_over(left_over, missing);
  }

  /// "tensor `a` [3]", with the name in the file where it is another one.
  std::string described(const std::string& name) const {
    const TensorEntry& entry = *renamed_.at(name);
    return "tensor " + quote_name(entry.name) + " " + text_of(entry.shape) +
           (entry.name == name ? "" : ", renamed to " + quote_name(name) + ",");
  }

  void report_missing(const std::vector<Named>& missing, const std::vector<Named>& left_over) {
    std::string rule = prefix_rule(missing, left_over);
    for (std::size_t i = 0; i < missing.size(); ++i) {
      const Named& wanted = missing[i];
      std::vector<diag::Fix> fixes;
      if (!rule.empty()) {
        fixes.push_back({.message = "all names that are missing differ by one prefix: `--rename " + rule + "`"});
        rule.clear();
      } else if (const Named* alike = i < greatest_hints ? most_alike(wanted, left_over) : nullptr) {
        const std::string& name = renamed_.at(alike->name)->name;
        fixes.push_back({.message = "did you mean " + quote_name(name) + "? `--rename " +
                                    exact_rule(alike->name, wanted.name) + "`"});
      }
      report(diag::code("E0702"),
             "no tensor of `" + request_.from + "` is parameter " + quote_name(wanted.name) + " " +
                 text_of(wanted.shape) + " of network `" + program_.name + "`",
             std::move(fixes));
    }
  }

  void report_unfit(const graph::Parameter& parameter, const std::vector<Named>& left_over) {
    const TensorEntry& entry = *renamed_.at(parameter.name);
    const std::string name = described(parameter.name);
    if (!weights::is_convertible(entry.dtype)) {
      return report(diag::code("E0704"), name + " of `" + request_.from + "` has type `" + entry.dtype +
                                             "`; `F32`, `F16`, `BF16` or `F64` is needed");
    }
    std::vector<diag::Fix> fixes;
    const Named wanted{parameter.name, parameter.shape.dims};
    const Named* alike = most_alike(wanted, left_over);
    if (alike != nullptr && weights::fits_shape(alike->shape, wanted.shape))
      fixes.push_back({.message = "did you mean " + quote_name(renamed_.at(alike->name)->name) + "?"});
    report(diag::code("E0704"),
           name + " of `" + request_.from + "` is not of the shape that network `" + program_.name + "` needs, " +
               text_of(wanted.shape),
           std::move(fixes));
  }

  void report_left_over(const std::vector<Named>& left_over, const std::vector<Named>& missing) {
    for (std::size_t i = 0; i < left_over.size(); ++i) {
      const Named* alike = i < greatest_hints ? most_alike(left_over[i], missing) : nullptr;
      diag::Fix fix{.message = alike != nullptr ? "did you mean " + quote_name(alike->name) + "?"
                                                : "leave out what has no place with `--allow-unused`"};
      report(diag::code("E0703"),
             described(left_over[i].name) + " of `" + request_.from + "` is no parameter of network `" + program_.name +
                 "`",
             {std::move(fix)});
    }
  }

  void write(const Safetensors& file) {
    std::vector<float> values(static_cast<std::size_t>(table_.module().parameter_floats));
    std::size_t at = 0;
    for (const graph::Parameter& parameter : program_.parameters) {
      const auto size = static_cast<std::size_t>(parameter.shape.elements());
      const Status status = file.read_converted(*renamed_.at(parameter.name), std::span(values).subspan(at, size));
      if (!status.ok()) return report(status, diag::code("E0701"));
      at += size;
    }
    if (const Status status = weights::check_values(table_.module(), values, file.name()); !status.ok())
      return report(status, diag::code("E0701"));
    const Status status = weights::save(request_.output, weights::parameter_views(table_.module(), values));
    if (!status.ok()) report(diag::code("E0806"), status.message());
  }

  diag::Sink& sink_;
  const Request& request_;
  const graph::Program& program_;
  const driver::ParameterTable table_;
  std::map<std::string, const TensorEntry*> renamed_;
};

}  // namespace

bool import_weights(driver::Checked& checked, const Request& request) {
  if (checked.sink.has_errors() || !driver::has_one_network(checked, "`import`")) return false;
  io::FileRoles files = driver::files_of(checked);
  files.reads(request.from, "the weights to import (`--from`)");
  files.reads(request.map, "the map of names (`--map`)");
  files.writes(request.output, "the weights (`-o`)", "give another name with `-o`");
  if (!driver::may_write(checked, files)) return false;
  Import(checked, request).run();
  return !checked.sink.has_errors();
}

}  // namespace d2nn::weight_import
