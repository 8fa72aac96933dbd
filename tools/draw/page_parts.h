// The style sheet and the script of the HTML page, embedded from page.css and page.js so that the page needs no other
// file.
#pragma once

namespace d2nn::draw {

extern const char* const page_style;
extern const char* const page_script;

}  // namespace d2nn::draw
