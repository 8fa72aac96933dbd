# Every library that the project uses, found once. All are Debian packages; tools/setup installs them.
# Each becomes one imported target, linked by exactly the room that may use it (docs/architecture.md).

find_package(LLVM 19.1 REQUIRED CONFIG)  # the shared libLLVM; never llvm_map_components_to_libnames, which gives archives
find_package(antlr4-runtime REQUIRED)
find_program(ANTLR4_EXECUTABLE antlr4 REQUIRED)
find_package(doctest REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(LibArchive REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Threads REQUIRED)

# find_package(dnnl) needs OpenCL headers that Debian only recommends; the library itself does not.
find_library(DNNL_LIBRARY dnnl REQUIRED)
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
add_library(d2nn_dnnl UNKNOWN IMPORTED)
set_target_properties(d2nn_dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})

find_library(BDD_LIBRARY bdd REQUIRED)
find_path(BDD_INCLUDE_DIR bdd.h REQUIRED)
add_library(d2nn_bdd UNKNOWN IMPORTED)
set_target_properties(d2nn_bdd PROPERTIES IMPORTED_LOCATION ${BDD_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${BDD_INCLUDE_DIR})

# The linker of the LLVM we build against: plain -fuse-ld=lld may find an older one.
if(EXISTS ${LLVM_INSTALL_PREFIX}/bin/ld.lld)
  add_link_options(-B${LLVM_INSTALL_PREFIX}/bin -fuse-ld=lld)
endif()
