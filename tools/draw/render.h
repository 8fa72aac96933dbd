// Drawings as files: DOT text as it is, SVG through Graphviz' `dot`, HTML as one page around the SVG.
#pragma once

#include <string>

#include "diag/diagnostic.h"
#include "draw/node_text.h"

namespace d2nn::draw {

/// True when the name ends as one of the forms does: .svg, .dot, .html.
bool is_drawing_name(const std::string& path);

/// Writes the drawing in the form that the name's end says; it must be one of them. E0806: it cannot be written; E0817:
/// Graphviz is missing or fails. False when the sink has errors; nothing is written then.
bool draw(const Subject& subject, const std::string& path, diag::Sink& sink);

/// Finishes what `dot` wrote. Its own names of nodes and edges stand as the <title> of every part; the texts of the
/// tooltips go there, which is what viewers show. Lines of nodes are centred whatever font the viewer has.
std::string finished_svg(const std::string& svg);

}  // namespace d2nn::draw
