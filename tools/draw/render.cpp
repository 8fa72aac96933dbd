#include "draw/render.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "draw/dot.h"
#include "io/atomic_file.h"

extern char** environ;

namespace d2nn::draw {

namespace {

namespace fs = std::filesystem;

std::string read_all(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Runs `dot -Tsvg` on a text, through two files of a temporary folder.
Result<std::string> svg_of(const std::string& dot) {
  std::string folder = (fs::temp_directory_path() / "d2nn-draw-XXXXXX").string();
  if (!mkdtemp(folder.data()))
    return Status(D2NN_IO_ERROR, "cannot make a temporary folder: " + std::string(std::strerror(errno)));
  const fs::path input = fs::path(folder) / "graph.dot";
  const fs::path output = fs::path(folder) / "graph.svg";
  std::ofstream(input, std::ios::binary) << dot;
  const std::string out_option = "-o" + output.string();
  const std::string in_name = input.string();
  std::string name = "dot";
  std::string format = "-Tsvg";
  std::string in_copy = in_name;
  std::string out_copy = out_option;
  char* const arguments[] = {name.data(), format.data(), in_copy.data(), out_copy.data(), nullptr};
  pid_t child = 0;
  const int started = posix_spawnp(&child, "dot", nullptr, nullptr, arguments, environ);
  int status = 0;
  const bool ran = started == 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  std::string svg = ran ? read_all(output) : "";
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (started == ENOENT)
    return Status(D2NN_IO_ERROR,
                  "Graphviz' `dot` is not installed; install the package graphviz, or write a .dot file");
  if (svg.empty()) return Status(D2NN_IO_ERROR, "Graphviz' `dot` could not draw the network");
  return svg;
}

std::string html_escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else {
      result += c;
    }
  }
  return result;
}

constexpr std::size_t paths_on_page = 64;

std::string paths_table(const graph::Program& program, const paths::Analysis& analysis) {
  if (!analysis.paths || analysis.paths->size() > paths_on_page) return "";
  const auto controls = graph::nodes_of(program, graph::NodeKind::control);
  std::string html = "<table><tr>";
  for (const graph::NodeId control : controls) html += "<th>" + html_escaped(program[control].name) + "</th>";
  html += "<th>nodes</th><th>multiplications</th></tr>\n";
  for (const paths::Path& path : *analysis.paths) {
    html += "<tr>";
    for (std::size_t i = 0; i < controls.size(); ++i) {
      html += "<td>" + (path.decisions[i] ? html_escaped(program[controls[i]].actions[*path.decisions[i]].name) : "–") +
              "</td>";
    }
    std::string nodes;
    for (const graph::NodeId node : path.executed) nodes += (nodes.empty() ? "" : " ") + program[node].name;
    html += "<td>" + html_escaped(nodes) + "</td><td class=\"n\">" + std::to_string(path.cost) + "</td></tr>\n";
  }
  return html + "</table>\n";
}

std::string page(const graph::Program& program, const paths::Analysis& analysis, const std::string& svg) {
  const std::size_t begin = svg.find("<svg");
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width\"><title>" +
         html_escaped(program.name) +
         "</title>\n<style>body{font:15px/1.5 Helvetica,Arial,sans-serif;margin:2em "
         "auto;max-width:72em;color:#222}svg{max-width:100%;height:auto}"
         "table{border-collapse:collapse}td,th{border-bottom:1px solid #ddd;padding:.25em "
         ".8em;text-align:left}td.n{text-align:right}</style></head>\n<body><h1>" +
         html_escaped(program.name) + "</h1>\n<p>" + html_escaped(program.doc) + "</p>\n<p>" +
         (analysis.path_count.empty() ? "Many" : analysis.path_count) +
         (analysis.path_count == "1" ? " path, " : " paths, ") + std::to_string(analysis.least_cost) + " to " +
         std::to_string(analysis.greatest_cost) + " multiplications for one sample.</p>\n" +
         (begin == std::string::npos ? svg : svg.substr(begin)) + paths_table(program, analysis) + "</body></html>\n";
}

}  // namespace

Status draw(const graph::Program& program, const paths::Analysis& analysis, const std::string& path) {
  const std::string extension = fs::path(path).extension().string();
  if (extension != ".dot" && extension != ".svg" && extension != ".html") {
    return Status(D2NN_INVALID_ARGUMENT, "cannot draw to `" + path + "`: the name must end in .svg, .dot or .html");
  }
  const std::string dot = dot_text(program);
  if (extension == ".dot") return io::write_file(path, dot);
  const Result<std::string> svg = svg_of(dot);
  if (!svg.ok()) return svg.status();
  return io::write_file(path, extension == ".svg" ? *svg : page(program, analysis, *svg));
}

}  // namespace d2nn::draw
