# What users and compiled executables link: the rooms put together. Laid out in the build tree as in an installation:
#   lib/libd2nn.so               the runtime as a shared library: the C ABI and nothing else is visible
#   lib/d2nn/libd2nn_runtime.a   the same as an archive
#   lib/d2nn/libd2nn_app.a       main() of compiled executables; libd2nn_app_train.a: with training

set(runtime_rooms api exec kernels weights io threads text)
set(app_rooms app_main app datasets images)
set(train_rooms app_main_train app images train_commands train datasets)

function(d2nn_archive target)
  list(TRANSFORM ARGN REPLACE "(.+)" "$<TARGET_OBJECTS:d2nn_\\1>" OUTPUT_VARIABLE objects)
  add_library(${target} STATIC ${objects})
  set_target_properties(${target} PROPERTIES ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/d2nn LINKER_LANGUAGE CXX)
endfunction()

d2nn_archive(d2nn_runtime ${runtime_rooms})
target_include_directories(d2nn_runtime INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)

list(TRANSFORM runtime_rooms REPLACE "(.+)" "$<TARGET_OBJECTS:d2nn_\\1>" OUTPUT_VARIABLE shared_objects)
add_library(d2nn_shared SHARED ${shared_objects})
set_target_properties(d2nn_shared PROPERTIES OUTPUT_NAME d2nn LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_link_libraries(d2nn_shared PRIVATE d2nn_dnnl gomp Threads::Threads)
target_link_options(d2nn_shared PRIVATE -Wl,--exclude-libs,ALL -Wl,--no-undefined)
target_include_directories(d2nn_shared INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)

d2nn_archive(d2nn_app_archive ${app_rooms})
set_target_properties(d2nn_app_archive PROPERTIES OUTPUT_NAME d2nn_app)
d2nn_archive(d2nn_app_train_archive ${train_rooms})
set_target_properties(d2nn_app_train_archive PROPERTIES OUTPUT_NAME d2nn_app_train)

# Headers where an installation has them, so that the build tree serves compiled modules as it is.
add_custom_target(d2nn_headers ALL
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${CMAKE_CURRENT_SOURCE_DIR}/include/d2nn ${CMAKE_BINARY_DIR}/include/d2nn
  COMMENT "Copying the public headers")
