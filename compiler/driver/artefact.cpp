#include "driver/artefact.h"

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "codegen/link.h"
#include "diag/catalogue.h"
#include "driver/manifest.h"
#include "io/atomic_file.h"
#include "text/encoded.h"

namespace d2nn::driver {

namespace {

namespace fs = std::filesystem;

bool write(Checked& checked, const std::string& path, std::string_view content) {
  const Status status = io::write_file(path, content);
  if (!status.ok()) report(checked, diag::code("E0806"), status.message());
  return status.ok();
}

std::string beside(const std::string& output, const char* extension) {
  return fs::path(output).replace_extension(extension).string();
}

bool is_standard_output(const BuildRequest& request) {
  const bool is_text = is_before_code(request.emit) || request.emit == Emit::llvm || request.emit == Emit::assembly;
  return is_text && request.output == "-";
}

/// Every file of the build, so that none is written over another.
io::FileRoles files_of_build(const Checked& checked, const BuildRequest& request) {
  io::FileRoles files = files_of(checked);
  files.reads(request.weights, "the weights (`--weights`)");
  if (request.emit == Emit::executable) {
    for (const std::string& archive : codegen::app_archives(request.with_training))
      files.reads(archive, "the runtime's archive");
  }
  if (is_standard_output(request)) return files;
  files.writes(request.output, "the output (`-o`)", "give another name with `-o`");
  if (!is_library(request.emit)) return files;
  const std::string fix = "choose another ending, such as `" + beside(request.output, ".o") + "`, or another name";
  files.writes(beside(request.output, ".h"), "the header beside it", fix);
  files.writes(beside(request.output, ".json"), "the manifest beside it", fix);
  return files;
}

}  // namespace

bool is_before_code(Emit emit) {
  return emit == Emit::ast || emit == Emit::graph || emit == Emit::plan;
}

bool is_library(Emit emit) {
  return emit == Emit::shared || emit == Emit::static_library || emit == Emit::object;
}

bool may_write_artefact(Checked& checked, const BuildRequest& request) {
  return may_write(checked, files_of_build(checked, request));
}

bool write_text(Checked& checked, const BuildRequest& request, std::string_view content) {
  if (!is_standard_output(request)) return write(checked, request.output, content);
  std::cout << content << std::flush;
  if (std::cout) return true;
  report(checked, diag::code("E0806"), "cannot write to standard output");
  return false;
}

bool write_artefact(Checked& checked, const BuildRequest& request, const codegen::CompiledModule& module) {
  if (request.emit == Emit::llvm) return write_text(checked, request, module.llvm_text());
  if (request.emit == Emit::assembly) return write_text(checked, request, module.assembly());
  const std::vector<char> object = module.object();
  const std::string_view bytes(object.data(), object.size());
  if (request.emit == Emit::object) return write(checked, request.output, bytes);
  if (request.emit == Emit::static_library)
    return write(checked, request.output, codegen::archive(bytes, fs::path(request.output).stem().string() + ".o"));
  codegen::LinkRequest link;
  link.object = bytes;
  link.output = request.output;
  link.is_shared = request.emit == Emit::shared;
  link.with_training = request.with_training;
  std::string error;
  if (codegen::link(link, error)) return true;
  report(checked, diag::code("E0902"), error);
  return false;
}

bool write_header_and_manifest(Checked& checked, const BuildRequest& request, std::span<const HeaderNetwork> networks,
                               const nlohmann::ordered_json& manifests) {
  const std::string header = beside(request.output, ".h");
  nlohmann::ordered_json all = manifest_head();
  all["networks"] = manifests;
  text::put(all, "artefact", fs::path(request.output).filename().string());
  text::put(all, "header", fs::path(header).filename().string());
  const codegen::LinkFlags flags = codegen::user_link_flags();
  text::put_words(all, "compile_flags", flags.compile);
  text::put_words(all, "link_flags", flags.link_static);
  text::put_words(all, "link_flags_shared", flags.link_shared);
  return write(checked, header, c_header(fs::path(header).stem().string(), networks, request.prefix)) &&
         write(checked, beside(request.output, ".json"), all.dump(2) + "\n");
}

}  // namespace d2nn::driver
