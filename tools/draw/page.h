// The HTML page of `d2nn graph`: one file without links to others. The drawing can be zoomed and moved, nodes tell
// their layers, and a choice of actions lights up the path that is taken and says what it costs. Without a script what
// stands there are the drawing and the tables.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "draw/node_text.h"

namespace d2nn::draw {

/// The page around an SVG as `dot` makes it of dot_text(subject, Purpose::page).
std::string page(const Subject& subject, const std::string& svg);

/// What the script knows of the network: nodes with layers, inputs, actions; edges; the order of execution; with a
/// trace frequencies; decisions that give the least and the greatest cost where the paths are listed.
nlohmann::ordered_json page_data(const Subject& subject);

}  // namespace d2nn::draw
