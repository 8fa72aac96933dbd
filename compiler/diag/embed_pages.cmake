# cmake -DFOLDER=docs/errors -DOUTPUT=pages.cpp -P embed_pages.cmake
# Writes a C++ file that holds every page E????.md of FOLDER as a raw string, for diag/explain.h.
file(GLOB pages ${FOLDER}/E[0-9][0-9][0-9][0-9].md)
list(SORT pages)
list(LENGTH pages count)
set(rows "")
foreach(page ${pages})
  get_filename_component(code ${page} NAME_WE)
  file(READ ${page} text)
  string(APPEND rows "    {\"${code}\", R\"d2nn_page(${text})d2nn_page\"},\n")
endforeach()
# std::array of count 0 is allowed, a built-in array is not.
set(cpp "// Made by compiler/diag/embed_pages.cmake from docs/errors.
#include <array>

#include \"diag/explain.h\"

namespace d2nn::diag {

static constexpr std::array<Page, ${count}> all_pages{{
${rows}}};

std::span<const Page> pages() { return all_pages; }

}  // namespace d2nn::diag
")
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "@cpp@" @ONLY)
