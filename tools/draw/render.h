// Drawings as files: DOT text as it is, SVG through Graphviz' `dot`, HTML as one page around the SVG.
#pragma once

#include <string>

#include "graph/graph.h"
#include "paths/paths.h"
#include "status/status.h"

namespace d2nn::draw {

/// Writes the drawing; the file's extension (.dot, .svg, .html) chooses the form. D2NN_INVALID_ARGUMENT: another
/// extension; D2NN_IO_ERROR: unwritable, or Graphviz is missing or fails. The page also lists the paths when there are
/// few.
Status draw(const graph::Program& program, const paths::Analysis& analysis, const std::string& path);

}  // namespace d2nn::draw
