# cmake -DFOLDER=tools/draw -DOUTPUT=page_parts.cpp -P embed_page_parts.cmake
# Writes a C++ file that holds page.css and page.js as raw strings, for draw/page_parts.h.
file(READ ${FOLDER}/page.css css)
file(READ ${FOLDER}/page.js js)
set(cpp "// Made by tools/draw/embed_page_parts.cmake from page.css and page.js.
#include \"draw/page_parts.h\"

namespace d2nn::draw {

const char* const page_style = R\"d2nn_css(${css})d2nn_css\";
const char* const page_script = R\"d2nn_js(${js})d2nn_js\";

}  // namespace d2nn::draw
")
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "@cpp@" @ONLY)
