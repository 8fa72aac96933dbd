#include "draw/render.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

#include "diag/catalogue.h"
#include "draw/dot.h"
#include "draw/page.h"
#include "io/atomic_file.h"

extern char** environ;

namespace d2nn::draw {

namespace {

namespace fs = std::filesystem;

void report(diag::Sink& sink, const diag::DiagnosticCode* code, std::string message) {
  sink.report({.code = code, .message = std::move(message), .range = {source::no_file, 0, 0}});
}

std::string read_all(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A folder that goes with everything in it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "d2nn-draw-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }  // empty: it could not be made

 private:
  fs::path path_;
};

/// Starts `dot -Tsvg`, its messages going to a file. The status of waitpid, or -1 and errno when it cannot be started.
int run_dot(const fs::path& input, const fs::path& output, const fs::path& messages) {
  std::string words[] = {"dot", "-Tsvg", "-o" + output.string(), input.string()};
  char* const arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, messages.c_str(), O_WRONLY | O_CREAT, 0600);
  pid_t child = 0;
  const int started = posix_spawnp(&child, "dot", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (started == 0) {
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }
  errno = started;
  return -1;
}

/// Empty after an error.
std::string svg_of(const std::string& dot, diag::Sink& sink) {
  const ScratchFolder folder;
  const fs::path input = folder.path() / "graph.dot";
  const fs::path output = folder.path() / "graph.svg";
  const fs::path messages = folder.path() / "messages";
  if (folder.path().empty() || !(std::ofstream(input, std::ios::binary) << dot << std::flush)) {
    report(sink, diag::code("E0806"),
           "cannot write into the folder of temporary files: " + std::string(std::strerror(errno)));
    return "";
  }
  const int status = run_dot(input, output, messages);
  if (status == -1) {
    report(sink, diag::code("E0817"),
           errno == ENOENT ? "Graphviz' `dot` is not installed; install the package graphviz, or write a .dot file"
                           : "Graphviz' `dot` cannot be started: " + std::string(std::strerror(errno)));
    return "";
  }
  std::string svg = read_all(output);
  if (status == 0 && !svg.empty()) return svg;
  std::string said = read_all(messages);
  said.resize(std::min(said.find('\n'), said.size()));
  report(sink, diag::code("E0817"),
         "Graphviz' `dot` could not draw the network" + (said.empty() ? " and did not say why" : ": " + said));
  return "";
}

/// The value of the first attribute of that name, or "".
std::string attribute_of(const std::string& text, const std::string& name) {
  const std::size_t begin = text.find(" " + name + "=\"");
  if (begin == std::string::npos) return "";
  const std::size_t value = begin + name.size() + 3;
  return text.substr(value, text.find('"', value) - value);
}

/// The middle of the node that a part of an SVG draws, as text; empty when it has no simple shape or several columns.
std::string middle_of(const std::string& part) {
  if (part.find("<polygon") != part.rfind("<polygon") || part.find("<polyline") != std::string::npos) return "";
  if (part.find("<path") != std::string::npos) return "";  // an edge
  const std::string centre = attribute_of(part, "cx");
  if (!centre.empty()) return centre;
  std::istringstream points(attribute_of(part, "points"));
  double least = 0;
  double greatest = 0;
  bool any = false;
  for (std::string point; points >> point; any = true) {
    const double x = std::strtod(point.c_str(), nullptr);
    least = any ? std::min(least, x) : x;
    greatest = any ? std::max(greatest, x) : x;
  }
  if (!any) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", (least + greatest) / 2);
  return text;
}

/// Graphviz places lines of different sizes by the width they have in its font; the reader's may be another. Centred at
/// the node's middle they stay inside.
std::string with_centred_texts(std::string part) {
  static constexpr std::string_view start = "text-anchor=\"start\" x=\"";
  const std::string middle = middle_of(part);
  if (middle.empty()) return part;
  for (std::size_t found = part.find(start); found != std::string::npos; found = part.find(start, found + 1)) {
    const std::size_t value_end = part.find('"', found + start.size());
    part.replace(found, value_end - found, "text-anchor=\"middle\" x=\"" + middle);
  }
  return part;
}

}  // namespace

bool is_drawing_name(const std::string& path) {
  const std::string extension = fs::path(path).extension().string();
  return extension == ".dot" || extension == ".svg" || extension == ".html";
}

std::string finished_svg(const std::string& svg) {
  static constexpr std::string_view title = "<title>";
  static constexpr std::string_view title_end = "</title>";
  static constexpr std::string_view attribute = " xlink:title=\"";
  std::string result;
  std::size_t at = 0;
  while (at < svg.size()) {
    const std::size_t begin = svg.find(title, at);
    if (begin == std::string::npos) break;
    const std::size_t end = svg.find(title_end, begin) + title_end.size();
    const std::size_t next = std::min(svg.find(title, end), svg.size());
    result += svg.substr(at, begin - at);
    std::string part = svg.substr(end, next - end);
    std::string words;
    for (std::size_t found = part.find(attribute); found != std::string::npos; found = part.find(attribute, found)) {
      const std::size_t close = part.find('"', found + attribute.size());
      if (words.empty()) words = part.substr(found + attribute.size(), close - found - attribute.size());
      part.erase(found, close + 1 - found);
    }
    if (words.empty() && at == 0) {  // the first title is the network's name
      result += svg.substr(begin, end - begin);
    } else if (!words.empty()) {
      result += std::string(title) + words + std::string(title_end);
    }
    result += words.empty() ? part : with_centred_texts(part);
    at = next;
  }
  return result + svg.substr(at);
}

bool draw(const Subject& subject, const std::string& path, diag::Sink& sink) {
  const std::string extension = fs::path(path).extension().string();
  const bool is_page = extension == ".html";
  std::string content = dot_text(subject, is_page ? Purpose::page : Purpose::picture);
  if (extension != ".dot") {
    content = svg_of(content, sink);
    if (content.empty()) return false;
    content = finished_svg(content);
  }
  if (is_page) content = page(subject, content);
  const Status status = io::write_file(path, content);
  if (!status.ok()) report(sink, diag::code("E0806"), status.message());
  return status.ok();
}

}  // namespace d2nn::draw
