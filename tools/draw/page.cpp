#include "draw/page.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "draw/page_parts.h"
#include "graph/print.h"

namespace d2nn::draw {

namespace {

using graph::NodeKind;

constexpr std::size_t paths_on_page = 200;

std::string tag(const char* name, const std::string& content, const std::string& attributes = "") {
  return "<" + std::string(name) + (attributes.empty() ? "" : " " + attributes) + ">" + content + "</" + name + ">";
}

/// A number that the script sorts by `value`.
std::string number_cell(const std::string& text, double value) {
  char sort_key[32];
  std::snprintf(sort_key, sizeof sort_key, "%.9g", value);
  return tag("td", text, "class=\"n\" data-v=\"" + std::string(sort_key) + "\"");
}

std::string cost_cell(std::int64_t cost) {
  return number_cell(graph::grouped(cost), static_cast<double>(cost));
}

std::int64_t parameter_count(const graph::Program& program, const graph::Node& node) {
  std::int64_t count = 0;
  for (const graph::Op& op : node.ops) {
    for (const graph::ParamId id : op.parameters) count += program[id].shape.elements();
  }
  return count;
}

std::string layers_text(const graph::Node& node) {
  std::string text;
  for (const graph::Op& op : node.ops) text += (text.empty() ? "" : ", ") + layer_text(op);
  return text;
}

std::string nodes_table(const Subject& subject) {
  const Frequencies* const traced = subject.frequencies;
  const std::vector<double> shares = cost_shares(subject);
  std::string html =
      "<table class=\"sortable\" id=\"nodes\"><thead><tr><th>node</th><th>kind</th><th>shape</th><th>layers</th>"
      "<th class=\"n\">parameters</th><th class=\"n\">multiplications</th><th class=\"n\">" +
      std::string(traced ? "share of mean cost" : "share of greatest cost") + "</th>";
  if (traced) html += "<th class=\"n\">samples</th><th class=\"n\">of all</th>";
  html += "</tr></thead>\n<tbody>";
  for (std::uint32_t i = 0; i < subject.program.nodes.size(); ++i) {
    const graph::Node& node = subject.program.nodes[i];
    std::string row =
        tag("td", tag("b", xml_escaped(node.name)) +
                      (node.doc.empty() ? "" : "<br>" + tag("span", xml_escaped(node.doc), "class=\"doc\"")));
    row += tag("td", std::string(graph::spelling(node.kind))) + tag("td", shape_text(node.shape)) +
           tag("td", xml_escaped(layers_text(node))) + cost_cell(parameter_count(subject.program, node)) +
           cost_cell(node.cost) + number_cell(node.cost > 0 ? percent(shares[i]) : "", shares[i]);
    if (traced) {
      row += cost_cell(static_cast<std::int64_t>(traced->nodes[i])) +
             number_cell(percent(traced->share(traced->nodes[i])), traced->share(traced->nodes[i]));
    }
    html += tag("tr", row, "data-node=\"" + std::to_string(i) + "\"") + "\n";
  }
  return html + "</tbody></table>\n";
}

/// One row of the table of paths. `more`: further cells.
std::string path_row(const graph::Program& program, const std::vector<graph::NodeId>& controls,
                     const paths::Decisions& decisions, std::int64_t cost, const std::string& more) {
  std::string row;
  std::string key;
  for (std::size_t i = 0; i < controls.size(); ++i) {
    row += tag("td", decisions[i] ? xml_escaped(program[controls[i]].actions[*decisions[i]].name) : "–");
    key += (i > 0 ? "," : "") + (decisions[i] ? std::to_string(*decisions[i]) : std::string());
  }
  return tag("tr", row + more + cost_cell(cost), "tabindex=\"0\" data-decisions=\"" + key + "\"") + "\n";
}

std::string paths_table(const Subject& subject) {
  const graph::Program& program = subject.program;
  const Frequencies* const traced = subject.frequencies;
  const auto controls = graph::nodes_of(program, NodeKind::control);
  const std::size_t known = traced ? traced->paths.size() : subject.analysis.paths ? subject.analysis.paths->size() : 0;
  if (known == 0 || controls.empty()) return "";
  std::string html = "<h2>" + std::string(traced ? "Paths of the trace" : "Paths") + "</h2>\n";
  if (known > paths_on_page) {
    html += "<p>" + std::string(traced ? "The most frequent " : "The first ") + std::to_string(paths_on_page) + " of " +
            graph::grouped(static_cast<std::int64_t>(known)) + ".</p>\n";
  }
  html += "<div class=\"scroll\"><table class=\"sortable\" id=\"paths\"><thead><tr>";
  for (const graph::NodeId control : controls) html += tag("th", xml_escaped(program[control].name));
  html += traced ? "<th class=\"n\">samples</th><th class=\"n\">of all</th>" : "<th>executed</th>";
  html += "<th class=\"n\">multiplications</th></tr></thead>\n<tbody>";
  for (std::size_t i = 0; i < std::min(known, paths_on_page); ++i) {
    if (traced) {
      const Frequencies::TracedPath& path = traced->paths[i];
      const double share = traced->share(path.samples);
      html += path_row(program, controls, path.decisions, path.cost,
                       cost_cell(static_cast<std::int64_t>(path.samples)) + number_cell(percent(share), share));
    } else {
      const paths::Path& path = (*subject.analysis.paths)[i];
      std::string executed;
      for (const graph::NodeId node : path.executed) executed += (executed.empty() ? "" : " ") + program[node].name;
      for (const graph::NodeId output : path.null_outputs) executed += " (" + program[output].name + " null)";
      html += path_row(program, controls, path.decisions, path.cost, tag("td", xml_escaped(executed)));
    }
  }
  return html + "</tbody></table></div>\n";
}

/// JSON inside a script element: no text of the program may end the element.
std::string script_json(const nlohmann::ordered_json& json) {
  std::string text;
  for (const char c : json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

/// Documentation, which an empty line divides.
std::string paragraphs(const std::string& doc) {
  std::string html;
  for (std::size_t begin = 0; begin < doc.size();) {
    const std::size_t end = std::min(doc.find("\n\n", begin), doc.size());
    html += tag("p", xml_escaped(doc.substr(begin, end - begin)), "class=\"doc\"") + "\n";
    begin = end + 2;
  }
  return html;
}

std::string summary(const Subject& subject) {
  std::string text = paths_text(subject.analysis) + " for one sample.";
  if (const Frequencies* traced = subject.frequencies) {
    text += " Trace: " + graph::grouped(static_cast<std::int64_t>(traced->samples)) +
            (traced->samples == 1 ? " sample, " : " samples, ") + graph::grouped(std::llround(traced->mean_cost)) +
            " multiplications on average, " + graph::grouped(static_cast<std::int64_t>(traced->paths.size())) +
            (traced->paths.size() == 1 ? " path taken." : " different paths taken.");
  }
  return text;
}

std::string legend(const Subject& subject) {
  const std::vector<double> shares = cost_shares(subject);
  const double largest = shares.empty() ? 0 : *std::max_element(shares.begin(), shares.end());
  std::string html = "<p class=\"legend\">";
  for (const std::string& words : legend_words(subject.program)) html += tag("span", words);
  if (largest > 0) {
    html += "<span>share of the " + std::string(subject.frequencies ? "mean" : "greatest") + " cost: 0 %";
    for (int step = 0; step <= deepest_shade; step += 2)
      html += "<i class=\"swatch shade" + std::to_string(step) + "\"></i>";
    html += percent(largest) + "</span>";
  }
  if (subject.frequencies) html += "<span>lines as wide as often taken; runs: share of samples</span>";
  return html + "</p>\n";
}

}  // namespace

std::string page(const Subject& subject, const std::string& svg) {
  const std::string name = xml_escaped(subject.program.name);
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">" +
      tag("title", name) + "\n<style>" + page_style + "</style></head>\n<body>\n" + tag("h1", name) + "\n";
  html += paragraphs(subject.program.doc);
  html += tag("p", summary(subject)) + "\n";
  html +=
      "<div id=\"tools\" hidden><span id=\"presets\"></span><button id=\"clear\">whole network</button>"
      "<button id=\"closer\" title=\"closer\">+</button><button id=\"farther\" title=\"farther\">−</button>"
      "<button id=\"fit\">fit</button><output id=\"taken\">Click an action, or a row of the paths, to see what is "
      "executed.</output></div>\n";
  html += "<div id=\"stage\"><div id=\"drawing\">\n" + svg.substr(std::min(svg.find("<svg"), svg.size())) +
          "</div><aside id=\"side\" hidden><div id=\"details\"></div><div id=\"decisions\"></div></aside></div>\n" +
          legend(subject);
  html += paths_table(subject) + "<h2>Nodes</h2>\n<div class=\"scroll\">" + nodes_table(subject) + "</div>\n";
  html += "<script type=\"application/json\" id=\"network\">" + script_json(page_data(subject)) + "</script>\n";
  return html + "<script>" + page_script + "</script>\n</body></html>\n";
}

}  // namespace d2nn::draw
